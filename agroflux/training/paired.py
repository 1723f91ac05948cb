"""Adapted models on the same test days: their daily values, scores, and what each gains over training from scratch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from agroflux import schema
from agroflux.evaluation import gain, metrics
from agroflux.training.adaptation import predict
from agroflux.training.site_years import Key, SiteYears, column
from agroflux.training.transfer import Adapted

REFERENCE = "scratch"


@dataclass(frozen=True)
class Compared:
    """Scores and days of a comparison.

    Attributes:
        rows: target, recipe, every metric of :func:`agroflux.evaluation.metrics.score`, and ``gain``, ``gain_low``,
            ``gain_high`` (None: one test site-year has no interval) of R2 over ``scratch``.
        series: columns site, time, target, measured and one a recipe, in the target's unit; NaN was not measured.
    """

    rows: list[dict[str, Any]]
    series: pd.DataFrame


def compare(test: SiteYears, targets: Sequence[str], adapted: Mapping[str, Adapted]) -> Compared:
    """Run every model of ``adapted`` (recipe -> model) over ``test``; KeyError where ``scratch`` is not among them."""
    simulated = {name: predict(one.network, one.targets, test) for name, one in adapted.items()}
    rows, parts = [], []
    for target in targets:
        k = schema.TARGETS.index(column(target))
        observed = test.targets[..., k]
        theirs = gain.sums(observed, simulated[REFERENCE][..., k])
        for name, values in simulated.items():
            ours = gain.sums(observed, values[..., k])
            won = gain.gain(ours, theirs)
            interval = {"gain": won.value, "gain_low": won.low, "gain_high": won.high}
            row = {"target": target, "recipe": name} | metrics.score(observed, values[..., k]) | interval
            # JSON knows no NaN: a bound that there is not is null.
            row = {key: None if isinstance(v, float) and not np.isfinite(v) else v for key, v in row.items()}
            rows.append(row | {"n_test_site_years": len(test)})
        frame = _days(test.keys).assign(target=target, measured=observed.ravel())
        parts.append(frame.assign(**{name: values[..., k].ravel() for name, values in simulated.items()}))
    return Compared(rows, pd.concat(parts, ignore_index=True))


def _days(keys: Sequence[Key]) -> pd.DataFrame:
    """Site and date of each day of ``keys``, 365 a year."""
    frames = []
    for site, year in keys:
        days = pd.date_range(f"{year}-01-01", f"{year}-12-31", freq="D")
        frames.append(pd.DataFrame({"site": site, "time": days[~((days.month == 2) & (days.day == 29))]}))
    return pd.concat(frames, ignore_index=True)
