"""Tables of the page "What if" as files that can be read alone: units, what was changed, where, when and by what."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agroflux.simulation.effects import MEASURES
from agroflux.simulation.whatif import USUAL, Change, usual_rate
from agroflux.ui import taught, whatif_emulator
from agroflux.ui import whatif as page
from agroflux.ui.whatif import Ask

if TYPE_CHECKING:
    import pandas as pd

_HEADS = {key: f"{key} [{measure.unit}]" for key, measure in MEASURES.items()}


def stem(ask: Ask, what: str) -> str:
    """Name of a file on ``what``, without suffix: another for other years or another soil model."""
    return f"whatif-{what}-{page.span(*ask.years)}-{ask.soil_model}"


def emulated_stem(ask: Ask, model: str) -> str:
    """Name of the file of the emulated answer, without suffix: its soil model is the one that ``model`` learned."""
    return f"whatif-emulated-{page.span(*ask.years)}-{model}"


def yearly(ask: Ask, table: "pd.DataFrame") -> "pd.DataFrame":
    """Years and counties for a file. ``table``: as in :func:`agroflux.ui.whatif_told.legend`."""
    return _changed(table.rename(columns=_HEADS), ask, "label").assign(**_provenance(ask))


def curve(ask: Ask, counties: Sequence[str], found: "pd.DataFrame") -> "pd.DataFrame":
    """The trade-off for a file: means of ``counties`` and years. ``found``: the curve of effects.TradeOff."""
    heads = _HEADS | {"rate": "n_rate_kg_n_ha", "scaled": "n2o_per_grain [kg N t-1]"}
    filed = found.reset_index().rename(columns=heads)
    filed["change"] = [Change(n_rate=rate).label() for rate in found.index]
    return filed.assign(sites=_listed(counties), **_provenance(ask))


def emulated(ask: Ask, model: str, frame: "pd.DataFrame") -> "pd.DataFrame":
    """The emulated answer for a file: means of counties and years. ``frame``: as the page shows it.

    Its soil model is the one that the emulator learned from: where runs stand beside it, they have the same.
    """
    told = {
        "sites": _listed(ask.sites),
        "model": model,
        "soil_model": _listed(whatif_emulator.soil_models(model)) or "unknown",
        "years": page.span(*ask.years),
        "synthetic": "yes" if taught.synthetic(model) else "no",
    }
    return _changed(frame, ask, "Scenario").assign(**told)


def _changed(table: "pd.DataFrame", ask: Ask, column: str) -> "pd.DataFrame":
    """``table`` with what each scenario, named in ``column``, changes, and with its nitrogen rate."""
    changes = {ask.names[change.label()]: change for change in (USUAL, *(change for _, change in ask.changes))}
    return table.assign(
        change=[changes[name].label() for name in table[column]],
        n_rate_kg_n_ha=[usual_rate(changes[name]) for name in table[column]],
    )


def _provenance(ask: Ask) -> dict[str, str]:
    """What a table does not say by itself, for a column each of its file; named as in the files of other pages."""
    return {"soil_model": ask.soil_model, "years": page.span(*ask.years), "simulated": "yes"}


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names)
