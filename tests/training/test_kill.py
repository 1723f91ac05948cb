"""A training that is killed without warning goes on to the weights of one that was not."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from agroflux.baselines import checkpoint
from tests.training import killed_run

TWO = pytest.mark.skipif(torch.cuda.is_available(), reason="processes on a processor are what is tested here")
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("devices", [1, pytest.param(2, marks=TWO)])
def test_a_run_killed_in_mid_epoch_goes_on_to_the_same_weights(tmp_path: Path, devices: int) -> None:
    straight = killed_run.train(tmp_path / "straight", devices)
    command = [sys.executable, "-m", "tests.training.killed_run", str(tmp_path / "killed"), str(devices)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    notes = tmp_path / "killed" / "work" / "progress.jsonl"
    deadline = time.monotonic() + 120
    while process.poll() is None and (not notes.exists() or notes.read_text().count("\n") < 2):
        assert time.monotonic() < deadline, "the training did not get going"
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -9, "the training ended before it could be killed"
    if devices > 1:  # its processes must not go on without it
        time.sleep(1.0)
        left = notes.read_text()
        time.sleep(1.0)
        assert notes.read_text() == left
    done = torch.load(notes.with_name("last.ckpt"), weights_only=True)["epoch"]
    assert done < killed_run.RECIPE.max_epochs - 1
    assert not (tmp_path / "killed" / "models").exists()
    before = len(notes.read_text().splitlines())
    resumed = killed_run.train(tmp_path / "killed", devices)
    epochs = [json.loads(line)["epoch"] for line in notes.read_text().splitlines()[before:]]
    assert epochs == list(range(done + 1, killed_run.RECIPE.max_epochs)), "not from the start: that ends alike"
    first, second = checkpoint.load(straight), checkpoint.load(resumed)
    for name, tensor in first.network.state_dict().items():
        torch.testing.assert_close(tensor, second.network.state_dict()[name], rtol=0, atol=0)
    scores = [[(row["target"], row["r2"]) for row in found.card.scores] for found in (first, second)]
    assert scores[0] == scores[1]
