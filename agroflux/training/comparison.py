"""Every recipe on the same test days: the runs of a comparison, kept as they finish, and their table of gains."""

import dataclasses
import hashlib
import itertools
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agroflux import schema
from agroflux.data import field_days
from agroflux.data.field_days import Group
from agroflux.evaluation import gain
from agroflux.training import adversarial, hybrid, transfer
from agroflux.training.adaptation import Budget
from agroflux.training.folds import Fold, few_shot, folds
from agroflux.training.site_years import SiteYears, column, text
from agroflux.training.transfer import Run

if TYPE_CHECKING:
    from agroflux.baselines.checkpoint import Checkpoint

Row = dict[str, Any]
#: Sums of one group of days by test site-year, as ``US-Tw3:2014``.
ByYear = dict[str, list[float]]
#: The runs of a site: protocol, site, number, seed, recipe.
Part = tuple[str, str, int, int, str]
#: Test site-years of the runs of a site that have a score of a target.
Tested = dict[tuple[Part, str], set[str]]
#: What decides a result: those, target, group of days.
Place = tuple[str, str, int, int, str, str, Group]

log = logging.getLogger(__name__)

#: The recipe that gains are measured against, and the one that does not depend on the amount of data.
REFERENCE, UNTRAINED = "scratch", "zero-shot"
#: The recipe that needs the process model in every site-year of a fold; it is left out of others.
COUPLED = "hybrid"
#: The key of a run's sums in the file of finished runs.
_SUMS = "sums_by_group"


@dataclass(frozen=True)
class Design:
    """What a comparison runs for one model and data set.

    ``shots``: numbers of training site-years; a fold that has fewer leaves a number out. ``scratch`` always runs.
    """

    recipes: tuple[str, ...] = ("scratch", "finetune", "adversarial", "pooled", "zero-shot")
    protocols: tuple[str, ...] = ("leave-years-out", "leave-one-site-out")
    shots: tuple[int, ...] = (1, 2, 4, 8)
    seeds: tuple[int, ...] = (0, 1, 2)
    budget: Budget = field(default_factory=Budget)


def runs(design: Design, targets: tuple[str, ...], site_years: SiteYears) -> Iterator[tuple[int, Run]]:
    """Every run with its number of training site-years; 0 for the recipe that is not trained."""
    trained = [name for name in dict.fromkeys((REFERENCE, *design.recipes)) if name != UNTRAINED]
    for fold in (fold for protocol in design.protocols for fold in folds(protocol, site_years.keys)):
        if UNTRAINED in design.recipes:
            yield 0, Run(UNTRAINED, targets, fold, 0, design.budget)
        for n, seed in itertools.product(design.shots, design.seeds):
            part = few_shot(fold, n, seed)
            if part is not None:
                can = COUPLED in trained and can_couple(part, site_years)
                yield from (
                    (n, Run(name, targets, part, seed, design.budget)) for name in trained if can or name != COUPLED
                )


def can_couple(fold: Fold, site_years: SiteYears) -> bool:
    """Whether the process model ran for every site-year of ``fold``."""
    return hybrid.simulated_keys(site_years) >= {*fold.train, *fold.validate, *fold.test}


def compare(
    checkpoint: "Checkpoint",
    site_years: SiteYears,
    design: Design,
    targets: tuple[str, ...],
    label: Row,
    work: Path,
    *,
    source: SiteYears | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """Run what ``work`` does not hold yet, and give the rows of the whole design.

    Each finished run is one line of ``work`` (JSON), under a digest of everything that decides it: a comparison that
    was stopped goes on where it was, and a retrained model, other settings, other simulations or another management
    table run anew. A line holds sums of each test site-year by target and group of days; one without groups, as older
    versions wrote it, counts for nothing. A run tells nothing of a target of which its training site-years hold no
    value.

    Args:
        label: ``data``, ``source`` (the simulations, by id) and whatever else starts each row and decides its runs.
        source: simulated windows, for the recipes that need them.
    """
    planned = list(runs(design, targets, site_years))
    held = _held(work)
    work.parent.mkdir(parents=True, exist_ok=True)
    found: list[tuple[int, Run, Row]] = []
    left_out: Counter[str] = Counter()
    simulations = {} if source is None else {"simulated": adversarial.digest(source)}
    for done, (n, run) in enumerate(planned):
        about = _about(checkpoint, run, label, site_years)
        if transfer.needs_source(transfer.recipe(run.recipe)):
            about |= simulations
        elif run.recipe == COUPLED:
            about |= {
                "simulated": hybrid.digest(site_years.take((*run.fold.train, *run.fold.validate, *run.fold.test)))
            }
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:20]
        if digest not in held:
            held[digest] = _sums(checkpoint, site_years, run, source)
            with work.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"digest": digest, "about": about, _SUMS: held[digest]}) + "\n")
        lacking = transfer.untaught(run.targets, site_years.take(run.fold.train))
        left_out.update(lacking)
        # Left out here, not of the file: the other targets of a run that is kept are right as they are.
        found.append((n, run, {name: sums for name, sums in held[digest].items() if name not in lacking}))
        if progress is not None:
            progress(done + 1, len(planned))
    for name, count in left_out.items():
        log.warning("%s is left out of %d runs: no site-year that they train on holds a value of it", name, count)
    return rows(found, {"model": checkpoint.card.id} | label)


def _about(checkpoint: "Checkpoint", run: Run, label: Row, site_years: SiteYears) -> Row:
    settings: Row = {"settings": dataclasses.asdict(transfer.recipe(run.recipe))}
    grouped = hashlib.sha256()
    for group, days in site_years.take(run.fold.test).groups().items():
        grouped.update(json.dumps(group).encode() + days.tobytes())
    settings |= {"groups": grouped.hexdigest()[:20]}
    return {"model": checkpoint.card.id, "weights": checkpoint.card.weights_sha256} | label | _plain(run) | settings


def _plain(run: Run) -> Row:
    plain: Row = json.loads(json.dumps(dataclasses.asdict(run)))
    return plain


def _held(work: Path) -> dict[str, Row]:
    """Sums of finished runs by digest; a last line that was cut off is ended and counts for nothing."""
    found: dict[str, Row] = {}
    old = 0
    written = work.read_text(encoding="utf-8") if work.exists() else ""
    if written and not written.endswith("\n"):
        with work.open("a", encoding="utf-8") as stream:
            stream.write("\n")
    for line in written.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if _SUMS in record:
            found[record["digest"]] = record[_SUMS]
        else:
            old += 1
    if old:
        log.warning("%d runs in %s were kept without scores by crop and management: they run again", old, work.name)
    return found


def _sums(checkpoint: "Checkpoint", site_years: SiteYears, run: Run, source: SiteYears | None) -> Row:
    """By target, each group of days that holds a value: ``by``, ``group``, ``sums`` ``(site_years, 4)``."""
    fold, chosen = run.fold, transfer.recipe(run.recipe)
    train, validate, test = (site_years.take(keys) for keys in (fold.train, fold.validate, fold.test))
    adapted = transfer.adapt(checkpoint, chosen, train, validate, source=source, budget=run.budget, seed=run.seed)
    simulated = adapted.predict(test)
    columns = {name: schema.TARGETS.index(column(name)) for name in run.targets}
    by_group = {n: gain.by_group(test.targets[..., k], simulated[..., k], test.groups()) for n, k in columns.items()}
    return {
        name: [{"by": by, "group": group, "sums": part.tolist()} for (by, group), part in found.items()]
        for name, found in by_group.items()
    }


def rows(found: Iterable[tuple[int, Run, Row]], label: Row) -> list[Row]:
    """Scores and gains of finished runs: by site and seed, by site over seeds, and over all sites and seeds.

    A row over seeds (``seed`` null) has their mean error; ``site`` is ``all`` over sites. ``gain`` is R2 less that of
    ``scratch`` with the same site-years and seeds, its bounds the 95 % bootstrap interval over test site-years. A
    recipe that did not run in every fold is compared on the test site-years that it and ``scratch`` have with all of
    the seeds, which ``n_test_site_years`` counts; where a site has none, the recipe has no row. The same
    holds of a target that is left out of a run; a site where ``scratch`` has none of its years has no row of it.

    Those over all seeds come for every day (``by`` and ``group`` are ``all``), then for the days of each crop (``by``
    is ``crop``) and of known and unknown management (``by`` is ``management``); see :mod:`agroflux.data.field_days`.
    Site-years without a measured day of a group do not count in its interval; a target that was never measured at a
    site has no row there.
    """
    table: dict[Place, ByYear] = {}
    tested: Tested = {}
    for n, run, sums in found:
        part = (run.fold.protocol, run.fold.site, n, run.seed, run.recipe)
        for target, groups in sums.items():
            tested.setdefault((part, target), set()).update(map(text, run.fold.test))
            for one in groups:
                key = (*part, target, (one["by"], one["group"]))
                by_year = dict(zip((text(k) for k in run.fold.test), one["sums"], strict=True))
                table.setdefault(key, {}).update(by_year)
    made: list[Row] = []
    scratch = sorted({key[:4] for key in table if key[4] == REFERENCE})
    names = list(dict.fromkeys(key[4] for key in table))
    targets = list(dict.fromkeys(key[5] for key in table))
    for protocol, n in dict.fromkeys((p, n) for p, _, n, _ in scratch):
        sites = list(dict.fromkeys(s for p, s, m, _ in scratch if (p, m) == (protocol, n)))
        seeds = sorted({k for p, _, m, k in scratch if (p, m) == (protocol, n)})
        places: list[tuple[str, list[str], list[int]]] = [(s, [s], [k]) for s in sites for k in seeds if len(seeds) > 1]
        places += [(s, [s], seeds) for s in sites] + ([("all", sites, seeds)] if len(sites) > 1 else [])
        for target, (site, members, used) in itertools.product(targets, places):
            members = [s for s in members if _shared(tested, protocol, s, n, used, REFERENCE, target)]
            groups = _groups(table, protocol, members, target)
            for group in groups if used == seeds else groups[:1]:
                for name in names:
                    shared = [_shared(tested, protocol, s, n, used, name, target) for s in members]
                    if not all(shared):
                        continue
                    ours, theirs = (
                        _stacked(table, protocol, members, n, used, one, target, group, set().union(*shared))
                        for one in (name, REFERENCE)
                    )
                    if not theirs.shape[1]:
                        continue
                    place = {"protocol": protocol, "site": site, "target": target, "by": group[0], "group": group[1]}
                    shot = {"recipe": name, "n_site_years": n, "seed": used[0] if len(used) == 1 else None}
                    made.append(label | place | shot | _scores(ours, theirs) | {"seeds": used})
    return made


def _groups(table: dict[Place, ByYear], protocol: str, sites: Sequence[str], target: str) -> list[Group]:
    """Groups of days on which a target was measured at ``sites``, every day first; none where it never was."""
    there = {key[6] for key in table if (key[0], key[5]) == (protocol, target) and key[1] in sites}
    return [(by, name) for by in field_days.BY for name in field_days.ordered(g for b, g in there if b == by)]


def _shared(tested: Tested, protocol: str, site: str, n: int, seeds: Sequence[int], name: str, target: str) -> set[str]:
    """Test site-years of ``site`` for which ``name`` and the reference learned ``target`` with each of ``seeds``."""
    each = [tested.get((_part(protocol, site, n, k, one), target), set()) for k in seeds for one in (name, REFERENCE)]
    return set.intersection(*each)


def _part(protocol: str, site: str, n: int, seed: int, name: str) -> Part:
    """The untrained recipe is the same for every seed and number."""
    return (protocol, site, *((0, 0) if name == UNTRAINED else (n, seed)), name)


def _stacked(
    table: dict[Place, ByYear],
    protocol: str,
    sites: Sequence[str],
    n: int,
    seeds: Sequence[int],
    name: str,
    target: str,
    group: Group,
    kept: set[str],
) -> np.ndarray:
    """Sums ``(seeds, site_years, 4)`` of those site-years ``kept`` that have measured days of ``group``."""
    keys = [[(*_part(protocol, s, n, k, name), target, group) for s in sites] for k in seeds]
    held = [[table.get(key, {}) for key in each] for each in keys]
    values = [[years[year] for years in each for year in sorted(years) if year in kept] for each in held]
    stacked = np.array(values, np.float64).reshape(len(seeds), -1, len(gain.COLUMNS))
    return stacked[:, stacked[0, :, 0] > 0]


def _scores(ours: np.ndarray, theirs: np.ndarray) -> Row:
    a, b = gain.over_seeds(ours), gain.over_seeds(theirs)
    won = gain.gain(a, b)
    scores = {"r2": float(gain.r2(a.sum(0))), "rmse": float(gain.rmse(a.sum(0)))}
    interval = {"gain": won.value, "gain_low": won.low, "gain_high": won.high}
    return scores | interval | {"n_test_site_years": len(a), "n_test_days": int(a[:, 0].sum())}
