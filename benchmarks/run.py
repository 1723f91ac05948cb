"""Run every benchmark: ``python benchmarks/run.py [name ...] [--also SUFFIX]`` or ``make benchmarks``.

A benchmark is a file ``bench_NAME.py`` here with a function ``run() -> list[dict]``; each row has ``what``,
``value`` and ``unit``, and may have ``target`` (the value must not exceed it, or must reach it where the unit
is per second) and ``note``. Rows are printed as one table and written to ``results/NAME.json`` with the machine
they were measured on: compare rows of one run, not runs of two machines. With ``--also SUFFIX`` they go to
``results/NAME-SUFFIX.json``, and what was measured on another kind of machine stays beside them.
"""

import argparse
import importlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results"
Row = dict[str, Any]


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        names = [line.split(":", 1)[1].strip() for line in listing.read_text().splitlines() if "model name" in line]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was at the start (load of the last minute)."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }


def met(row: Row) -> bool | None:
    """Whether a row keeps its target; None where it has none."""
    if row.get("target") is None:
        return None
    rate = "s-1" in row["unit"] or row["unit"].endswith("/s")
    return bool(row["value"] >= row["target"] if rate else row["value"] <= row["target"])


def keep(name: str, before: dict[str, Any], rows: list[Row], **facts: Any) -> None:
    """Print the rows of one benchmark as a table, and write them with ``machine()`` of its start and ``facts``."""
    table = Table("what", "value", "unit", "target", "note", title=name)
    for row in rows:
        target = "" if row.get("target") is None else f"{row['target']:g} {'met' if met(row) else 'MISSED'}"
        table.add_row(row["what"], f"{row['value']:.4g}", row["unit"], target, str(row.get("note", "")))
    Console().print(table, markup=False)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": before, **facts, "rows": rows}, indent=2) + "\n")


def main(wanted: list[str], suffix: str = "") -> int:
    """Run the named benchmarks (all when none is named); 1 when one of them failed."""
    sys.path[:0] = [str(ROOT), str(HERE)]
    failed = []
    for path in sorted(HERE.glob("bench_*.py")):
        name = path.stem.removeprefix("bench_")
        if wanted and name not in wanted:
            continue
        before = machine()
        try:
            rows = importlib.import_module(path.stem).run()
        except Exception as error:
            Console(stderr=True).print(f"{path.name}: {type(error).__name__}: {error}", markup=False)
            failed.append(name)
            continue
        keep(f"{name}-{suffix}" if suffix else name, before, rows)
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run benchmarks and keep what they measured.")
    parser.add_argument("name", nargs="*", help="bench_NAME.py; default: all")
    parser.add_argument("--also", metavar="SUFFIX", default="", help="keep the rows as results/NAME-SUFFIX.json")
    told = parser.parse_args()
    sys.exit(main(told.name, told.also))
