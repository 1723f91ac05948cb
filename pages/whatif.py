"""What if: the process model under other practices and weather, beside the usual practice and the emulator."""

import streamlit as st

from agroflux.ui import controls, region, show, whatif
from agroflux.ui import whatif_panels as panels

show.title(
    "What if",
    "Less nitrogen, no tillage, a warmer year: what it would change in N₂O, carbon and yield. "
    "Pick counties, set up to three scenarios, and run the process model.",
)


def page() -> None:
    """Scenarios, the run, the emulated answer and the trade-off."""
    panels.banner()

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
        return
    if not changes:
        show.empty("All scenarios are as usual.", "Change at least one lever above to compare with the baseline.")

    reason = whatif.hindrance()
    if reason:
        show.empty(f"The process model cannot run here: {show.plain(reason)}.", "The emulated answer below remains.")
    elif refused := whatif.refused(ask):
        show.empty("The process model cannot run these scenarios.", show.plain(refused))
    else:
        whatif.controls_of("scenarios", ask, "Simulate")
        done = whatif.job("scenarios")
        if done is not None:
            if done[0] != ask:
                show.empty("The result below belongs to an earlier choice.", "Simulate again to bring it up to date.")
            with show.guard("The result"):
                panels.failures(done[1], names)
                panels.results(*done, names)

    st.subheader("Emulated answer", anchor=False)
    st.caption("By a neural network that learned from runs of the process model: it answers at once, and less exactly.")
    if not model:
        show.empty("No trained model is installed that can answer.", "Make one with agroflux train.")
    else:
        with show.guard("The emulated answer"):
            panels.emulated(model, ask, whatif.job("scenarios"))

    if not reason:
        st.subheader("Trade-off between yield and N₂O", anchor=False)
        st.caption(
            "The usual practice at six nitrogen rates, simulated for counties, years and soil model picked above."
        )
        whatif.controls_of("rates", ask, "Run the rates")
        curve = whatif.job("rates")
        if curve is not None:
            # The scenarios do not matter here: the curve stands on the usual practice alone.
            if curve[0].rates != ask.rates:
                show.empty(
                    "The curve below belongs to an earlier choice.", "Run the rates again to bring it up to date."
                )
            with show.guard("The trade-off"):
                panels.failures(curve[1], names)
                panels.trade_off(*curve, names)


page()
