"""Which crop stands behind a run of the page "Run on a region": corn and soybean years are told, or kept apart.

Counties alternate between the two crops, half of them in each year, and the crops differ several-fold: a map of one
year shows the crop before the place.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from agroflux.data import summary
from agroflux.data.calendar_days import years_text
from agroflux.ui import region

if TYPE_CHECKING:
    import pandas as pd

#: Head of the column that tells the years of corn; all others are of soybean.
CORN_IN = "Corn in"


def of(done: region.Result, variable: str, crop: str) -> region.Result:
    """The run as it is shown: ``variable`` alone, without the years in which another crop than ``crop`` grew."""
    runs = {model: ds[[variable]] for model, ds in done.runs.items()}
    if crop != "both" and done.corn is not None:
        runs = {model: summary.of_crop(ds, done.corn, crop) for model, ds in runs.items()}
    return replace(done, runs=runs, crop=crop)


def none_grown(done: region.Result) -> bool:
    """Whether a shown run holds no year at all of its crop."""
    if done.corn is None or done.crop == "both":
        return False
    return not (done.corn == float(done.crop == "corn")).to_numpy().any()


def column(done: region.Result, sites: "pd.Series") -> "pd.Series | None":
    """For each of ``sites`` the years in which it grows corn, in words; None where the data tell no crop."""
    if done.corn is None:
        return None
    years = done.corn.eq(1.0).apply(lambda row: years_text(row.index[row]) or "none", axis=1)
    return sites.map(years)


def counties(done: region.Result) -> str:
    """The counties behind a mean, in words: of one crop's years they differ from year to year."""
    if done.crop != "both":
        return f"the counties that grow {done.crop}"
    return f"{len(done.ask.sites)} counties"


def note(done: region.Result) -> str:
    """What a reader of both crops together must know; empty where every county has as many years of each."""
    if done.corn is None or done.crop != "both":
        return ""
    surplus = done.corn.eq(1.0).sum(axis=1) - done.corn.eq(0.0).sum(axis=1)  # of years of corn
    more, less = int((surplus > 0).sum()), int((surplus < 0).sum())
    remedy = "choose the years of one crop" + (", or an even number of years." if len(done.ask.years) > 1 else ".")
    if more and less:
        many = "grow corn" if len(done.ask.years) == 1 else "have more years of corn than of soybean"
        fewer = "soybean" if len(done.ask.years) == 1 else "fewer"
        return (
            f"In {years_text(done.ask.years)} {more} of these counties {many}, {less} {fewer}: they differ by crop "
            f"before they differ by place. To compare places, {remedy}"
        )
    if more or less:
        which = "corn" if more else "soybean"
        only = "of" if len(done.ask.years) == 1 else "mostly of"
        return f"These are years {only} {which}: for a mean of the rotation choose an even number of years."
    return ""
