"""Adapted models on the same test days: their daily values, scores, and what each gains over training from scratch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import field_days
from agroflux.errors import ModelError
from agroflux.evaluation import gain, metrics
from agroflux.training.site_years import Floats, Key, SiteYears, build, column, days, parse
from agroflux.training.transfer import Adapted

REFERENCE = "scratch"
_NO_GAIN = gain.Gain(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Compared:
    """Scores and days of a comparison.

    Attributes:
        rows: target, ``by`` and ``group`` of days (:mod:`agroflux.data.field_days`; ``all`` comes first), recipe,
            every metric of :func:`agroflux.evaluation.metrics.score`, and ``gain``, ``gain_low``, ``gain_high`` of R2
            over ``scratch``: None without a scratch run, bounds also with one test site-year.
        series: columns site, time, target, measured and one a recipe, in the target's unit; NaN was not measured.
    """

    rows: list[dict[str, Any]]
    series: pd.DataFrame


def compare(test: SiteYears, targets: Sequence[str], adapted: Mapping[str, Adapted]) -> Compared:
    """Run every model of ``adapted`` (recipe -> model) over ``test`` and measure its gain over ``scratch`` if there."""
    simulated = {name: one.predict(test) for name, one in adapted.items()}
    rows, parts = [], []
    for target in targets:
        k = schema.TARGETS.index(column(target))
        observed = test.targets[..., k]
        values = {name: part[..., k] for name, part in simulated.items()}
        for (by, group), chosen in test.groups().items():
            here = np.where(chosen, observed, np.nan)
            if by == field_days.ALL or np.isfinite(here).any():
                rows += [{"target": target, "by": by, "group": group} | row for row in _scored(here, values)]
        frame = _days(test.keys).assign(target=target, measured=observed.ravel())
        parts.append(frame.assign(**{name: part.ravel() for name, part in values.items()}))
    return Compared(rows, pd.concat(parts, ignore_index=True))


def _scored(observed: Floats, simulated: Mapping[str, Floats]) -> Iterator[dict[str, Any]]:
    """A row a recipe on the observed days ``(site_years, 365)``; site-years without one do not count."""
    measured = np.isfinite(observed).any(axis=1)
    sums = {name: gain.sums(observed, values)[measured] for name, values in simulated.items()}
    for name, values in simulated.items():
        won = gain.gain(sums[name], sums[REFERENCE]) if REFERENCE in sums else _NO_GAIN
        interval = {"gain": won.value, "gain_low": won.low, "gain_high": won.high}
        row = {"recipe": name} | metrics.score(observed, values) | interval
        # JSON knows no NaN: a bound that there is not is null.
        plain = {key: None if isinstance(v, float) and not np.isfinite(v) else v for key, v in row.items()}
        yield plain | {"n_test_site_years": int(measured.sum())}


def of_checkpoint(adapted: Checkpoint, source: Checkpoint | None, ds: xr.Dataset) -> Compared:
    """An adapted checkpoint, and its source where it is at hand, on the test site-years that its card names.

    Raises ModelError for a card of a model that was not adapted, SelectionError where ``ds`` lacks the site-years.
    """
    card = adapted.card
    try:
        test, recipe, targets = card.data["site_years"]["test"], card.training["recipe"], card.training["targets"]
    except KeyError as error:
        raise ModelError(f"the card of {card.id} has no {error}: it was not adapted to measurements") from None
    windows = build(ds, adapted.drivers, targets).take(parse(",".join(test)))
    models = {str(recipe): Adapted(adapted.network, adapted.targets, None)}
    if source is not None:
        models["zero-shot"] = Adapted(source.network, source.targets, None)
    return compare(windows, targets, models)


def _days(keys: Sequence[Key]) -> pd.DataFrame:
    """Site and date of each day of ``keys``, 365 a year."""
    frames = [pd.DataFrame({"site": site, "time": days(year, year)}) for site, year in keys]
    return pd.concat(frames, ignore_index=True)
