"""``agroflux predict`` as a user calls it."""

import json
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from agroflux import contract, schema
from agroflux.baselines.precision import has_instructions
from agroflux.cli import main
from agroflux.cli.predict import write
from agroflux.data.store import open_store, write_store
from agroflux.errors import ContractError, DataError
from tests.inference.conftest import model, model_path, simulation  # noqa: F401


@pytest.fixture(scope="module")
def store(simulation: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    path = tmp_path_factory.mktemp("data") / "tiny.zarr"
    write_store(simulation, path)
    return path


def run(*args: str | Path) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stopped:
        main(["predict", *map(str, args)])
        raise SystemExit(0)
    return int(stopped.value.code or 0)


def read(path: Path) -> xr.Dataset:
    """The data set as written; NetCDF has no truth values, so ``synthetic`` comes back as 0 or 1."""
    if path.suffix != ".nc":
        return open_store(path)
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        assert ds.attrs["synthetic"] == 1
        return ds.load().assign_attrs(synthetic=bool(ds.attrs["synthetic"]))


@pytest.mark.parametrize("name", ["out.nc", "out.zarr", "out.zarr.zip"])
def test_it_writes_what_was_asked_with_units(
    model_path: Path,  # noqa: F811
    store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    out = tmp_path / name
    picked = ("--sites", "19001,19005", "--years", "2002-2003", "--n-rate", "336")
    assert run("--model", model_path, "--data", store, *picked, "--out", out, "--json") == 0
    summary = json.loads(capsys.readouterr().out)[0]
    assert (summary["n_sites"], summary["start"], summary["end"]) == (2, "2002-01-01", "2003-12-31")
    ds = read(out)
    assert contract.problems(ds) == []
    assert ds["GPP"].shape == (2, 1, 730)
    assert bool(np.isfinite(ds["N2O_FLUX"]).all())
    assert {str(ds[n].attrs["units"]) for n in ds.data_vars} <= {schema.get(str(n)).unit for n in ds.data_vars}
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_an_existing_file_is_kept_unless_forced(
    model_path: Path,  # noqa: F811
    store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.nc"
    out.write_text("mine")
    args = ("--model", model_path, "--data", store, "--years", "2002", "--out", out)
    assert run(*args) == 2
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert run(*args, "--force") == 0
    assert read(out).sizes["time"] == 365


def test_an_older_result_is_lost_by_no_failure_and_a_folder_is_no_file(
    simulation: xr.Dataset,  # noqa: F811
    store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = tmp_path / "old.zarr"
    write_store(simulation, old)
    with pytest.raises(ContractError):
        write(simulation.assign_attrs(kind="neither"), old)
    assert open_store(old).sizes == simulation.sizes
    (tmp_path / "x.nc").mkdir()
    assert run("--data", store, "--out", tmp_path / "x.nc", "--force") == 2
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--sites", "99999"), "99999"),
        (("--years", "1999"), "1999"),
        (("--years", "soon"), "2015-2018"),
        (("--years", "2002,2003-2001"), "'2003-2001' holds no year"),
        (("--years", "2002-20030000000"), "not understood"),
        (("--n-rate", "-5"), "-5"),
        (("--model", "nowhere"), "nowhere"),
        (("--data", "nowhere"), "nowhere"),
        (("--out", "result.csv"), ".nc"),
        (("--out", "no/such/folder/x.nc"), "does not exist"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    model_path: Path,  # noqa: F811
    store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    args: tuple[str, str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    usual = {"--model": str(model_path), "--data": str(store), "--out": "x.nc"} | {args[0]: args[1]}
    assert run(*(part for pair in usual.items() for part in pair)) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_in_other_units_is_refused(
    model_path: Path,  # noqa: F811
    simulation: xr.Dataset,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lacking = tmp_path / "lacking.zarr"
    write_store(simulation.drop_vars("SOC"), lacking)
    assert run("--model", model_path, "--data", lacking, "--out", tmp_path / "x.nc") == 2
    assert "SOC" in capsys.readouterr().err


def test_bfloat16_is_taken_where_it_is_faster_and_refused_elsewhere(
    model_path: Path,  # noqa: F811
    store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Which of the two is seen here is up to the processor that runs the test."""
    asked = ("--model", model_path, "--data", store, "--years", "2003")
    assert run(*asked, "--out", tmp_path / "exact.nc") == 0
    code = run(*asked, "--bfloat16", "--out", tmp_path / "fewer.nc")
    if not has_instructions():
        assert code == 2 and "no bfloat16 instructions" in capsys.readouterr().err
        assert not (tmp_path / "fewer.nc").exists()
        return
    exact, fewer = read(tmp_path / "exact.nc"), read(tmp_path / "fewer.nc")
    assert (exact.attrs["precision"], fewer.attrs["precision"]) == ("float32", "bfloat16, head in float32")
    spread = float(exact["GPP"].std())
    off = float(abs(exact["GPP"] - fewer["GPP"]).mean())
    assert 0 < off < 0.2 * spread, "near, and not the same"


def test_a_result_in_bfloat16_says_so(
    model_path: Path,  # noqa: F811
    store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On every processor: one without the instructions computes the same, in more time."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    asked = ("--model", model_path, "--data", store, "--years", "2003", "--json")
    for words, name, says in (((), "a.nc", "float32"), (("--bfloat16",), "b.nc", "bfloat16, head in float32")):
        assert run(*asked, *words, "--out", tmp_path / name) == 0
        assert json.loads(capsys.readouterr().out)[0]["precision"] == says
        assert read(tmp_path / name).attrs["precision"] == says
    assert not read(tmp_path / "a.nc")["GPP"].equals(read(tmp_path / "b.nc")["GPP"])


def test_bfloat16_is_refused_for_a_network_that_gains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--model", "transformer-cornbelt-century", "--bfloat16", "--out", tmp_path / "out.nc") == 2
    assert "transformer-cornbelt-century is not faster in bfloat16" in capsys.readouterr().err


def test_two_writers_of_one_file_do_not_take_each_others(simulation: xr.Dataset, tmp_path: Path) -> None:  # noqa: F811
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: write(simulation, tmp_path / "out.nc"), range(8)))
    assert [path.name for path in tmp_path.iterdir()] == ["out.nc"]
    with xr.open_dataset(tmp_path / "out.nc", engine="h5netcdf") as ds:
        assert ds.sizes["site"] == simulation.sizes["site"]


def test_a_disk_that_is_full_is_told_and_leaves_nothing(simulation: xr.Dataset, tmp_path: Path) -> None:  # noqa: F811
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(DataError, match=r"cannot write .*out\.nc.*check space"):
            write(simulation, tmp_path / "out.nc")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_store_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    thesis = tmp_path / "mine.zarr" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("precious")
    assert run("--out", thesis.parent, "--force") == 2
    assert "is a folder, which no file can replace" in capsys.readouterr().err
    assert thesis.read_text() == "precious"


def test_a_name_too_long_for_the_disk_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--sites", "19027", "--years", "2017", "--n-rate", "168", "--out", tmp_path / ("x" * 300 + ".nc")) == 2
    assert "File name too long" in capsys.readouterr().err
