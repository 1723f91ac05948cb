"""What bfloat16 costs and gains: the shipped networks that are faster in it, on the test years of the bundled sets.

Each runs as shipped and as ``in_bfloat16`` makes it, over all bundled counties, rates and test years. The first row of
a model is the largest fall of R2 among its targets, the second how many times as fast the run was.
"""

import dataclasses
from typing import Any

from agroflux.baselines import registry
from agroflux.baselines.precision import in_bfloat16
from agroflux.data import catalog
from agroflux.evaluation import protocols, tally
from agroflux.inference import predict
from agroflux.training.study import DATA

#: Falls of R2 that count as none.
SAME = 0.001


def _rows(model: str, data: str) -> list[dict[str, Any]]:
    exact, ds = predict.load(model), catalog.open_dataset(data)
    fewer = dataclasses.replace(exact, network=in_bfloat16(exact.network))
    label = protocols.card_label(exact.card, data)
    counted = [protocols.count_model(checkpoint, ds) for checkpoint in (exact, fewer, exact, fewer)]
    before, after = ({row["target"]: row["r2"] for row in tally.rows(found, label)} for found in counted[:2])
    falls = {target: before[target] - after[target] for target in before if before[target] is not None}
    most = max(falls, key=lambda target: falls[target])
    lost = sorted((target for target in falls if falls[target] > SAME), key=lambda target: -falls[target])
    mean = sum(falls.values()) / len(falls)
    told = f"mean {mean:.4f}; {', '.join(f'{target} {falls[target]:.4f}' for target in lost) or 'none more'}"
    seconds = [min(found.seconds for found in counted[k::2]) for k in (0, 1)]
    return [
        {"what": f"{model}, R2 lost, {most}", "value": falls[most], "unit": "1", "target": SAME, "note": told},
        {"what": f"{model}, times as fast", "value": seconds[0] / seconds[1], "unit": "1", "target": None},
    ]


def run() -> list[dict[str, Any]]:
    """Compare every shipped network that is faster in bfloat16 with itself."""
    names = [name for name in registry.names() if registry.build(name).faster_in_bfloat16]
    return [row for data in DATA for name in names for row in _rows(f"{name}-{data}", data)]
