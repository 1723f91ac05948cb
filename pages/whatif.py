"""What if: the process model under other practices and weather, beside the usual practice and the emulator."""

import streamlit as st

from agroflux.ui import controls, region, show, taught, whatif
from agroflux.ui import whatif_panels as panels

show.title(
    "What if",
    "Less nitrogen, no tillage, a warmer year: what it would change in N₂O, carbon and yield. "
    "Pick counties, set up to three scenarios, and run the process model.",
)


def page() -> None:
    """Scenarios, the run, the emulated answer and the trade-off."""
    panels.banner()
    told = st.container()  # the emulator's own banner, which depends on what is picked further down
    names = whatif.names()
    with controls.row():
        years = whatif.years()
        soil = whatif.soil_model()
        model = whatif.model(soil)

    chosen = region.pick(names)

    st.subheader("Scenarios", anchor=False)
    changes = whatif.scenarios()
    panels.from_file()
    ask = whatif.Ask(tuple(chosen), years, changes, soil)

    if not chosen:
        show.empty("No county is picked yet.", "Click the map, or press a state or All above it.")
    elif not changes:
        show.empty("All scenarios are as usual.", "Change at least one lever above to compare with the baseline.")

    reason = whatif.hindrance()
    simulated(ask, names, reason)
    if chosen:
        emulated(ask, model)
    if not reason:
        trade_off(ask, names)
    learned = taught.beside([], [model] if chosen and model else [])
    with told:
        show.banner(learned)
    show.sources(learned)


def simulated(ask: whatif.Ask, names: dict[str, str], reason: str) -> None:
    """The run of the scenarios, and what it or the last one gave: that stays whatever is picked since."""
    refused = "" if reason else whatif.refused(ask)
    if reason and ask.sites:
        show.empty(f"The process model cannot run here: {show.plain(reason)}.", "The emulated answer below remains.")
    elif refused:
        show.empty("The process model cannot run these scenarios.", show.plain(refused))
    can_start = bool(ask.sites) and not reason and not refused
    whatif.controls_of("scenarios", ask, "Simulate", can_start=can_start)
    done = whatif.job("scenarios")
    if done is None:
        return
    if done[0] != ask:
        way_out = "Simulate again to bring it up to date." if can_start else ""
        show.empty("The result below belongs to an earlier choice.", way_out)
    with show.guard("The result"):
        panels.failures(done[1], names)
        panels.results(*done, names)


def emulated(ask: whatif.Ask, model: str) -> None:
    """The emulator's answer, which needs no run."""
    st.subheader("Emulated answer", anchor=False)
    st.caption("By a neural network that learned from runs of the process model: it answers at once, and less exactly.")
    if not model:
        show.empty("No trained model is installed that can answer.", "Make one with agroflux train.")
        return
    with show.guard("The emulated answer"):
        panels.emulated(model, ask, whatif.job("scenarios"))


def trade_off(ask: whatif.Ask, names: dict[str, str]) -> None:
    """The run of the nitrogen rates, and the curve that it or the last one gave."""
    curve = whatif.job("rates")
    if not ask.sites and curve is None:
        return
    st.subheader("Trade-off between yield and N₂O", anchor=False)
    st.caption("The usual practice at six nitrogen rates, simulated for counties, years and soil model picked above.")
    whatif.controls_of("rates", ask, "Run the rates", can_start=bool(ask.sites))
    if curve is None:
        return
    # The scenarios do not matter here: the curve stands on the usual practice alone.
    if curve[0].rates != ask.rates:
        way_out = "Run the rates again to bring it up to date." if ask.sites else ""
        show.empty("The curve below belongs to an earlier choice.", way_out)
    with show.guard("The trade-off"):
        panels.failures(curve[1], names)
        panels.trade_off(*curve, names)


page()
