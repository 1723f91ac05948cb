"""Build assets/data/cornbelt-{century,ceres}.zarr.zip: the bundled part of the benchmark simulations.

99 counties, 5 nitrogen rates, one rotation phase a county, 2013-2018, cut from runs that start in 1996.
Run: ``python assets/build/cornbelt.py --work DIR [--workers 2]``. Parts of ``agroflux simulate --benchmark --out DIR``
are used where they are; missing ones are run.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from agroflux.data.rounding import quanta_for
from agroflux.data.store import write_store
from agroflux.simulation.benchmark import Piece, Plan, benchmark_rates, piece_name, run_all
from agroflux.simulation.county import benchmark_counties
from agroflux.simulation.dataset import assemble
from agroflux.simulation.scenario import SoilModel

OUT = Path(__file__).resolve().parent.parent / "data"
MODELS: tuple[SoilModel, ...] = ("century", "ceres")


def build(model: SoilModel, work: Path, workers: int) -> Path:
    """Run what is missing, cut 2013-2018, round and write one bundle."""
    plan = Plan(model, benchmark_rates(5), (2000, 2018), "alternate")
    codes = list(benchmark_counties().index)
    parts = work / f"parts-{model}"

    def done(piece: Piece, error: str | None) -> None:
        if error:
            print(f"{piece_name(piece)}: {error}", flush=True)

    if run_all(plan, parts, codes, workers, done):
        raise SystemExit(f"some runs failed: see {parts}/*.failed.txt, then run this again")
    ds = assemble(replace(plan, years=(2013, 2018)), parts, codes, "python assets/build/cornbelt.py").load()
    ds.attrs["id"] = f"cornbelt-{model}"
    return write_store(ds, OUT / f"cornbelt-{model}.zarr.zip", quanta=quanta_for(ds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for the engine's parts")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", choices=MODELS, help="only this soil model")
    given = parser.parse_args()
    for model in [given.model] if given.model else MODELS:
        path = build(model, given.work, given.workers)
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
