"""Jobs as the app starts them: real processes that adapt the shipped LSTM to a real tower, few epochs."""

import dataclasses
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.data import catalog, importing
from agroflux.errors import AgroFluxError, ModelError, SelectionError
from agroflux.inference import predict
from agroflux.inference.region import available_models
from agroflux.training import jobs
from agroflux.training.request import Request

QUICK = Request(
    "towers-sample", ("NEE", "GPP"), "US-Tw3:2014,US-Tw3:2015", "lstm-cornbelt-century",
    validate="US-Tw3:2016", test="US-Tw3:2013,US-Tw3:2017", epochs=2, every=1,
)  # fmt: skip
LONG = dataclasses.replace(QUICK, epochs=100_000, seconds=600.0)
LIMIT = 240.0  # seconds; on an idle machine a job starts in two


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user folder of each test's own; whatever still works in it afterwards is ended."""
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    yield tmp_path
    for job in jobs.listed():
        if job.alive:
            os.kill(_pid(job.id), signal.SIGKILL)


def _pid(job: str) -> int:
    return int((jobs.place_of(job) / "pid").read_text())


def _until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not met():
        assert time.monotonic() < deadline, [(job.state, job.message) for job in jobs.listed()]
        time.sleep(0.05)


def _ended(*ids: str) -> list[jobs.Job]:
    _until(lambda: not any(jobs.get(job).alive for job in ids))
    return [jobs.get(job) for job in ids]


def test_two_run_at_once_the_others_have_a_place_and_a_killed_one_has_failed() -> None:
    first, second, third, fourth = (jobs.submit(dataclasses.replace(LONG, seed=seed)).id for seed in range(4))
    assert jobs.submit(LONG).id == first, "a second click starts no second job"
    _until(lambda: jobs.get(first).state == jobs.get(second).state == "running")
    assert [(jobs.get(job).state, jobs.get(job).place) for job in (third, fourth)] == [("waiting", 1), ("waiting", 2)]
    with pytest.raises(ModelError, match="still at work"):
        jobs.remove(third)
    jobs.cancel(third)
    assert _ended(third)[0].state == "cancelled"
    assert jobs.get(fourth).place == 1
    _until(lambda: len(jobs.progress(first)) > 0)
    os.kill(_pid(first), signal.SIGKILL)
    killed = _ended(first)[0]
    assert (killed.state, killed.message) == ("failed", jobs.KILLED)
    _until(lambda: jobs.get(fourth).state == "running")
    jobs.cancel(second)
    assert _ended(second)[0].state == "cancelled"
    line = jobs.progress(first)[0]
    assert line["run"] == "finetune" and line["epoch"] == 1 and line["train_loss"] > 0 < line["validation_loss"]
    assert not available_models_of_user()
    jobs.remove(first)
    assert first not in [job.id for job in jobs.listed()]


def available_models_of_user() -> list[str]:
    """Ids of adapted models that every page offers."""
    own = {path.stem for path in paths.user_models().glob("*.safetensors")}
    return sorted(card["id"] for card in available_models() if card["id"] in own)


def test_a_finished_job_has_paired_scores_days_and_a_model_for_every_page(tmp_path: Path) -> None:
    done = _ended(*(jobs.submit(dataclasses.replace(QUICK, seed=seed)).id for seed in range(2)))
    assert [job.state for job in done] == ["done", "done"], [job.message for job in done]
    plain = "lstm-cornbelt-century-towers-sample-finetune"
    assert sorted(job.model for job in done) == [plain, f"{plain}-2"] == available_models_of_user()
    checkpoint = predict.load(done[0].model)
    assert cards.weights_path(done[0].model).parent == tmp_path / "models"
    assert checkpoint.card.data["site_years"]["train"] == ["US-Tw3:2014", "US-Tw3:2015"]
    assert "--every 1" in checkpoint.card.command

    found = jobs.result(done[0].id)
    assert found["weights_sha256"] == checkpoint.card.weights_sha256
    rows = {(row["target"], row["recipe"]): row for row in found["rows"] if row["by"] == "all"}
    assert set(rows) == {(t, r) for t in ("NEE", "GPP") for r in ("finetune", "scratch", "zero-shot")}
    for target in ("NEE", "GPP"):
        ours, theirs = rows[target, "finetune"], rows[target, "scratch"]
        assert ours["gain"] == pytest.approx(ours["r2"] - theirs["r2"])
        assert ours["gain_low"] <= ours["gain"] <= ours["gain_high"] and theirs["gain"] == 0
    (alfalfa,) = (
        row for row in found["rows"] if (row["group"], row["target"], row["recipe"]) == ("alfalfa", "GPP", "finetune")
    )
    assert alfalfa == rows["GPP", "finetune"] | {"by": "crop", "group": "alfalfa"}, "it is all that grew there"
    scored = {row["target"]: row["r2"] for row in checkpoint.card.scores if row["model"] == done[0].model}
    assert scored["GPP"] == pytest.approx(rows["GPP", "finetune"]["r2"])

    days = pd.read_csv(jobs.series_path(done[0].id), parse_dates=["time"])
    assert list(days.columns) == ["site", "time", "target", "measured", "finetune", "scratch", "zero-shot"]
    assert len(days) == 2 * 2 * 365 and set(days["time"].dt.year) == {2013, 2017}
    gpp = days[(days["target"] == "GPP") & days["measured"].notna()]
    error = float(
        ((gpp["finetune"] - gpp["measured"]) ** 2).sum() / ((gpp["measured"] - gpp["measured"].mean()) ** 2).sum()
    )
    assert 1 - error == pytest.approx(rows["GPP", "finetune"]["r2"], abs=1e-3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"recipe": "magic"}, "unknown recipe 'magic'"),
        ({"data": "nowhere"}, "no data set called 'nowhere'"),
        ({"train": "US-Tw3:1999"}, "US-Tw3:1999"),
    ],
)
def test_what_only_the_data_can_refuse_is_told_in_words(change: dict[str, str], says: str) -> None:
    job = _ended(jobs.submit(dataclasses.replace(QUICK, **change)).id)[0]
    assert job.state == "failed" and says in job.message and not job.model


def test_a_target_without_a_day_to_train_on_is_refused_by_name() -> None:
    ds = catalog.open_dataset("towers-sample").load()
    early = ds["time"].dt.year <= 2015
    importing.save(ds.assign(GPP=ds["GPP"].where(~early)), "mine")
    job = _ended(jobs.submit(dataclasses.replace(QUICK, data="mine")).id)[0]
    assert job.state == "failed" and "no site-year to train on holds a value of GPP:" in job.message
    assert not jobs.progress(job.id) and not available_models_of_user(), "nothing was trained"


def test_a_request_that_cannot_be_right_starts_nothing(own_folder: Path) -> None:
    for change in ({"targets": ()}, {"train": "US-Tw3"}, {"epochs": 0}, {"seconds": -1.0}):
        with pytest.raises(SelectionError):
            jobs.submit(dataclasses.replace(QUICK, **change))
    assert jobs.listed() == []
    for name in ("../models", "20260101-000000-000000"):
        with pytest.raises(ModelError, match="no job"):
            jobs.get(name)


def test_a_relative_data_folder_is_the_same_one_for_the_process_of_a_job(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, Any]] = []

    def start(command: list[str], **how: Any) -> SimpleNamespace:
        started.append(how)
        return SimpleNamespace(pid=0)

    monkeypatch.chdir(own_folder)
    monkeypatch.setenv("AGROFLUX_DATA", "mine")
    monkeypatch.setattr(jobs.subprocess, "Popen", start)
    jobs.submit(QUICK)
    assert started[0]["cwd"] == paths.ROOT and started[0]["env"]["AGROFLUX_DATA"] == str(own_folder / "mine")


@pytest.mark.parametrize("state", ["", '{"state": "wai', "{}", "[]"])
def test_a_damaged_job_holds_up_no_other_and_goes(own_folder: Path, state: str) -> None:
    empty, cut, next_ = (jobs.folder() / f"20260101-000000-00000{number}" for number in range(3))
    for path in (empty, cut, next_):
        path.mkdir(parents=True)
        jobs.write(path / "request.json", QUICK.as_dict())
        jobs.set_state(path, "waiting")
    (cut / "state.json").write_text(state)
    for path in empty.iterdir():
        path.unlink()
    with jobs.turn(next_) as ours:
        assert ours
    assert [(job.id, job.state) for job in jobs.listed()] == [(next_.name, "failed"), (cut.name, "failed")]
    jobs.tidy()
    assert empty.exists() and cut.exists(), "somebody may be writing there"
    for path in (empty, cut):
        os.utime(path, (1.0, 1.0))
    jobs.tidy()
    assert [path.name for path in sorted(jobs.folder().glob("2*"))] == [next_.name]


@pytest.mark.parametrize("raw", [[], "text", 3, None, {}, [1], {"targets": 3}])
def test_what_is_no_request_is_told(raw: Any) -> None:
    with pytest.raises(ModelError, match="no request for an adaptation"):
        Request.from_dict(raw)


def test_left_overs_go_and_damage_is_passed_over(own_folder: Path) -> None:
    home = jobs.folder()
    abandoned, damaged = home / ".new-1-1", home / "20260101-000000-000001"
    for path in (abandoned, damaged):
        path.mkdir(parents=True)
    os.utime(abandoned, (1.0, 1.0))
    (damaged / "request.json").write_text("{")
    for number in range(jobs.KEPT + 3):
        path = home / f"20260101-000001-{number:06d}"
        path.mkdir()
        jobs.write(path / "request.json", QUICK.as_dict())
        jobs.set_state(path, "done" if number else "running")
    assert jobs.listed()[-1].message == jobs.KILLED, "nobody holds its lock"
    jobs.tidy()
    assert len(jobs.listed()) == jobs.KEPT and not abandoned.exists()
    with pytest.raises(AgroFluxError, match=r"damaged|cannot be read"):
        jobs.get(damaged.name)
