"""Checkpoints: what is written comes back, and what is damaged or foreign is refused with the way out."""

import dataclasses
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from agroflux import schema
from agroflux.baselines import card as cards
from agroflux.baselines import checkpoint, registry
from agroflux.baselines.card import Card
from agroflux.data.scaling import Scaler
from agroflux.errors import AgroFluxError, ModelError


def make(model: str = "lstm") -> checkpoint.Checkpoint:
    torch.manual_seed(1)
    config = registry.configuration(model, hidden=8)
    pairs = [[[n, schema.get(n).unit] for n in names] for names in (schema.DRIVERS, schema.TARGETS)]
    card = Card(
        id=f"{model}-test",
        title=f"{model} of the tests",
        model=model,
        config=config,
        drivers=pairs[0],
        targets=pairs[1],
        warmup_days=730,
        protocol="clean",
        experiment="temporal",
        split={"train": [2000], "validate": [2001], "test": [2002], "scaler": [2000]},
        data={"id": "tiny"},
        training={},
        code_version="0",
        command="none",
        seed=0,
        synthetic=True,
    )
    x, y = (
        Scaler(n, np.arange(len(n), dtype=np.float32), np.full(len(n), 2, np.float32))
        for n in (schema.DRIVERS, schema.TARGETS)
    )
    return checkpoint.Checkpoint(card, registry.build(model, 11, 20, hidden=8).eval(), x, y)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return checkpoint.save(make(), tmp_path)


def rewrite(path: Path, **changes: object) -> None:
    """Change entries of the card."""
    raw = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(raw | changes))


def test_what_is_saved_comes_back(saved: Path) -> None:
    before, after = make(), checkpoint.load("lstm-test", saved.parent)
    x = torch.randn(2, 30, 11)
    torch.testing.assert_close(after.network(x), before.network(x))
    np.testing.assert_array_equal(after.drivers.mean, before.drivers.mean)
    assert dataclasses.replace(after.card, weights_sha256="") == before.card
    assert checkpoint.load(saved.with_suffix(".json")).card.id == "lstm-test"
    assert sorted(p.name for p in saved.parent.iterdir()) == ["lstm-test.json", "lstm-test.safetensors"]


def test_cards_are_listed_without_torch(saved: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agroflux.inference.region import available_models;"
        f"print([c['id'] for c in available_models(Path({str(saved.parent)!r}))], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['lstm-test'] False"


def test_a_missing_model_names_the_ones_there_are(saved: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'tcn'.*lstm-test"):
        checkpoint.load("tcn", saved.parent)
    with pytest.raises(AgroFluxError, match="outside"):
        checkpoint.load("../../etc/passwd", saved.parent)


def test_a_missing_or_damaged_card_is_refused(saved: Path) -> None:
    saved.with_suffix(".json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        checkpoint.load(saved)
    saved.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"card .* is missing"):
        checkpoint.load(saved)
    assert cards.available(saved.parent) == []


def test_a_truncated_file_is_refused(saved: Path) -> None:
    data = saved.read_bytes()
    for size in (len(data) - 7, 100, 0):
        saved.write_bytes(data[:size])
        with pytest.raises(ModelError, match="not a whole safetensors file"):
            checkpoint.load(saved)


class _Boom:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('a pickle ran')",)


def test_a_pickle_is_refused_and_not_run(saved: Path) -> None:
    saved.write_bytes(pickle.dumps(_Boom()))
    with pytest.raises(ModelError, match="never loaded"):
        checkpoint.load(saved)


def test_who_may_read_the_card_may_read_the_weights(saved: Path) -> None:
    assert saved.stat().st_mode == saved.with_suffix(".json").stat().st_mode


def test_other_weights_under_the_same_name_are_refused(saved: Path, tmp_path: Path) -> None:
    tensors = load_file(saved)
    tensors["network.head.bias"] += 1
    save_file(tensors, saved)
    with pytest.raises(ModelError, match="does not belong to its card"):
        checkpoint.load(saved)


def test_a_card_is_of_its_own_weights_whoever_writes_meanwhile(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make()
    with torch.no_grad():
        first.network.head.bias += 1.0
    checkpoint.save(first, saved.parent / "other")
    others, replace = (saved.parent / "other" / saved.name).read_bytes(), Path.replace

    def late(part: Path, target: Path) -> Path:
        placed = replace(part, target)
        if target == saved:
            saved.write_bytes(others)
        return placed

    monkeypatch.setattr(Path, "replace", late)
    checkpoint.save(make(), saved.parent)
    with pytest.raises(ModelError, match="does not belong to its card"):
        checkpoint.load(saved)


def test_a_wrong_shape_is_refused(saved: Path) -> None:
    rewrite(saved, config=registry.configuration("lstm", hidden=9))
    with pytest.raises(ModelError, match=r"do not fit the card's lstm \(size mismatch"):
        checkpoint.load(saved)


@pytest.mark.parametrize("model", registry.names())
def test_every_family_comes_back_and_is_refused_when_damaged(model: str, tmp_path: Path) -> None:
    before = make(model)
    path, x = checkpoint.save(before, tmp_path), torch.randn(2, 40, 11)
    torch.testing.assert_close(checkpoint.load(path).network(x), before.network(x))
    assert checkpoint.load(path).card.config == before.card.config

    rewrite(path, config=before.card.config | {"hidden": 16})
    with pytest.raises(ModelError, match=f"do not fit the card's {model}"):
        checkpoint.load(path)
    rewrite(path, config=before.card.config, targets=before.card.targets[::-1])
    with pytest.raises(ModelError, match="order and units"):
        checkpoint.load(path)
    rewrite(path, targets=before.card.targets)
    whole = path.read_bytes()
    for damaged, said in ((whole[:-9], "not a whole"), (pickle.dumps(_Boom()), "never loaded")):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match=said):
            checkpoint.load(path)


@pytest.mark.parametrize("model", registry.names())
def test_a_card_that_asks_for_far_more_is_refused_before_it_takes_memory(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights of the wide network are several hundred MB, which none of its layers may start to fill."""
    made = make(model)
    path = checkpoint.save(made, tmp_path)
    rewrite(path, config=made.card.config | {"hidden": 6000})
    largest = max(weight.numel() for weight in made.network.parameters())
    for name in ("uniform_", "kaiming_uniform_"):
        fill = getattr(torch.nn.init, name)

        def filled(tensor: torch.Tensor, *args: Any, fill: Any = fill, **how: Any) -> Any:
            assert tensor.numel() <= 4 * largest, "memory of the wide network is filled"
            return fill(tensor, *args, **how)

        monkeypatch.setattr(torch.nn.init, name, filled)
    with pytest.raises(ModelError, match=rf"do not fit the card's {model} \(which is a far larger network"):
        checkpoint.load(path)


def test_no_family_loads_more_of_torch_than_it_needs(tmp_path: Path) -> None:
    """Values drawn on the device ``meta`` import sympy, which is a second of each process's first use of a model."""
    for model in registry.names():
        checkpoint.save(make(model), tmp_path)
    code = (
        "import sys, pathlib; from agroflux.baselines import checkpoint\n"
        "for path in pathlib.Path(sys.argv[1]).glob('*.safetensors'): checkpoint.load(path); print(path.stem)\n"
        "sys.exit('sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == sorted(f"{model}-test" for model in registry.names())


@pytest.mark.parametrize("change", [{"hidden": 10**30}, {"layers": 10**9}, {"memory_days": 10**400}])
def test_a_card_that_asks_for_what_no_network_has_is_refused(saved: Path, change: dict[str, int]) -> None:
    rewrite(saved, config=make().card.config | change)
    with pytest.raises(ModelError, match=rf"cannot be built with {next(iter(change))}=.* and at most"):
        checkpoint.load(saved)


@pytest.mark.parametrize("change", ["missing", "more"])
def test_every_weight_must_be_there_and_no_other(saved: Path, change: str) -> None:
    tensors = load_file(saved)
    if change == "missing":
        del tensors["network.head.bias"]
    else:
        tensors["network.tail.bias"] = tensors["network.head.bias"].clone()
    save_file(tensors, saved)
    rewrite(saved, weights_sha256=cards.sha256(saved))
    with pytest.raises(ModelError, match="weights do not fit the card's lstm") as told:
        checkpoint.load(saved)
    assert ("head.bias" if change == "missing" else "tail.bias") in str(told.value)


def test_weights_of_another_type_of_number_are_refused(saved: Path) -> None:
    tensors = load_file(saved)
    tensors["network.head.bias"] = tensors["network.head.bias"].double()
    save_file(tensors, saved)
    rewrite(saved, weights_sha256=cards.sha256(saved))
    with pytest.raises(ModelError, match=r"head\.bias is of torch\.float64 instead of torch\.float32"):
        checkpoint.load(saved)


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e4m3fn", "float16", "float64", "int64", "bool", "complex64"])
def test_scalers_of_another_type_of_number_are_refused(saved: Path, kind: str) -> None:
    wrong: torch.dtype = getattr(torch, kind)
    for name in ("drivers.mean", "targets.std"):
        whole = load_file(saved)
        save_file(whole | {name: whole[name].to(wrong)}, saved)
        rewrite(saved, weights_sha256=cards.sha256(saved))
        said = rf"lstm-test\.safetensors: {name} is of {wrong} instead of torch\.float32; copy the model again"
        with pytest.raises(ModelError, match=said):
            checkpoint.load(saved)
        save_file(whole, saved)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_weight_that_is_not_finite_is_refused(saved: Path, value: float) -> None:
    tensors = load_file(saved)
    tensors["network.head.bias"][3] = value
    save_file(tensors, saved)
    rewrite(saved, weights_sha256=cards.sha256(saved))
    with pytest.raises(ModelError, match=r"safetensors: head\.bias holds a number that is not finite: copy the model"):
        checkpoint.load(saved)


@pytest.mark.parametrize("change", ["order", "unit", "number"])
def test_wrong_variables_are_refused(saved: Path, change: str) -> None:
    pairs = [list(pair) for pair in make().card.drivers]
    if change == "order":
        pairs[0], pairs[1] = pairs[1], pairs[0]
    elif change == "unit":
        pairs[0][1] = "K"
    else:
        pairs = pairs[:-1]
    rewrite(saved, drivers=pairs)
    with pytest.raises(ModelError, match="order and units"):
        checkpoint.load(saved)


def test_a_damaged_scaler_is_refused(saved: Path) -> None:
    tensors = load_file(saved)
    tensors["drivers.std"][3] = 0.0
    save_file(tensors, saved)
    rewrite(saved, weights_sha256=cards.sha256(saved))
    with pytest.raises(ModelError, match="scale"):
        checkpoint.load(saved)


def test_a_model_of_another_format_is_refused(saved: Path) -> None:
    rewrite(saved, format=99)
    with pytest.raises(ModelError, match="format"):
        checkpoint.load(saved)


def test_a_folder_has_one_hash_and_another_when_a_byte_changes(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "a").write_bytes(b"1")
    first = cards.sha256(folder)
    shutil.copytree(folder, tmp_path / "copy")
    assert cards.sha256(tmp_path / "copy") == first
    (folder / "a").write_bytes(b"2")
    assert cards.sha256(folder) != first
