"""The study: its plan, and a tiny one performed, stopped and called again."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import sklearn.ensemble  # noqa: F401 # its threads are counted
from threadpoolctl import threadpool_info, threadpool_limits

from agroflux.baselines import registry
from agroflux.cli import main
from agroflux.data.store import write_store
from agroflux.data.subsample import Subsample
from agroflux.errors import SelectionError
from agroflux.evaluation import leaderboard, protocols
from agroflux.training import study
from tests.synthetic_contract import tiny


def test_the_plan_fits_twelve_hours_and_trains_every_model_on_the_same_data() -> None:
    runs = study.plan()
    assert study.hours(runs, 2) <= 12
    assert len({run.id for run in runs}) == len(runs)
    ensemble = [run for run in runs if run.shipped and run.seed]
    assert {run.id for run in ensemble} == {f"{study.ENSEMBLE}-{study.DATA[0]}-s{seed}" for seed in study.SEEDS[1:]}
    shipped = [run for run in runs if run.shipped and run not in ensemble]
    assert {run.id for run in shipped} == {f"{name}-{data}" for name in registry.names() for data in study.DATA}
    rest = [run for run in runs if run not in ensemble]
    tasks: dict[tuple[Any, ...], list[study.Run]] = {}
    for r in rest:
        tasks.setdefault((r.data, r.protocol, r.experiment, r.fold, r.seed, r.part), []).append(r)
    for alike in tasks.values():
        networks = [r for r in alike if r.model in registry.names()]
        assert sorted(r.model for r in networks) == sorted(registry.names())
        assert len({(r.minutes, r.preset) for r in networks}) == 1
        # What is fitted without chance needs no other seed; on all else networks stand beside references.
        beside = set() if alike[0].seed else set(study.FITTED)
        assert {r.model for r in alike} - set(registry.names()) == beside
    assert set(study.FITTED) == set(registry.REFERENCES) - {"climatology"}
    assert {r.fold for r in runs if r.experiment == "spatial"} == set(range(5))
    with pytest.raises(SelectionError, match="gru"):
        study.chosen("gru-*")


def test_a_run_by_epochs_is_not_limited_by_the_clock() -> None:
    run = study.Run("lstm", "tiny", 10.0)
    limited = study.by_epochs(run, 2.04)
    assert (limited.recipe().max_epochs, limited.recipe().max_minutes) == (20, None)
    assert (run.recipe().max_epochs, run.recipe().max_minutes) == (study.MAX_EPOCHS, 10.0)
    assert "--max-epochs 20" in limited.command("tiny.zarr")
    assert "--max-minutes" not in limited.command("tiny.zarr")
    assert limited.id == run.id
    assert study.by_epochs(run, 0.01).recipe().max_epochs == 1
    assert study.by_epochs(ridge := study.Run("ridge", "tiny", 2.0), 2.0) == ridge


def _run_again(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Rows of ``command``, given in the folder of the data."""
    words = [str(folder / word) if word.endswith(".zarr") else word for word in command.split()[1:]]
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--json"])
    assert not stopped.value.code
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_a_finished_run_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out, work = tmp_path / "data", tmp_path / "models", tmp_path / "work"
    data.mkdir()
    write_store(tiny(5, 2, 6), data / "tiny.zarr")
    part = Subsample((0.0,))
    runs = [
        study.Run("lstm", "tiny", 0.02, preset="official", experiment="spatial", fold=1, part=part),
        study.Run("climatology", "tiny", 1.0),
    ]
    notes: list[str] = []
    assert study.perform(runs, data, out, work, note=notes.append) == []
    rows = leaderboard.read(out)
    assert {(r["model"], r["fold"], r["scored_on"]) for r in rows} == {
        (runs[0].id, 1, "subsample"),
        ("climatology", 1, "subsample"),
        ("climatology", None, "full"),
    }
    trained = next(r for r in rows if r["model"] == runs[0].id)
    assert "--rates 0" in trained["command"]
    assert trained["preset"] == "official"
    assert trained["r2_low"] is not None
    assert (work / "models" / f"{runs[0].id}.safetensors").is_file()
    assert not list(out.glob("*.safetensors"))
    references = {r["command"]: r for r in rows if r["model"] == "climatology" and r["target"] == "GPP"}
    assert len(references) == 2
    for command, reference in references.items():
        again = next(r for r in _run_again(command, data, capsys) if r["target"] == "GPP")
        assert (again["n"], again["r2"]) == (reference["n"], pytest.approx(reference["r2"], abs=1e-6))
    assert all(study.finished(run, out, work) for run in runs)
    notes.clear()
    assert study.perform(runs, data, out, work, note=notes.append) == []
    assert notes == ["2 of 2 run(s) finished before"]
    assert not study.finished(runs[0], out, work, "0" * 64)  # other data
    assert not study.finished(dataclasses.replace(runs[0], minutes=0.05), out, work)  # another command
    card = work / "models" / f"{runs[0].id}.json"
    for damage in (lambda text: text.replace('"hidden"', '"width"'), lambda text: text[:-9], None):
        whole = card.read_text()
        if damage is None:
            card.unlink()
        else:
            card.write_text(damage(whole))
        assert not study.finished(runs[0], out, work), "it is trained again, and keeps nothing else from being run"
        card.write_text(whole)
    presets = registry.NETWORKS["lstm"][2]
    monkeypatch.setitem(presets, "official", presets["official"] | {"hidden": 51})
    assert not study.finished(runs[0], out, work)  # other settings


def test_a_run_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    data.mkdir()
    write_store(tiny(2, 1, 6), data / "tiny.zarr")
    runs = [study.Run("lstm", "tiny", 0.02), study.Run("climatology", "tiny", 1.0)]
    (work / "runs" / runs[0].id / "run.json").mkdir(parents=True)  # no file can be read or written there
    (failed,) = study.perform(runs, data, tmp_path / "models", work)
    assert failed.startswith(f"{runs[0].id}: IsADirectoryError")
    assert {row["model"] for row in leaderboard.read(tmp_path / "models")} == {"climatology"}


def test_a_reference_keeps_to_its_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_store(tiny(2, 1, 6), tmp_path / "tiny.zarr")
    count, threads = protocols.count_reference, list[int]()

    def watched(*args: Any) -> Any:
        threads.extend(pool["num_threads"] for pool in threadpool_info())
        return count(*args)

    monkeypatch.setattr(protocols, "count_reference", watched)
    with threadpool_limits(2):  # what every library would take on two cores
        study.rows_of(study.Run("climatology", "tiny", 1.0), tmp_path, tmp_path, tmp_path)
    assert set(threads) == {1}
