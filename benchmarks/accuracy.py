"""Is each baseline at least as accurate as its published form? Both are trained for the same time on the same data.

``python benchmarks/accuracy.py DIR/cornbelt-century.zarr``: on the study's part of the data (clean temporal, seed 0)
our ``official`` setting, about as large as what was published, and ``published/``, whose defects are left in, each for
some minutes of one core with the same loss, optimiser, learning rate and choice of the epoch. Ours sees windows of
three years, the published form years of 365 days, each from rest, as it knows nothing else. Scored are the test years;
rows go to ``results/accuracy.json``, beside those of other models and times. Resumable in ``--work``.
"""

import argparse
import dataclasses
import json
import multiprocessing
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import torch  # noqa: E402
from published import FORMS  # noqa: E402
from run import RESULTS, keep, machine  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from agroflux.baselines import card as cards  # noqa: E402
from agroflux.baselines import registry  # noqa: E402
from agroflux.training import recipes, study  # noqa: E402

PUBLISHED = "published-"
DAYS = 365
#: Fluxes that are shown one by one, beside the median over all targets.
SHOWN = ("CO2_FLUX", "GPP", "N2O_FLUX")


class Yearly(nn.Module):
    """A published form under the interface of ours: each year of a series is a series of its own to it."""

    causal = False  # a day may see the rest of its year

    def __init__(self, n_drivers: int, n_targets: int, form: str) -> None:
        super().__init__()
        self.form = FORMS[form]()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """``(batch, years x 365, drivers)`` to ``(batch, years x 365, targets)``; an unknown driver is 0."""
        known = x if mask is None else torch.where(mask, x, torch.zeros_like(x))
        years = known.unflatten(1, (-1, DAYS)).flatten(0, 1)
        out: Tensor = self.form(years).unflatten(0, (len(x), -1)).flatten(1, 2)
        return out


@dataclasses.dataclass(frozen=True)
class Published(study.Run):
    """The training of a published form: as many years an epoch as ours, in windows of one year from rest."""

    def recipe(self) -> recipes.Recipe:
        """How it is trained."""
        ours = super().recipe()
        years = ours.warmup_years + ours.loss_years
        return dataclasses.replace(
            ours, warmup_years=0, loss_years=1, batch=ours.batch * years, epoch_windows=ours.epoch_windows * years
        )


def register() -> None:
    """Let the published forms be trained like ours, in this process."""
    for name in FORMS:
        registry.NETWORKS[PUBLISHED + name] = ("accuracy", Yearly.__name__, {"recommended": {"form": name}})
        recipes.DEFAULTS[PUBLISHED + name] = recipes.DEFAULTS[name]


def runs(names: Sequence[str], data: str, minutes: float) -> list[study.Run]:
    """Both sides of every model, the published one first."""
    found: list[study.Run] = []
    for name in names:
        found.append(Published(PUBLISHED + name, data, minutes, part=study.PART))
        found.append(study.Run(name, data, minutes, preset="official", part=study.PART))
    return found


def trained(run: study.Run, data: Path, work: Path) -> dict[str, Any]:
    """R2 by target on the test years, with what its card says of the training."""
    place = work / "models"
    rows = study.rows_of(run, data, place, work)
    card = cards.read(cards.weights_path(run.id, place))
    facts = {name: card.training[name] for name in ("epochs", "best_epoch", "validation_loss", "parameters")}
    return facts | {"r2": {row["target"]: row["r2"] for row in rows if row["model"] == run.id}}


def row(name: str, minutes: float, theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """One model: the median R2 of both sides, and at how many targets ours is better."""
    pairs = [(ours["r2"][target], theirs["r2"][target]) for target in ours["r2"]]
    better = sum(a > b for a, b in pairs)
    shown = ", ".join(f"{t} {ours['r2'][t]:.2f} and {theirs['r2'][t]:.2f}" for t in SHOWN)
    return {
        "what": f"{name}, {minutes:g} min, median R2 over {len(pairs)} targets",
        "value": statistics.median(a for a, _ in pairs),
        "unit": "1",
        "published": statistics.median(b for _, b in pairs),
        "note": f"published form {statistics.median(b for _, b in pairs):.3f}; better at {better} of {len(pairs)}; "
        f"{shown}; epochs {ours['epochs']} and {theirs['epochs']}",
        "ours": ours,
        "theirs": theirs,
    }


def main() -> int:
    """Train both sides of all models and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the full simulation, as DIR/cornbelt-century.zarr")
    parser.add_argument("--minutes", type=float, default=5.0, help="training time of each side of a model")
    parser.add_argument("--models", default=",".join(FORMS), help="with commas; default: all")
    parser.add_argument("--work", type=Path, help="folder for states of training; default: a temporary one")
    parser.add_argument("--workers", type=int, default=2, help="trainings at a time, one core each")
    asked = parser.parse_args()
    before = machine()
    with tempfile.TemporaryDirectory() as temporary:
        work = asked.work or Path(temporary)
        names = asked.models.split(",")
        every = runs(names, asked.data.name.removesuffix(".zarr"), asked.minutes)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(asked.workers, spawn, initializer=register, max_tasks_per_child=1) as pool:
            n = len(every)
            found = list(pool.map(trained, every, [asked.data.parent] * n, [work] * n))
    rows = [row(name, asked.minutes, *found[2 * k : 2 * k + 2]) for k, name in enumerate(names)]
    place = RESULTS / "accuracy.json"
    kept = json.loads(place.read_text(encoding="utf-8"))["rows"] if place.is_file() else []
    anew = {one["what"] for one in rows}
    keep("accuracy", before, [*(one for one in kept if one["what"] not in anew), *rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())
