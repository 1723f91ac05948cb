"""Score models on a data set's test years under a named protocol; every row says which one it used.

Blocks of sites are predicted, scored and dropped: memory does not grow with the data set. Annual targets
are scored once a year, daily ones every day, pooled over sites, scenarios and days.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from agroflux import schema
from agroflux.baselines import climatology
from agroflux.data import splits, windows
from agroflux.errors import ModelError, SelectionError
from agroflux.evaluation import metrics
from agroflux.inference import predict as predictor

if TYPE_CHECKING:
    from agroflux.baselines.checkpoint import Checkpoint

Progress = Callable[[int, int], None]
Simulate = Callable[[xr.Dataset, slice], np.ndarray]
Row = dict[str, Any]

SITE_BLOCK = 8


def evaluate(
    model: str,
    data: str,
    *,
    protocol: str = "clean",
    experiment: str = "temporal",
    progress: Progress | None = None,
) -> list[Row]:
    """Score ``model`` (id, path, or ``climatology``) on the test years of ``data`` (id or path).

    Returns:
        One row a target: model, data, protocol, experiment, target, n, r2, rmse, mae, bias, nse, kge.

    Raises:
        SelectionError: no test year, or for climatology no training year, in the data.
        ModelError: the model does not fit the data, or was trained under another protocol.
    """
    from agroflux.data import catalog

    splits.check(protocol, experiment)
    ds = catalog.open_dataset(data)
    label = {"model": model, "data": data, "protocol": protocol, "experiment": experiment}
    if model == "climatology":
        split = splits.temporal(list(windows.calendar_years(ds)), protocol)
        return climatology_rows(ds, split.train, split.test, label, progress)
    checkpoint = predictor.load(model)
    if (checkpoint.card.protocol, checkpoint.card.experiment) != (protocol, experiment):
        raise ModelError(
            f"model {checkpoint.card.id} was trained under {checkpoint.card.protocol} {checkpoint.card.experiment}, "
            f"not {protocol} {experiment}: ask for that, or train it under this one"
        )
    return model_rows(checkpoint, ds, checkpoint.card.split["test"], label | {"model": checkpoint.card.id}, progress)


def model_rows(
    checkpoint: "Checkpoint", ds: xr.Dataset, test: Iterable[int], label: Row, progress: Progress | None = None
) -> list[Row]:
    """Score a checkpoint on the ``test`` years that ``ds`` holds; ``label`` starts every row."""
    held = windows.calendar_years(ds)
    years = sorted(year for year in test if year in held)
    if not years:
        raise SelectionError(
            f"the data set holds none of the test years {', '.join(map(str, test))} of {checkpoint.card.id}: "
            "give a data set that reaches into them"
        )
    predictor.check_fits(checkpoint.card, ds)

    def simulate(block: xr.Dataset, days: slice) -> np.ndarray:
        positions = np.arange(days.start, days.stop)
        warm = windows.warm_positions(days.start, checkpoint.card.warmup_days, block.sizes["time"])
        drivers = windows.drivers(block, checkpoint.card.driver_names)
        values = predictor.run(checkpoint, drivers, np.concatenate([warm, positions]), len(warm))
        return np.moveaxis(values, 0, -1)

    return _rows(ds, years, checkpoint.card.target_names, simulate, label, progress)


def climatology_rows(
    ds: xr.Dataset, train: Sequence[int], test: Sequence[int], label: Row, progress: Progress | None = None
) -> list[Row]:
    """Score the day-of-year climatology of ``train`` on ``test``; ``label`` starts every row."""
    held = windows.calendar_years(ds)
    for use, years in (("training", train), ("test", test)):
        absent = [str(year) for year in years if year not in held]
        if absent or not years:
            raise SelectionError(f"climatology needs the {use} years {', '.join(absent)}, which the data set lacks")
    fitted = climatology.fit(ds, train)
    return _rows(ds, test, schema.TARGETS, fitted.predict, label, progress)


def _rows(
    ds: xr.Dataset,
    years: Sequence[int],
    names: Sequence[str],
    simulate: Simulate,
    label: Row,
    progress: Progress | None,
) -> list[Row]:
    days = windows.span(ds, years)
    totals = [metrics.Sums()] * len(names)
    for done, block in _blocks(ds):
        simulated = simulate(block, days)
        observed = windows.targets(block, names, days)
        asked = np.isin(block["time"].dt.year.values[days], list(years))
        for k in range(len(names)):
            totals[k] += metrics.sums(observed[:, :, asked, k], simulated[:, :, asked, k])
        if progress is not None:
            progress(done, ds.sizes["site"])
    return [label | {"target": name} | metrics.scores(t) for name, t in zip(names, totals, strict=True) if t.n]


def _blocks(ds: xr.Dataset) -> Iterator[tuple[int, xr.Dataset]]:
    used = ds[[name for name in (*schema.DRIVERS, *schema.TARGETS) if name in ds]]
    n = ds.sizes["site"]
    for start in range(0, n, SITE_BLOCK):
        stop = min(start + SITE_BLOCK, n)
        yield stop, used.isel(site=slice(start, stop))
