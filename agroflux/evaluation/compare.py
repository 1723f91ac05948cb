"""Series side by side: aligned on common days, aggregated, accumulated, scored.

Everything works on one table: a ``pandas.DataFrame`` with the index ``(site, time)`` and one column a
source (a simulator, a baseline, an observation). A day that a source does not hold is NaN. A calendar
without 29 February therefore meets a standard one without a special case: that day is simply not common.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.data import summary
from agroflux.errors import SelectionError
from agroflux.evaluation import metrics
from agroflux.schema import Variable

Aggregation = Literal["daily", "weekly", "monthly", "annual"]
AGGREGATIONS: tuple[Aggregation, ...] = ("daily", "weekly", "monthly", "annual")

#: Share of a period's days (weeks start on Monday) that a mean or a total needs; below it is NaN.
COVERAGE = 0.8
#: Days in a year total, leap years included, so that both calendars give comparable years.
YEAR_DAYS = 365
#: Share of the sites that a mean over sites needs on a day.
SITE_SHARE = 0.5
#: A day counts as measured when at least this share of its half-hours was (``*_qc``).
MEASURED = 0.5
#: Columns of a score table after ``source`` and ``site``.
METRICS = ("n", "r2", "rmse", "mae", "bias", "nse", "kge")

_PERIOD = {"weekly": "W-SUN", "monthly": "M", "annual": "Y"}
_STEP = {"daily": "D", "weekly": "W-MON", "monthly": "MS", "annual": "YS"}
#: Any year of 365 days: the axis of a seasonal cycle.
_SEASON_YEAR = 2001


def table(arrays: Mapping[str, xr.DataArray]) -> pd.DataFrame:
    """Join arrays over ``(site, time)`` or ``(site, year)`` into one table, NaN where a source has no value.

    A year becomes its first of January. Sites and days are the union over all sources, sorted.
    Raises SelectionError when an array still has another dimension (a scenario that was not chosen).
    """
    columns = {name: _column(name, array) for name, array in arrays.items()}
    if not columns:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], pd.DatetimeIndex([])], names=["site", "time"]))
    return pd.concat(columns, axis=1).sort_index()


def _column(name: str, array: xr.DataArray) -> pd.Series:
    when = "year" if "year" in array.dims else "time"
    if set(array.dims) != {"site", when}:
        raise SelectionError(f"{name}: expected one series a site over time, got dimensions {tuple(array.dims)}")
    array = array.transpose("site", when)
    times = array[when].to_numpy()
    if when == "year":
        times = np.array([f"{int(year)}-01-01" for year in times], dtype="datetime64[D]")
    days = pd.DatetimeIndex(times).as_unit("s").normalize()
    index = pd.MultiIndex.from_product([array["site"].to_numpy().astype(str), days], names=["site", "time"])
    return pd.Series(np.asarray(array.to_numpy(), dtype=float).ravel(), index=index, name=name)


def common(frame: pd.DataFrame, reference: str) -> tuple[pd.DataFrame, list[str]]:
    """Rows on which the reference and every source that overlaps it have a value, and who was left out.

    A source without a single day in common with the reference is dropped and named, rather than
    emptying the comparison for all others.
    """
    if reference not in frame:
        raise SelectionError(f"there is no {reference!r} to compare with; have: {', '.join(map(str, frame.columns))}")
    known = frame[frame[reference].notna()]
    left_out = [str(c) for c in frame.columns if c != reference and not known[c].notna().any()]
    kept = known.drop(columns=left_out).dropna()
    return kept, left_out


def aggregate(frame: pd.DataFrame, how: Aggregation, *, year: float = 1.0, coverage: float = COVERAGE) -> pd.DataFrame:
    """Means over days, weeks (from Monday), months or years for each site, at the period's first day.

    A period with less than ``coverage`` of its days is NaN; periods without any value are left out.
    ``year`` is what a year's mean is multiplied by: see :func:`yearly`.
    """
    if how == "daily" or frame.empty:
        return frame
    period = _time(frame).to_period(_PERIOD[how])
    site = frame.index.get_level_values("site")
    grouped = frame.groupby([site, period])
    means, counts = grouped.mean(), grouped.count()
    at = pd.PeriodIndex(means.index.get_level_values(1))
    days = ((at.end_time.normalize() - at.start_time.normalize()).days + 1).to_numpy()
    kept = means.where(counts.ge(coverage * days[:, None]))
    if how == "annual":
        kept = kept * year
    starts = pd.DatetimeIndex(at.start_time).as_unit("s")
    kept.index = pd.MultiIndex.from_arrays([means.index.get_level_values(0), starts], names=["site", "time"])
    return kept.dropna(how="all")


def yearly(variable: Variable) -> float:
    """Factor from the mean of a year's days to its value in :func:`unit`: of a flux 365 days, of a state 1."""
    return YEAR_DAYS * summary.per_year(variable.unit) if variable.flux else 1.0


def fewest(frame: pd.DataFrame) -> int:
    """Sites behind the line of :func:`site_mean` where they are fewest, of the steps that have a mean."""
    sites = frame.index.get_level_values("site").nunique()
    counts = frame.groupby(level="time").count().to_numpy()
    return int(counts[(counts > 0) & (counts >= SITE_SHARE * sites)].min(initial=sites))


def site_mean(frame: pd.DataFrame, share: float = SITE_SHARE) -> pd.DataFrame:
    """Mean over sites, index ``time``; NaN where fewer than ``share`` of the sites have a value."""
    sites = frame.index.get_level_values("site").nunique()
    if sites <= 1:
        return frame.droplevel("site")
    grouped = frame.groupby(level="time")
    return grouped.mean().where(grouped.count() >= share * sites)


def regular(frame: pd.DataFrame, how: Aggregation) -> pd.DataFrame:
    """``frame`` (index ``time``) with a row of NaN for every missing period, so that a line breaks there.

    29 February is not inserted: a calendar without it has no gap there.
    """
    if len(frame) < 2:
        return frame
    every = pd.date_range(frame.index[0], frame.index[-1], freq=_STEP[how]).as_unit("s")
    leap = (every.month == 2) & (every.day == 29) & ~every.isin(frame.index)
    return frame.reindex(every[~leap] if how == "daily" else every).rename_axis("time")


def seasonal(frame: pd.DataFrame, how: Aggregation) -> pd.DataFrame:
    """Mean seasonal cycle over sites and years: index ``time`` within one nominal year of 365 days.

    Rows are days, weeks (of seven days from 1 January) or months; one without any value is NaN, so that a line
    breaks there. 29 February is left out.
    """
    time = _time(frame)
    frame = frame[~((time.month == 2) & (time.day == 29))]
    time = _time(frame)
    nominal = pd.DatetimeIndex(
        [f"{_SEASON_YEAR}-{month:02d}-{day:02d}" for month, day in zip(time.month, time.day, strict=True)]
    )
    first = pd.Timestamp(_SEASON_YEAR, 1, 1)
    every = pd.date_range(first, periods=365, freq="D")
    if how == "weekly":
        nominal = first + pd.to_timedelta((nominal - first).days // 7 * 7, unit="D")
        every = every[::7]
    elif how in ("monthly", "annual"):
        nominal = nominal.to_period("M").start_time
        every = pd.date_range(first, periods=12, freq="MS")
    means = frame.groupby(pd.DatetimeIndex(nominal).as_unit("s").rename("time")).mean()
    return means.reindex(every.as_unit("s").rename("time"))


def cumulative(frame: pd.DataFrame, *, restart: bool = True) -> pd.DataFrame:
    """Running total of daily fluxes [unit d-1 -> unit], mean over sites; from zero each 1 January if ``restart``.

    Give it common days only: a day missing in one source must be missing in all, or the totals differ by it.
    """
    mean = site_mean(frame).dropna()
    return mean.groupby(mean.index.year).cumsum() if restart else mean.cumsum()


def residuals(frame: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Each source minus the reference, in the variable's unit."""
    others = frame.drop(columns=reference)
    return others.sub(frame[reference], axis=0)


def by_month(frame: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of each column by calendar month: index ``(source, month)``, columns q10, q25, q50, q75, q90."""
    grouped = frame.groupby(_time(frame).month.rename("month"))
    quantiles = {f"q{int(100 * q)}": grouped.quantile(q).T.stack() for q in (0.10, 0.25, 0.50, 0.75, 0.90)}
    return pd.DataFrame(quantiles).rename_axis(["source", "month"])


def scores(frame: pd.DataFrame, reference: str, *, by_site: bool = False) -> pd.DataFrame:
    """Score every source against the reference on the rows of ``frame`` (see :func:`common`).

    Columns: source, site ("all" pools the sites) and :data:`METRICS`; RMSE, MAE and bias [variable's unit],
    bias = mean(source - reference). ``by_site`` adds one row a site.
    """
    others = [c for c in frame.columns if c != reference]
    rows: list[dict[str, object]] = []
    groups: list[tuple[Hashable, pd.DataFrame]] = [("all", frame)]
    if by_site:
        groups += list(frame.groupby(level="site", sort=True))
    for site, part in groups:
        for source in others:
            got = metrics.score(part[reference].to_numpy(), part[source].to_numpy())
            rows.append({"source": source, "site": site, **{name: got[name] for name in METRICS}})
    return pd.DataFrame(rows, columns=["source", "site", *METRICS])


def spread(frame: pd.DataFrame, column: Hashable, low: float = 0.10, high: float = 0.90) -> pd.DataFrame:
    """Mean and quantiles over sites of one column: index ``time``, columns mean, low, high, n."""
    wide = frame[column].unstack("site")
    return pd.DataFrame(
        {
            "mean": wide.mean(axis=1),
            "low": wide.quantile(low, axis=1),
            "high": wide.quantile(high, axis=1),
            "n": wide.notna().sum(axis=1),
        }
    )


def dataset(
    frame: pd.DataFrame, variable: Variable, how: Aggregation, names: Mapping[str, str], about: Mapping[str, object]
) -> xr.Dataset:
    """The table as ``xr.Dataset(site, time)``, one variable a source, with units: what a download holds.

    ``names`` gives each column's variable name in the file; the column's own name becomes ``long_name``. ``about``:
    attributes that say where the values come from.
    """
    ds = frame.rename(columns=dict(names)).to_xarray()
    for column, name in names.items():
        ds[name].attrs = {"units": unit(variable, how), "long_name": f"{variable.label}, {column}"}
    ds.attrs = {"title": f"{variable.label}, {how}", "variable": variable.name, "aggregation": how, **about}
    return ds


def unit(variable: Variable, how: Aggregation) -> str:
    """Unit of an aggregate: a flux is a daily rate except over a year, where it is the year's total, as on the map."""
    return summary.yearly_unit(variable.name) if how == "annual" else variable.unit


def _time(frame: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(frame.index.get_level_values("time"))


def thin(frame: pd.DataFrame, most: int, seed: int = 0) -> pd.DataFrame:
    """At most ``most`` rows, drawn at random with a fixed seed and kept in order: for drawing, never for scores."""
    if len(frame) <= most:
        return frame
    rows: Sequence[int] = np.sort(np.random.default_rng(seed).choice(len(frame), most, replace=False)).tolist()
    return frame.iloc[rows]
