"""What the page "What if" tells in words of a result: each scenario's change, how years differ, which crop leads."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from agroflux.figures.theme import pretty
from agroflux.simulation import effects, whatif
from agroflux.simulation.effects import MEASURES
from agroflux.simulation.whatif import USUAL
from agroflux.ui import show
from agroflux.ui import whatif as page
from agroflux.ui.whatif import Ask

if TYPE_CHECKING:
    import pandas as pd

#: What is told of a scenario in words, and whether its change is told in percent too: that of a change means little.
_TOLD = {"n2o": True, "corn_yield": True, "soybean_yield": True, "delta_soc": False}
_CROPS = ("corn", "soybean")


def legend(ask: Ask, table: "pd.DataFrame") -> None:
    """What was run, and in words what each scenario changes.

    ``table``: :func:`agroflux.simulation.effects.yearly` with the names of :attr:`Ask.names` for labels.
    """
    usual = f"the usual practice, {whatif.usual_rate(USUAL):g} kg N ha⁻¹ to corn"
    st.caption(f"**Baseline:** {usual}. Soil model of all runs: {page.SOILS[ask.soil_model]}.")
    means = effects.means(table)
    columns = st.columns(len(ask.changes), gap="medium")
    for column, (number, change) in zip(columns, ask.changes, strict=True):
        name = ask.names[change.label()]
        found = [told(table, means, name, key) for key in _TOLD] if name == f"Scenario {number}" else [f"As {name}"]
        lines = [f"**Scenario {number}:** {show.plain(page.said(change))}", "", *(f"- {one}" for one in found if one)]
        column.markdown("\n".join(lines))
    st.caption(_reading(ask))
    lean(table)


def _reading(ask: Ask) -> str:
    """How the differences and their brackets are to be read: none before the first crop comes back, in year three."""
    years = ask.years[1] - ask.years[0] + 1
    if years < 3:
        when = "in one year" if years == 1 else "means of counties and years"
        return f"Differences from the baseline, {when}; four years or more show how much the weather decides."
    return (
        "Differences from the baseline, means of counties and years. In brackets, crop by crop, the lowest and the "
        "highest year (of several counties the mean of each one's own): how much the weather decides, with what "
        "earlier years left in the soil, and not how wrong the process model may be. For that, run the other soil "
        "model too: on N₂O the two differ by a factor of two in the mean of the region, and by more in single counties."
    )


def told(table: "pd.DataFrame", means: "pd.DataFrame", name: str, key: str) -> str:
    """``Corn yield: +0.53 t ha⁻¹, +6 % (+0.35 to +0.79)``; empty where there is nothing to compare."""
    base, change = means.loc["Baseline", key], means.loc[name, key] - means.loc["Baseline", key]
    if math.isnan(change):  # a crop that grew in no year
        return ""
    measure = MEASURES[key]
    share = 100 * change / base if _TOLD[key] and base else math.nan
    found = f"{_signed(change)} {pretty(measure.unit)}"
    if not math.isnan(share):
        found = "changes by less than 0.5 %" if abs(share) < 0.5 else f"{found}, {_signed(share, '+.0f')} %"
    return f"{show.written(measure.label).partition(' (')[0]}: {found}{_ends(table, name, key)}"


def _ends(table: "pd.DataFrame", name: str, key: str) -> str:
    """`` (corn years -2.7 to -1.9, soybean years -0.63 to -0.06)``; empty where no crop grew in two years.

    Never over both crops: they take turns, so that lowest and highest would tell the crop, not the weather.
    """
    found = {crop: _reach(table, name, key, crop) for crop in _CROPS}
    said = {crop: f"{_signed(ends[0])} to {_signed(ends[1])}" for crop, ends in found.items() if ends}
    one = key.removesuffix("_yield") in _CROPS  # its name tells the crop
    text = ", ".join(ends if one else f"{crop} years {ends}" for crop, ends in said.items())
    return f" ({text})" if text else ""


def _reach(table: "pd.DataFrame", name: str, key: str, crop: str) -> tuple[float, float] | None:
    """Lowest and highest difference among the years in which ``crop`` grew; None where no county has two of them.

    Of several counties the mean of each one's own: they may grow the crop in other years, and differ by more than that.
    """
    grown = table[table["crop"] == crop].set_index(["site", "year"])
    base, other = (grown.loc[grown["label"] == label, key] for label in ("Baseline", name))
    ends = (other - base).dropna().groupby("site").agg(["min", "max", "count"])
    ends = ends[ends["count"] > 1]
    return None if ends.empty else (float(ends["min"].mean()), float(ends["max"].mean()))


def _signed(value: float, form: str = "+.2g") -> str:
    whole = abs(value) >= 10  # never 1e+02
    return f"{value:{'+.0f' if whole else form}}".replace("-", "\u2212") if abs(value) >= 0.0005 else "0"


def lean(table: "pd.DataFrame") -> None:
    """Says of which crop there are more years in the means, where there are."""
    if text := leaning(table):
        st.caption(text)


def leaning(table: "pd.DataFrame") -> str:
    """Of which crop the means have more years, in words; empty where both have as many.

    A change acts on the crops in other ways: over an odd number of years its mean is not that of the rotation.
    """
    crops = table.drop_duplicates(["site", "year"])["crop"]
    corn, soybean = (int((crops == crop).sum()) for crop in _CROPS)
    if corn == soybean:
        return ""
    more, most = ("corn", corn) if corn > soybean else ("soybean", soybean)
    way_out = "an even number of years has both crops alike"
    if most == len(crops):
        return f"Only {more} grew: this is not the mean of the rotation; {way_out}."
    where = "years" if table["site"].nunique() == 1 else "years of the counties"
    return f"{most} of {len(crops)} {where} grew {more}: means of both crops lean to it; {way_out}."
