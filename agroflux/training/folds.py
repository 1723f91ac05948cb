"""Which measured site-years train, choose and test an adapted model.

A fold's validation year is neither trained on nor tested. Test days never are: folds are whole site-years.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agroflux.errors import SelectionError
from agroflux.training.site_years import Key, text


@dataclass(frozen=True)
class Fold:
    """Site-years of each use. ``site`` is the one that is tested."""

    protocol: str
    site: str
    train: tuple[Key, ...]
    validate: tuple[Key, ...]
    test: tuple[Key, ...]

    def __post_init__(self) -> None:
        uses = (self.train, self.validate, self.test)
        if not all(uses):
            raise SelectionError("a fold needs at least one site-year each to train on, to validate and to test")
        listed = [key for use in uses for key in use]
        twice = sorted({text(key) for key in listed if listed.count(key) > 1})
        if twice:
            raise SelectionError(
                f"site-year {', '.join(twice)} has two uses: train, validate and test must not overlap"
            )


def leave_years_out(keys: Sequence[Key]) -> list[Fold]:
    """Each year of each site once as test; the site's next year (the first after the last) validates, others train.

    Sites with fewer than three years are left out.
    """
    found = []
    for site in dict.fromkeys(site for site, _ in keys):
        years = sorted(year for where, year in keys if where == site)
        if len(years) < 3:
            continue
        for k, year in enumerate(years):
            chosen = years[(k + 1) % len(years)]
            rest = tuple((site, y) for y in years if y not in (year, chosen))
            found.append(Fold("leave-years-out", site, rest, ((site, chosen),), ((site, year),)))
    return found


def leave_one_site_out(keys: Sequence[Key]) -> list[Fold]:
    """Each site once as test, the others train; their best covered (then latest) year validates.

    That year is not tested either: two sites may have had the same weather. The other years are tested at this site
    and trained on at the others, so that sites near one another, as plots of one station, share the tested weather:
    the fold then says how a model does on another treatment, not in another place or year. Sites for which nothing is
    left to train on or to test are left out.
    """
    found = []
    for site in dict.fromkeys(site for site, _ in keys):
        others = [key for key in keys if key[0] != site]
        years = [year for _, year in others]
        if len(set(years)) < 2:
            continue
        chosen = max(set(years), key=lambda year: (years.count(year), year))
        train = tuple(key for key in others if key[1] != chosen)
        validate = tuple(key for key in others if key[1] == chosen)
        test = tuple(key for key in keys if key[0] == site and key[1] != chosen)
        if test:
            found.append(Fold("leave-one-site-out", site, train, validate, test))
    return found


PROTOCOLS: dict[str, Callable[[Sequence[Key]], list[Fold]]] = {
    "leave-years-out": leave_years_out,
    "leave-one-site-out": leave_one_site_out,
}


def folds(protocol: str, keys: Sequence[Key]) -> list[Fold]:
    """All folds of ``protocol``; SelectionError for an unknown one."""
    if protocol not in PROTOCOLS:
        raise SelectionError(f"unknown protocol {protocol!r}: use one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[protocol](keys)


def few_shot(fold: Fold, n: int, seed: int) -> Fold | None:
    """The fold with ``n`` of its training site-years, drawn by ``seed``; None where it has fewer.

    A larger ``n`` holds the site-years of a smaller one, so that a learning curve adds data and swaps none.
    """
    if n > len(fold.train):
        return None
    order = np.random.default_rng(seed).permutation(len(fold.train))[:n]
    return replace(fold, train=tuple(fold.train[k] for k in sorted(order.tolist())))


def chosen(keys: Sequence[Key], train: Sequence[Key], validate: Sequence[Key] = (), test: Sequence[Key] = ()) -> Fold:
    """A fold of site-years that a user names.

    Without ``validate`` the last site-year left at a training site (or else anywhere) validates; without ``test`` all
    that remain test. Raises SelectionError where site-years are not in ``keys``, overlap, or too few remain.
    """
    absent = [text(key) for key in (*train, *validate, *test) if key not in keys]
    if absent:
        raise SelectionError(
            f"no measured site-year {', '.join(absent)}: the data set holds {', '.join(map(text, keys))}"
        )
    rest = [key for key in keys if key not in (*train, *validate, *test)]
    if not validate:
        near = [key for key in rest if key[0] in {site for site, _ in train}] or rest
        validate = tuple(near[-1:])
    tested = tuple(test) or tuple(key for key in rest if key not in validate)
    sites = ", ".join(dict.fromkeys(site for site, _ in tested))
    return Fold("chosen", sites, tuple(train), tuple(validate), tested)
