"""Score models and references on a data set's test years and counties under a named protocol.

Every row says which protocol, experiment and fold it used. Annual targets are scored once a year, daily ones every
day, pooled over sites, scenarios and days; intervals are of a bootstrap over site-years.
"""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from agroflux import schema
from agroflux.baselines import card as cards
from agroflux.baselines import references
from agroflux.baselines.registry import REFERENCES
from agroflux.data import splits, windows
from agroflux.data.splits import Split
from agroflux.data.subsample import ALL, Subsample, take
from agroflux.errors import ModelError, SelectionError
from agroflux.evaluation import tally
from agroflux.evaluation.tally import Progress, Row, Tally
from agroflux.inference import predict as predictor

if TYPE_CHECKING:
    from agroflux.baselines.card import Card
    from agroflux.baselines.checkpoint import Checkpoint


def evaluate(
    model: str,
    data: str,
    *,
    protocol: str = "clean",
    experiment: str = "temporal",
    fold: int = 0,
    part: Subsample = ALL,
    by_county: bool = False,
    progress: Progress | None = None,
) -> list[Row]:
    """Score ``model`` (id, path, or name of a reference) on the test years of ``part`` of ``data``.

    ``data`` is an id or path, or several simulations with ``+`` between.

    A trained model is tested on the fold that it was trained for, a reference on ``fold``.

    Returns:
        One row a target: model, data, protocol, experiment, fold, seed, target, n, each metric with ``_low`` and
        ``_high`` (95 %), and for N2O the skill on peak days. With ``by_county`` one row a target and site, as
        :func:`agroflux.evaluation.tally.county_rows` gives them.

    Raises:
        SelectionError: no test year, or for a reference no training year, in the data; unknown protocol or fold; a
            ``part`` that the data do not hold.
        ModelError: the model does not fit the data, was trained under another protocol, was adapted to measurements,
            or gives no number somewhere.
    """
    from agroflux.data import joined

    if model not in REFERENCES:
        _check_not_adapted(cards.read(cards.weights_path(model)))
    splits.check(protocol, experiment)
    ds = take(joined.open_dataset(data), part)
    rows = tally.county_rows if by_county else tally.rows
    if model in REFERENCES:
        split = splits.make(ds, protocol, experiment, fold)
        label = labels(model, data, protocol, experiment, split.fold, 0)
        return rows(count_reference(model, ds, split, progress), label)
    checkpoint = predictor.load(model)
    card = checkpoint.card
    if (card.protocol, card.experiment) != (protocol, experiment):
        raise ModelError(
            f"model {card.id} was trained under {card.protocol} {card.experiment}, "
            f"not {protocol} {experiment}: ask for that, or train it under this one"
        )
    return rows(count_model(checkpoint, ds, progress), card_label(card, data))


def _check_not_adapted(card: "Card") -> None:
    """Raise ModelError for a model that was adapted to measurements: no protocol here tests it."""
    if source := card.training.get("source_model"):
        raise ModelError(
            f"model {card.id} is {source['id']} adapted to {card.data.get('id', 'measurements')}, not trained under a "
            "protocol: its scores are in its card; score adaptations with 'agroflux transfer', make others with "
            "'agroflux finetune'"
        )


def labels(model: str, data: str, protocol: str, experiment: str, fold: int | None, seed: int) -> Row:
    """What starts every row."""
    return {
        "model": model,
        "data": data,
        "protocol": protocol,
        "experiment": experiment,
        "fold": fold,
        "seed": seed,
    }


def card_label(card: "Card", data: str) -> Row:
    """What starts every row of a trained model scored on ``data``."""
    return labels(card.id, data, card.protocol, card.experiment, card.fold, card.seed)


def count_model(checkpoint: "Checkpoint", ds: xr.Dataset, progress: Progress | None = None) -> Tally:
    """Counts of a checkpoint on its test years and counties, those years that ``ds`` holds."""
    card = checkpoint.card
    held = windows.calendar_years(ds)
    years = sorted(year for year in card.split["test"] if year in held)
    if not years:
        raise SelectionError(
            f"the data set holds none of the test years {', '.join(map(str, card.split['test']))} of {card.id}: "
            "give a data set that reaches into them"
        )
    predictor.check_fits(card, ds)

    def simulate(block: xr.Dataset, days: slice) -> np.ndarray:
        drivers = windows.drivers(block, card.driver_names, unknown=True)
        values, _ = predictor.simulate(checkpoint, drivers, block, days)
        if not np.isfinite(values).all():  # left out, they would leave a score on other days than its rivals'
            lost = [name for name, part in zip(card.target_names, values, strict=True) if not np.isfinite(part).all()]
            raise ModelError(f"{card.id} gives no number for {', '.join(lost)}: its training diverged; train it anew")
        return np.moveaxis(values, 0, -1)

    return tally.count(splits.pick(ds, card.sites.get("test", [])), years, card.target_names, simulate, progress)


def count_reference(name: str, ds: xr.Dataset, split: Split, progress: Progress | None = None) -> Tally:
    """Counts of the reference ``name``, fitted on the training part of ``split`` and run on its test part.

    Raises SelectionError for years that ``ds`` lacks, ModelError where the reference gives no number for a value.
    """
    held = windows.calendar_years(ds)
    for use, years in (("training", split.train), ("test", split.test)):
        absent = [str(year) for year in years if year not in held]
        if absent or not years:
            raise SelectionError(f"{name} needs the {use} years {', '.join(absent)}, which the data set lacks")
    fitted = references.fit(name, splits.pick(ds, split.train_sites), split.train)

    def simulate(block: xr.Dataset, days: slice) -> np.ndarray:
        values = fitted.predict(block, days)
        # Annual targets need a number on one day of the year only, and one that is not tested on none.
        lost = np.isfinite(windows.targets(block, days=days)) & ~np.isfinite(values)
        if lost.any():
            names = [target for k, target in enumerate(schema.TARGETS) if lost[..., k].any()]
            raise ModelError(
                f"{name} gives no number for {', '.join(names)} on days that have one: the training years "
                f"{split.train[0]}-{split.train[-1]} hold none to learn from; give a data set that has them there too"
            )
        return values

    return tally.count(splits.pick(ds, split.test_sites), split.test, schema.TARGETS, simulate, progress)
