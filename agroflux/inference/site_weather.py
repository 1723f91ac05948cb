"""Run a model on a site's own measured weather, with stated assumptions for what was not measured there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from agroflux import schema
from agroflux.errors import ModelError, SelectionError
from agroflux.inference import predict as predictor

if TYPE_CHECKING:
    from agroflux.baselines.checkpoint import Checkpoint

Crop = Literal["corn", "soybean"]
Series = NDArray[np.float32]
#: Drivers that a record does not hold, and whether it tells them on no day at all.
Assumed = dict[str, bool]

#: Days of weather without which no model is run.
NEEDED_DAYS = 365
#: Days after a gap without weather on which the state shows most what was filled in (single days show it until
#: harvest, where that shifts); a network that looks ahead shows it as long before the gap.
_RECOVERY_DAYS = 30


@dataclass(frozen=True)
class Assumptions:
    """What stands in for drivers that a site's data set does not hold.

    Attributes:
        crop: what the model is told grows there (it knows corn and soybean only); ``rotate`` alternates yearly.
        planting_day, nitrogen_day: days of the year (1 January = 1).
        n_rate: nitrogen given to each corn crop [kg N ha-1].
        soil: soil drivers [units of the schema] by name; one that is not given is the mean of the training counties.
        short_gap: days; weather gaps up to this length are filled and predicted as any other day.
    """

    crop: Crop = "corn"
    rotate: bool = False
    planting_day: int = 125
    nitrogen_day: int = 140
    n_rate: float = 168.0
    soil: tuple[tuple[str, float], ...] = ()
    short_gap: int = 5

    def sentence(self, assumed: Assumed) -> str:
        """Those on the drivers in ``assumed``, in words, for a figure's caption."""
        management = {
            "CROP": f"crop: {'corn and soybean in turn' if self.rotate else self.crop}",
            "PLANTING": f"planted on day {self.planting_day}",
            "FERTZR_N": f"{self.n_rate:g} kg N ha-1 to corn on day {self.nitrogen_day}",
        }
        partly = " where the record does not tell"
        said = [f"{text}{'' if assumed[name] else partly}" for name, text in management.items() if name in assumed]
        soil = [f"{name} {value:g}" for name, value in self.soil if name in assumed]
        said += [f"soil: {', '.join(soil)}"] if soil else []
        if set(assumed) - set(management) - {name for name, _ in self.soil}:
            said.append(f"{'else' if soil else 'soil:'} mean of the training counties")
        return "; ".join(said) or "none: the record holds every driver"


def predict_site_weather(
    checkpoint: "Checkpoint", observations: xr.Dataset, site: str, assumptions: Assumptions | None = None
) -> xr.Dataset:
    """Predict all targets at ``site`` from its own TMAX, TMIN and PRECN.

    A driver that the data set holds is used, management on each day that it tells; the others follow
    ``assumptions``. Weather gaps are filled (short ones by interpolation, rain with none; long ones with the record's
    mean of that day of the year) so that the state runs on, and predictions are NaN within long gaps and for 30 days
    after them; those of a network that is not causal also for 30 days before them, in the year in which they begin.

    Args:
        observations: observation data set ``(site, time)``, daily.

    Returns:
        Simulation data set with one site and the scenario ``assumed``; attributes ``assumptions`` and
        ``filled_days`` say what was done.

    Raises:
        SelectionError: no such site. ModelError: no weather, or less than a year of it.
    """
    used = assumptions or Assumptions()
    if site not in observations["site"].to_numpy():
        raise SelectionError(f"no site {site!r}: the data set holds {', '.join(map(str, observations['site'].values))}")
    one = _measured_days(observations.sel(site=[site]), site)
    time = pd.DatetimeIndex(one["time"].to_numpy())
    filled: dict[str, Series] = {}
    masked = np.zeros(len(time), bool)
    count = 0
    for name in schema.WEATHER:
        series = one[name].to_numpy()[0].astype(np.float32)
        filled[name], long_gap = _fill(series, time, used.short_gap, rain=name == "PRECN")
        masked |= long_gap
        count += int(np.isnan(series).sum())
    simulation, assumed = _simulation(checkpoint, one, time, filled, used)
    result = predictor.predict(checkpoint, simulation)
    hidden = _hidden(masked, time, causal=bool(checkpoint.network.causal)).any(axis=1).to_numpy()
    result = _hide(result, hidden)
    result.attrs |= {"title": f"{checkpoint.card.id} on the weather of {site}", "assumptions": used.sentence(assumed)}
    result.attrs |= {"filled_days": count, "hidden_days": int(hidden.sum())}
    return result


def hidden_days(
    observations: xr.Dataset, site: str, short_gap: int = Assumptions.short_gap, *, causal: bool
) -> pd.DataFrame:
    """Why :func:`predict_site_weather` gives no value on a day: index the days that it runs over, three flags.

    ``gap``: temperature or rain is missing for more than ``short_gap`` days; ``after``: within 30 days after such a
    gap; ``before``: else within 30 days before one, where the network is not ``causal``. ModelError: no weather, or
    less than a year of it.
    """
    one = _measured_days(observations.sel(site=[site]), site)
    time = pd.DatetimeIndex(one["time"].to_numpy())
    gaps = [_fill(one[name].to_numpy()[0], time, short_gap, rain=name == "PRECN")[1] for name in schema.WEATHER]
    return _hidden(np.any(gaps, axis=0), time, causal=causal)


def why_hidden(observations: xr.Dataset, site: str, days: pd.DatetimeIndex, *, causal: bool) -> str:
    """Why :func:`predict_site_weather` gives no value on ``days``, in words and counted by cause; empty for none."""
    hidden = hidden_days(observations, site, causal=causal)
    flags = hidden.reindex(days)
    gap, after, before = (flags[name].eq(True) for name in ("gap", "after", "before"))
    first, last = (f"{hidden.index[k]:%d %b %Y}" for k in (0, -1))
    # Said in full by the first cause that there is; those after it say "such a gap".
    whole = f"a gap of more than {Assumptions.short_gap} days in temperature or rain"
    causes = {
        f"temperature or rain was not measured for more than {Assumptions.short_gap} days in a row": gap,
        f"{'such a gap' if gap.any() else whole} ended less than {_RECOVERY_DAYS} days before": after,
        f"{'such a gap' if gap.any() or after.any() else whole} begins within {_RECOVERY_DAYS} days, and this model "
        "also looks at the days ahead": before,
        f"temperature and rain are not both on record, as they are from {first} to {last}": flags["gap"].isna(),
    }
    return "; ".join(f"on {count:,} {text}" for text, held in causes.items() if (count := int(held.sum())))


def _hidden(gap: NDArray[np.bool_], time: pd.DatetimeIndex, *, causal: bool) -> pd.DataFrame:
    """Days of a gap, and those about it on which what was filled in still shows, as in :func:`hidden_days`."""

    def lasting(part: "pd.Series[Any]") -> "pd.Series[Any]":
        return part.rolling(_RECOVERY_DAYS + 1, min_periods=1).max()

    missing = pd.Series(gap, index=time)
    after = lasting(missing).astype(bool) & ~missing
    before = pd.Series(False, index=time)
    if not causal:
        # Such a network runs for each calendar year anew: no day sees a gap of the next year.
        ahead = missing.groupby(time.year).transform(lambda year: lasting(year[::-1])[::-1])
        before = ahead.astype(bool) & ~missing & ~after
    return pd.DataFrame({"gap": missing, "after": after, "before": before})


def _measured_days(one: xr.Dataset, site: str) -> xr.Dataset:
    """The stretch from the first to the last day with weather, without holes in time."""
    absent = [name for name in schema.WEATHER if name not in one]
    if absent:
        raise ModelError(f"{site} has no {', '.join(absent)}: a model needs daily TMAX, TMIN and PRECN")
    known = np.all([np.isfinite(one[name].to_numpy()[0]) for name in schema.WEATHER], axis=0)
    if known.sum() < NEEDED_DAYS:
        raise ModelError(
            f"{site} has {known.sum()} days with TMAX, TMIN and PRECN: a model needs at least {NEEDED_DAYS}"
        )
    stamps = pd.DatetimeIndex(one["time"].to_numpy())
    days = pd.date_range(stamps[known][0], stamps[known][-1], freq="D")
    if one.attrs.get("calendar") == "noleap":
        days = days[~((days.month == 2) & (days.day == 29))]
    return one.reindex(time=days)


def _fill(series: Series, time: pd.DatetimeIndex, short: int, *, rain: bool) -> tuple[Series, NDArray[np.bool_]]:
    """The series without gaps, and where a gap was longer than ``short`` days."""
    values = pd.Series(series, index=time)
    gap = values.isna()
    run = gap.groupby((~gap).cumsum()).transform("sum")
    long_gap = (gap & (run > short)).to_numpy()
    normal = values.groupby(time.day_of_year).transform("mean").fillna(values.mean())
    simple = values.fillna(0.0) if rain else values.interpolate("time", limit_direction="both")
    return np.where(long_gap, normal, simple).astype(np.float32), long_gap


def _simulation(
    checkpoint: "Checkpoint", one: xr.Dataset, time: pd.DatetimeIndex, filled: dict[str, Series], used: Assumptions
) -> tuple[xr.Dataset, Assumed]:
    """A contract data set of drivers: measured weather, the site's own drivers where it has them, else assumed."""
    scaler = checkpoint.drivers
    means = dict(zip(scaler.names, scaler.mean.tolist(), strict=True))
    management, assumed = _management(one, time, used)
    drivers = {**management, **filled}
    soil = {name: means[name] for name in scaler.names if schema.get(name).per == "site"} | dict(used.soil)
    data: dict[str, Any] = {}
    for name in scaler.names:
        attrs = {"units": schema.get(name).unit}
        if name not in soil:
            data[name] = (("site", "time"), drivers[name][None], attrs)
        elif name in one and bool(np.isfinite(one[name]).all()):
            data[name] = one[name].assign_attrs(attrs)
        else:
            data[name] = (("site",), np.array([soil[name]], np.float32), attrs)
            assumed[name] = True
    scenario = {"scenario": ["assumed"], "n_rate": ("scenario", [used.n_rate])}
    kept = {c: one[c] for c in ("site", "lat", "lon", "site_name", "state") if c in one.coords}
    return xr.Dataset(data, {**kept, "time": time, **scenario}, {**one.attrs, "kind": "simulation"}), assumed


def _management(one: xr.Dataset, time: pd.DatetimeIndex, used: Assumptions) -> tuple[dict[str, Series], Assumed]:
    """Crop, planting and nitrogen, the record's own where it tells them; nitrogen is assumed for the crop there is."""
    found: dict[str, Series] = {}
    assumed: Assumed = {}

    def fill(name: str, usual: NDArray[Any]) -> None:
        own = one[name].to_numpy()[0] if name in one else np.full(len(time), np.nan)
        told = np.isfinite(own)
        found[name] = np.where(told, own, usual).astype(np.float32)
        if not told.all():
            assumed[name] = not told.any()

    corn = np.full(len(time), used.crop == "corn")
    if used.rotate:
        corn ^= (time.year - time.year[0]).to_numpy() % 2 == 1
    day = time.day_of_year.to_numpy()
    fill("CROP", corn)
    fill("PLANTING", day == used.planting_day)
    fill("FERTZR_N", np.where((found["CROP"] > 0.5) & (day == used.nitrogen_day), used.n_rate / 10.0, 0.0))
    return found, assumed


def _hide(result: xr.Dataset, hidden: NDArray[np.bool_]) -> xr.Dataset:
    """NaN on hidden days, and for annual targets in years that hold one."""
    shown = xr.DataArray(~hidden, dims="time", coords={"time": result["time"]})
    bad_years = set(result["time"].dt.year.to_numpy()[hidden].tolist())
    whole = xr.DataArray([y not in bad_years for y in result["year"].to_numpy().tolist()], dims="year")
    for name, array in result.data_vars.items():
        kept = array.where(shown if "time" in array.dims else whole)
        result[name] = kept.transpose(*array.dims).astype(np.float32).assign_attrs(array.attrs)
    return result
