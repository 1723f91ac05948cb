"""Do other drivers make transfer gain where it does not? Remedies beside the recipe as it ships.

``python benchmarks/remedies.py --data us-arm,towers-sample`` fine-tunes a model and trains it from scratch on some
site-years, other years of the same site testing it (leave-years-out), several times over:

- as it ships;
- weather standardised by the measured site-years, not by the simulations that the model learned from: a network then
  sees days that are warm or wet for the place. Weather of the test year is an input and no answer; no flux takes part;
- two years of history before each site-year in place of one;
- solar radiation as a twelfth driver, from whose weights the model that was trained without it starts at zero.

Rows go to ``results/remedies.json``; finished runs are kept in ``--work``.
"""

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import numpy as np  # noqa: E402
import torch  # noqa: E402
import xarray as xr  # noqa: E402
from run import keep, machine  # noqa: E402

from agroflux import schema  # noqa: E402
from agroflux.baselines import card as cards  # noqa: E402
from agroflux.baselines import registry  # noqa: E402
from agroflux.baselines.checkpoint import Checkpoint  # noqa: E402
from agroflux.data import catalog, joined  # noqa: E402
from agroflux.data.scaling import Scaler  # noqa: E402
from agroflux.inference.predict import load  # noqa: E402
from agroflux.training import comparison, site_years  # noqa: E402
from agroflux.training.comparison import REFERENCE, Design  # noqa: E402
from agroflux.training.site_years import YEAR_DAYS, SiteYears  # noqa: E402

WEATHER = ("TMAX", "TMIN", "PRECN")
RADIATION = "SRAD"
TARGETS = ("NEE", "GPP", "Reco")
Asked = tuple[Checkpoint, SiteYears]


def as_it_is(checkpoint: Checkpoint, ds: xr.Dataset) -> Asked:
    """No remedy."""
    return checkpoint, site_years.build(ds, checkpoint.drivers, TARGETS)


def own_weather(checkpoint: Checkpoint, ds: xr.Dataset) -> Asked:
    """Weather with mean 0 and deviation 1 over the known days of all windows; unknown days stay 0."""
    _, windows = as_it_is(checkpoint, ds)
    x = windows.drivers.copy()
    for k, name in enumerate(checkpoint.drivers.names):
        known = windows.known[..., k]
        if name in WEATHER and known.any():
            values = x[..., k][known]
            x[..., k][known] = (values - values.mean()) / max(float(values.std()), 1e-6)
    return checkpoint, dataclasses.replace(windows, drivers=x)


def longer(checkpoint: Checkpoint, ds: xr.Dataset) -> Asked:
    """A further year of history: that of the window of the year before, or where there is none the same one again."""
    _, windows = as_it_is(checkpoint, ds)
    found = {key: k for k, key in enumerate(windows.keys)}
    before = [found.get((site, year - 1), k) for k, (site, year) in enumerate(windows.keys)]
    x, known = (
        np.concatenate([array[before, :YEAR_DAYS], array], axis=1) for array in (windows.drivers, windows.known)
    )
    return checkpoint, dataclasses.replace(windows, drivers=x, known=known)


def with_radiation(checkpoint: Checkpoint, ds: xr.Dataset) -> Asked:
    """The model with one more input, whose weights are zero, so that it starts as it was."""
    card, old = checkpoint.card, checkpoint.network.state_dict()
    network = registry.build(card.model, len(card.drivers) + 1, len(card.targets), **card.config)
    new = {name: torch.zeros_like(values) for name, values in network.state_dict().items()}
    for name, values in old.items():
        new[name][tuple(slice(size) for size in values.shape)] = values
    network.load_state_dict(new)
    daily, scaler = ds[RADIATION].to_numpy(), checkpoint.drivers
    means = np.append(scaler.mean, np.float32(np.nanmean(daily)))
    stds = np.append(scaler.std, np.float32(np.nanstd(daily)))
    drivers = Scaler((*scaler.names, RADIATION), means, stds)
    wide = dataclasses.replace(card, drivers=[*card.drivers, [RADIATION, schema.get(RADIATION).unit]])
    made = Checkpoint(wide, network.eval().requires_grad_(False), drivers, checkpoint.targets)
    _, windows = as_it_is(made, ds)
    narrow = torch.from_numpy(windows.drivers[:1, :, :-1])
    same = torch.allclose(network(torch.from_numpy(windows.drivers[:1])), checkpoint.network(narrow), atol=1e-5)
    assert same, f"{card.model} with one more driver does not start as it was: this remedy cannot be tried on it"
    return made, windows


REMEDIES: dict[str, Callable[[Checkpoint, xr.Dataset], Asked]] = {
    "as it ships": as_it_is,
    "weather standardised at the place": own_weather,
    "two years of history": longer,
    "radiation too": with_radiation,
}


def compared(model: str, data: str, shots: int, seeds: tuple[int, ...], work: Path) -> list[dict[str, Any]]:
    """Rows of one data set: with each remedy, R2 of both recipes and the gain between them."""
    shipped, ds = load(model), catalog.open_dataset(data)
    design = Design((REFERENCE, "finetune"), ("leave-years-out",), (shots,), seeds)
    found = []
    for name, remedy in REMEDIES.items():
        label = {"data": data, "data_sha256": cards.sha256(*joined.find(data).paths), "remedy": name}
        checkpoint, windows = remedy(shipped, ds)
        rows = comparison.compare(checkpoint, windows, design, TARGETS, label, work)
        found += [_row(target, name, data, rows) for target in TARGETS]
    return found


def _row(target: str, remedy: str, data: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    sites = {row["site"] for row in rows}
    wanted = {"target": target, "by": "all", "site": "all" if len(sites) > 1 else sites.pop()}
    seeds = max((row["seeds"] for row in rows), key=len)
    every = {
        row["recipe"]: row
        for row in rows
        if row["seeds"] == seeds and all(row[key] == value for key, value in wanted.items())
    }
    ours, scratch = every["finetune"], every[REFERENCE]
    interval = "no interval" if ours["gain_low"] is None else f"{ours['gain_low']:+.2f} to {ours['gain_high']:+.2f}"
    return {
        "what": f"{data}, {target}, {remedy}: gain over scratch",
        "value": ours["gain"],
        "unit": "R2",
        "target": None,
        "note": f"{interval}; R2 fine-tuned {ours['r2']:.2f}, from scratch {scratch['r2']:.2f}; "
        f"{ours['n_site_years']} site-years, {len(seeds)} seed(s), {ours['n_test_site_years']} test site-years",
    }


def main() -> int:
    """Compare the remedies on every data set asked for and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="lstm-cornbelt-century", help="the model that is adapted")
    parser.add_argument("--data", default="towers-sample", help="data sets of measurements, with commas")
    parser.add_argument("--shots", type=int, default=2, help="site-years to train on")
    parser.add_argument("--seeds", default="0", help="seeds, with commas")
    parser.add_argument("--work", type=Path, help="file of finished runs; default: a temporary one")
    asked = parser.parse_args()
    before, seeds = machine(), tuple(map(int, asked.seeds.split(",")))
    with tempfile.TemporaryDirectory() as temporary:
        work = asked.work or Path(temporary) / "runs.jsonl"
        rows = [row for data in asked.data.split(",") for row in compared(asked.model, data, asked.shots, seeds, work)]
    keep("remedies", before, rows, model=asked.model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
