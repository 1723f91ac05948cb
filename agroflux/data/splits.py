"""Which years train, validate and test a model, by named protocol.

``clean``     the last years test, the ones before validate, all earlier ones train; scalers see training years only.
``official``  the published benchmark's shares (arXiv 2602.01614): 80 % train, 10 % validate, the rest tests;
              its scalers saw every year, test years included, which is why it is kept under its own name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agroflux.errors import SelectionError

EXPERIMENTS = ("temporal",)


@dataclass(frozen=True)
class Split:
    """Years of each use, increasing and without overlap; ``scaler`` are the years that scalers are fitted on."""

    train: tuple[int, ...]
    validate: tuple[int, ...]
    test: tuple[int, ...]
    scaler: tuple[int, ...]


def _clean(years: tuple[int, ...]) -> Split:
    held = 2 if len(years) >= 6 else 1
    train = years[: -2 * held]
    return Split(train, years[-2 * held : -held], years[-held:], train)


def _official(years: tuple[int, ...]) -> Split:
    end_train = int(0.8 * len(years))
    end_validate = end_train + max(1, int(0.1 * len(years)))
    return Split(years[:end_train], years[end_train:end_validate], years[end_validate:], years)


PROTOCOLS: dict[str, Callable[[tuple[int, ...]], Split]] = {"clean": _clean, "official": _official}


def temporal(years: Sequence[int], protocol: str = "clean") -> Split:
    """Split calendar ``years`` under ``protocol``; 2000-2018, clean: 2000-2014, 2015-2016, 2017-2018.

    Raises SelectionError for an unknown protocol and for fewer than four years.
    """
    check(protocol, "temporal")
    ordered = tuple(sorted({int(year) for year in years}))
    if len(ordered) < 4:
        raise SelectionError(
            f"{len(ordered)} year(s) cannot be split in time: a temporal experiment needs at least 4 calendar years"
        )
    split = PROTOCOLS[protocol](ordered)
    if not split.test:
        raise SelectionError(f"protocol {protocol!r} leaves no test year of {len(ordered)}: use 'clean'")
    return split


def check(protocol: str, experiment: str) -> None:
    """Raise SelectionError unless both names are known."""
    if protocol not in PROTOCOLS:
        raise SelectionError(f"unknown protocol {protocol!r}: use one of {', '.join(PROTOCOLS)}")
    if experiment not in EXPERIMENTS:
        raise SelectionError(f"unknown experiment {experiment!r}: use one of {', '.join(EXPERIMENTS)}")
