"""Each baseline beside the published form of it, in one run, on one thread: site-years a second.

365 days x 11 drivers -> 20 targets, float32, our ``official`` setting against ``published/`` (the published
architecture, in plain eager PyTorch). Both sides take turns and share the allocator's settings; rates are medians, by
the processor time of the one thread, so that time which other programs take does not count (that they share caches
and arithmetic units does). A row's target is the goal times the published rate of the same run. Rows in bfloat16 are
what ``in_bfloat16`` makes of the same network: faster, and not exact (none without instructions for it). The row
"weights alone" is a bound: how many site-years a second there would be if the products with the network's weights, in
float32 and at the rate of one large product, were all there is to do. ``python benchmarks/bench_models.py`` prints
the kept rows as the tables of README.md here, one for each processor that was measured.
"""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from published import FORMS
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from agroflux.baselines import registry
from agroflux.baselines.lstm import Recurrent
from agroflux.baselines.network import Network
from agroflux.baselines.precision import has_instructions, in_bfloat16
from agroflux.training.allocator import keep_freed_memory

DAYS, BATCHES, TRAIN_BATCH = 365, (1, 32, 256), 32
#: Seconds that a case may take and turns that each side gets: the first limit reached ends it, after two turns.
LIMIT, TURNS = 4.0, 200
#: How many times the published rate is asked for, by model and batch; ``best``: each side's best batch.
GOALS: dict[tuple[str, int | str], float] = {
    ("lstm", "best"): 1.5,
    ("ealstm", 1): 15.0,
    ("ealstm", 256): 2.5,
    **{("tcn", batch): 10.0 for batch in BATCHES},
    ("transformer", 256): 10.0,
    **{("itransformer", batch): 1.0 for batch in BATCHES},
    **{("pyraformer", batch): 10.0 for batch in BATCHES},
}


def _rates(
    sides: Sequence[Callable[[], Any]], batch: int, clock: Callable[[], float] = time.process_time
) -> list[float]:
    """Median site-years a second of each side, in turns; a second is the processor's, or that of ``clock``."""
    seconds: list[list[float]] = [[] for _ in sides]
    began = time.perf_counter()
    for turn in range(TURNS + 1):
        for side, run in zip(seconds, sides, strict=True):
            start = clock()
            run()
            side.append(clock() - start)
        if turn >= 1 and time.perf_counter() - began > LIMIT:
            break
    return [batch / statistics.median(side[1:]) for side in seconds]


def _inference(network: nn.Module, x: Tensor) -> Callable[[], Tensor]:
    network.eval()

    def run() -> Tensor:
        with torch.inference_mode():
            return network(x)

    return run


def _step(network: nn.Module, x: Tensor, y: Tensor) -> Callable[[], None]:
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3)

    def run() -> None:
        optimiser.zero_grad()
        (network(x) - y).square().mean().backward()
        optimiser.step()

    return run


def _peak() -> float:
    """Operations a second of one thread in a large product of matrices."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return _rates([lambda: a @ b], 2 * 1024**3)[0]


def _operations(network: Network) -> float:
    """Operations that a site-year's products with weights take; torch's counter does not know its fused LSTM."""
    if isinstance(network, Recurrent):
        return 2.0 * DAYS * sum(p.numel() for p in network.parameters() if p.ndim > 1)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.randn(1, DAYS, 11))
    return float(counter.get_total_flops())


def _row(name: str, what: str, ours: float, theirs: float, goal: float | None) -> dict[str, Any]:
    asked = "" if goal is None else f", goal {goal:g}x"
    return {
        "what": f"{name}, {what}",
        "value": ours,
        "unit": "site-years s-1",
        "target": None if goal is None else goal * theirs,
        "published": theirs,
        "goal": goal,
        "note": f"published form {theirs:.4g}: {ours / theirs:.2f}x{asked}",
    }


def _model(name: str) -> list[dict[str, Any]]:
    theirs, ours = FORMS[name](), registry.build(name, preset="official")
    fewer_digits = ours.faster_in_bfloat16 and has_instructions()
    rows, best, bound = [], [0.0] * (2 + fewer_digits), _peak() / _operations(ours)
    for batch in BATCHES:
        x = torch.randn(batch, DAYS, 11)
        networks = [theirs, ours, in_bfloat16(ours)] if fewer_digits else [theirs, ours]
        rates = _rates([_inference(network, x) for network in networks], batch)
        best = [max(pair) for pair in zip(best, rates, strict=True)]
        rows.append(_row(name, f"inference at batch {batch}", rates[1], rates[0], GOALS.get((name, batch))))
        if fewer_digits:
            rows.append(_row(name, f"inference at batch {batch}, bfloat16", rates[2], rates[0], None))
    if (name, "best") in GOALS:
        for how, value in zip(("", ", bfloat16"), best[1:], strict=False):
            rows.append(_row(name, f"best batch of each{how}", value, best[0], GOALS[name, "best"]))
    rows.append(_two_threads(name, theirs, ours))
    rows.append(_row(name, "weights alone, to batch 256", bound, rates[0], None))
    x, y = torch.randn(TRAIN_BATCH, DAYS, 11), torch.randn(TRAIN_BATCH, DAYS, 20)
    rates = _rates([_step(theirs, x, y), _step(ours, x, y)], TRAIN_BATCH)
    return [*rows, _row(name, f"training at batch {TRAIN_BATCH}", rates[1], rates[0], None)]


def _two_threads(name: str, theirs: nn.Module, ours: nn.Module) -> dict[str, Any]:
    """What a user of two cores gets: both forms on two threads, at the largest batch."""
    x = torch.randn(BATCHES[-1], DAYS, 11)
    torch.set_num_threads(2)
    try:
        rates = _rates([_inference(network, x) for network in (theirs, ours)], len(x), time.perf_counter)
    finally:
        torch.set_num_threads(1)
    return _row(name, f"inference at batch {len(x)}, two threads", rates[1], rates[0], None)


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Kept ``rows`` as multiples of the published rates, cases by models; a goal is told where it is missed."""
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        name, _, case = row["what"].partition(", ")
        times, goal = row["value"] / row["published"], row["goal"]
        digits = 0 if times >= 10 else 1 if times >= 2 else 2
        missed = goal is not None and times < goal
        while missed and round(times, digits) >= goal:  # what is missed must not read as met
            digits += 1
        cells.setdefault(case, {})[name] = f"{times:.{digits}f}" + (f" (goal {goal:g})" if missed else "")
    names = list(dict.fromkeys(name for found in cells.values() for name in found))
    lines = [["times the published rate", *names], ["---"] * (1 + len(names))]
    lines += [[case, *(found.get(name, "") for name in names)] for case, found in cells.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def run() -> list[dict[str, Any]]:
    """Time all six baselines."""
    keep_freed_memory()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    try:
        return [row for name in registry.names() for row in _model(name)]
    finally:
        torch.set_num_threads(before)


if __name__ == "__main__":
    for kept in sorted((Path(__file__).parent / "results").glob("models*.json")):
        found = json.loads(kept.read_text(encoding="utf-8"))
        print(f"{found['machine']['processor']} ({kept.name})\n\n{markdown(found['rows'])}\n")
