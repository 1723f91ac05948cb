"""How each network is trained, and what a trained one is called."""

import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from agroflux.data.joined import PLUS
from agroflux.data.splits import Split
from agroflux.data.subsample import Subsample
from agroflux.errors import ModelError

#: Time that a training may be given [min]: a year.
MOST_MINUTES = 525_600.0


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. The defaults are those of the LSTM, tried on its validation years.

    Attributes:
        model, preset, config: name in the registry, its preset, and changes to that.
        warmup_years: first years of a window, which count for nothing: the state finds its history in them.
        loss_years: years of a window that count; fewer where there are fewer training years.
        epoch_windows: windows drawn at random for an epoch (N rates are redundant: an epoch need not see all).
        validation_windows: windows drawn once for validation.
        weights: weight of a target in the loss where it is not 1.
        patience: epochs without a better validation loss after which training stops.
        threads: torch's threads. Two were 1.4 times as fast as one on two idle cores, but ten times slower where
            other programs held the cores, as each waits for the other on every day of a series.
        unknown_management: probability that planting, crop and fertiliser of a site-year are hidden together, drawn
            anew each epoch: measured fields seldom tell them. Validation hides its own, the same each time.
        any_day: whether training windows start on any day of a year, drawn anew each epoch, and not on 1 January.
    """

    model: str = "lstm"
    config: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    max_epochs: int = 80
    max_minutes: float | None = None
    warmup_years: int = 1
    loss_years: int = 2
    batch: int = 64
    epoch_windows: int = 3200
    validation_windows: int = 512
    learning_rate: float = 4e-3
    decay: float = 0.998
    patience: int = 15
    threads: int = 1
    weights: dict[str, float] = field(default_factory=dict)
    preset: str = "recommended"
    unknown_management: float = 0.0
    any_day: bool = False

    def __post_init__(self) -> None:
        if self.max_minutes is not None and not 0.0 < self.max_minutes <= MOST_MINUTES:
            raise ModelError(
                f"a training cannot be given {self.max_minutes:g} minutes: give more than 0, and at most a year "
                f"({MOST_MINUTES:g})"
            )


#: Where a network departs from the defaults. Attention diverges at the rate that suits a recurrent network, and
#: half the batch gives it twice the steps in the same time. The iTransformer, whose own windows always lie alike in
#: those of the training otherwise, learns better from any day on.
DEFAULTS: dict[str, dict[str, Any]] = {
    "lstm": {},
    "ealstm": {},
    "tcn": {"learning_rate": 2e-3, "batch": 32},
    "transformer": {"learning_rate": 2e-3, "batch": 32},
    "itransformer": {"learning_rate": 1e-3, "batch": 32, "any_day": True},
    "pyraformer": {"learning_rate": 2e-3, "batch": 32},
}


#: Learning rates with which a network was trained before its default changed; some of these models still ship.
EARLIER_RATES: dict[str, tuple[float, ...]] = {"pyraformer": (1e-3,)}

#: What commands and ids call the first day of a window.
_START = {False: "january", True: "any-day"}


def _other_start(recipe_: Recipe) -> bool:
    """Whether windows start otherwise than those of this network do unasked."""
    return recipe_.any_day != recipe(recipe_.model).any_day


def _other_rate(recipe_: Recipe) -> bool:
    """Whether learning starts at another rate than that of this network does unasked."""
    return recipe_.learning_rate != recipe(recipe_.model).learning_rate


def is_usual(model: str, rate: float) -> bool:
    """Whether models of this network are called the same without a word on their learning rate."""
    return rate in (recipe(model).learning_rate, *EARLIER_RATES.get(model, ()))


def recipe(model: str, **changes: Any) -> Recipe:
    """The recipe of ``model`` with ``changes`` (fields of :class:`Recipe`); an unknown model has the defaults."""
    return Recipe(model=model, **(DEFAULTS.get(model, {}) | changes))


def identifier(
    recipe_: Recipe, data: str, protocol: str, experiment: str, split: Split, subsample: Subsample | None = None
) -> str:
    """The id of a trained model: network and data set, then whatever differs from the shipped kind of training.

    The shipped kind is recommended, clean, temporal, seed 0, on all scenarios: ``lstm-cornbelt-century``. A fold of
    another is ``lstm-cornbelt-century-spatial-f2-4rates-1phase``; simulators learned together have ``-and-`` between;
    changed settings are told, as in ``lstm-cornbelt-century-set-hidden-16``. Of nitrogen rates that were chosen the
    id tells the number alone: two choices of as many rates have the same id, and the later model takes its place.
    """
    parts = [recipe_.model, data.removesuffix("-full").replace(PLUS, "-and-")]
    parts += [recipe_.preset] if recipe_.preset != "recommended" else []
    parts += [f"{protocol}-protocol"] if protocol != "clean" else []
    parts += [experiment, f"f{split.fold}"] if experiment != "temporal" else []
    parts += [subsample.tag()] if subsample is not None and subsample.tag() else []
    parts += [f"hidden{100 * recipe_.unknown_management:.0f}"] if recipe_.unknown_management else []
    parts += [_START[recipe_.any_day].replace("-", "")] if _other_start(recipe_) else []
    rate = recipe_.learning_rate
    parts += [] if is_usual(recipe_.model, rate) else _settings({"rate": f"{rate:g}"})
    parts += ["set", *_settings(recipe_.config)] if recipe_.config else []
    parts += [f"s{recipe_.seed}"] if recipe_.seed else []
    return "-".join(parts)


def _settings(config: dict[str, Any]) -> list[str]:
    """Names and values in letters, digits and hyphens, by name."""
    return [re.sub("[^a-z0-9]+", "-", f"{name} {value}".lower()).strip("-") for name, value in sorted(config.items())]


def command(
    recipe_: Recipe, location: str, protocol: str, experiment: str, split: Split, subsample: Subsample | None = None
) -> str:
    """The command that a card gives: what decides the result, without the folders of the machine it ran on."""
    parts = ["agroflux", "train", "--model", recipe_.model, "--data", location, "--protocol", protocol]
    parts += ["--experiment", experiment, "--seed", str(recipe_.seed), "--max-epochs", str(recipe_.max_epochs)]
    parts += [] if recipe_.preset == "recommended" else ["--preset", recipe_.preset]
    parts += [] if split.fold is None else ["--fold", str(split.fold)]
    parts += [] if subsample is None else subsample.options()
    if recipe_.unknown_management:
        parts += ["--unknown-management", f"{recipe_.unknown_management:g}"]
    parts += [f"--{_START[recipe_.any_day]}"] if _other_start(recipe_) else []
    parts += ["--learning-rate", f"{recipe_.learning_rate:g}"] if _other_rate(recipe_) else []
    if recipe_.max_minutes is not None:
        parts += ["--max-minutes", f"{recipe_.max_minutes:g}"]
    for key, value in recipe_.config.items():
        parts += ["--set", f"{key}={value}"]
    return shlex.join(parts)
