"""Random fields from the command line through the real engine, resumed, as a data set that a network trains on."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from agroflux import cli, contract
from agroflux.baselines import card as cards
from agroflux.data.store import open_store
from agroflux.errors import SelectionError
from agroflux.simulation import fields, randomised
from agroflux.simulation.crops import CROPS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")


def command(out: Path, count: int = 3) -> list[str]:
    options = ["--seed", "5", "--years", "2003-2006", "--workers", "2", "--out", str(out)]
    return ["simulate", "--randomised", str(count), *options]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three fields, one of which fails at first."""
    folder = tmp_path_factory.mktemp("randomised")
    blocked = folder / "parts-randomised" / "r0001.npz"
    blocked.mkdir(parents=True)
    finish(command(folder))
    assert open_store(folder / "randomised.zarr")["site"].to_numpy().tolist() == ["r0000", "r0002"]
    assert (folder / "parts-randomised" / "r0001.failed.txt").exists()
    blocked.rmdir()
    return folder


def finish(arguments: list[str]) -> None:
    """Run a command that must end well (a command line ends by SystemExit)."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0


@pytest.fixture(scope="module")
def ds(out: Path) -> xr.Dataset:
    part = out / "parts-randomised" / "r0000.npz"
    before = part.stat().st_mtime_ns
    finish(command(out))
    assert part.stat().st_mtime_ns == before
    assert not (out / "parts-randomised" / "r0001.failed.txt").exists()
    return open_store(out / "randomised.zarr").load()


def test_the_set_keeps_the_contract_and_says_that_it_is_synthetic(ds: xr.Dataset) -> None:
    assert contract.problems(ds, values=True) == []
    assert (ds.sizes["site"], ds.sizes["scenario"], ds.sizes["time"]) == (3, 1, 4 * 365)
    assert ds.attrs["synthetic"]
    assert "synthetic" in ds.attrs["title"]
    told = "agroflux simulate --randomised 3 --seed 5 --years 2003-2006 --model century; agroflux "
    assert ds.attrs["history"].startswith(told)
    np.testing.assert_allclose(ds["NEE"], ds["Reco"] - ds["GPP"], atol=1e-4)


def test_a_year_whose_crop_failed_has_no_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = randomised.Plan(1, 5, (2003, 2004))
    monkeypatch.setattr(randomised, "FAILED_CROP", 1e9)
    randomised.run_field(plan, 0, tmp_path / "r0000.npz")
    part = np.load(tmp_path / "r0000.npz")
    assert all(name for name in part["crops"])
    assert np.isnan(part["GPP"]).all()
    assert np.isnan(part["Yield"]).all()
    assert np.isfinite(part["PLANTING"]).all()
    assert np.isfinite(part["TMAX"]).all()


def test_crop_is_known_in_corn_and_soybean_years_alone(ds: xr.Dataset) -> None:
    crop = ds["CROP"].isel(scenario=0).groupby("time.year").mean().transpose("site", "year").to_numpy()
    names = ds["crop_name"].to_numpy()
    assert {name for text in names.ravel() for name in text.split(" + ")} <= {*CROPS, ""}
    want = np.select([names == "corn", names == "soybean"], [1.0, 0.0], np.nan)
    np.testing.assert_array_equal(crop, want)
    assert np.isfinite(ds["PLANTING"]).all()
    assert np.isfinite(ds["FERTZR_N"]).all()


def test_another_seed_does_not_mix_with_the_first(
    out: Path, ds: xr.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["simulate", "--randomised", "1", "--seed", "6", "--years", "2003-2006", "--out", str(out)])
    assert stopped.value.code == 2
    assert "seed 5" in capsys.readouterr().err


def test_fewer_fields_do_not_replace_more(out: Path, ds: xr.Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(command(out, count=1))
    assert stopped.value.code == 2
    assert "holds site r0001, r0002, which would be lost" in capsys.readouterr().err
    assert open_store(out / "randomised.zarr").sizes["site"] == 3


def test_a_network_trains_on_it_with_management_hidden(out: Path, ds: xr.Dataset, tmp_path: Path) -> None:
    settings = ["--set", "hidden=4", "--max-epochs", "1", "--unknown-management", "0.5"]
    places = [
        "--data",
        str(out / "randomised.zarr"),
        "--out",
        str(tmp_path),
        "--work",
        str(tmp_path / "work"),
        "--json",
    ]
    finish(["train", *places, *settings])
    card = cards.read(next(tmp_path.glob("*.json")))
    assert card.id == "lstm-randomised-hidden50-set-hidden-4"
    assert card.synthetic
    assert card.training["unknown_management"] == 0.5
    assert "--unknown-management 0.5" in card.command
    assert np.isfinite([row["rmse"] for row in card.scores if row["target"] == "GPP" and row["model"] == card.id]).all()


def test_fields_differ_and_are_the_same_for_the_same_seed() -> None:
    some = [fields.draw(number, 2, (2003, 2006), "century") for number in range(40)]
    again = fields.draw(7, 2, (2003, 2006), "century")
    assert again.sequence == some[7].sequence
    assert again.site.weather.equals(some[7].site.weather)
    assert len({field.climate for field in some}) > 10
    assert {"US-Tw3", "US-AR1"} < {field.climate for field in some}
    assert {one.crop for field in some for one in field.sequence.grown} == set(CROPS)
    sand = [field.site.soil.sand_pct for field in some]
    assert min(sand) < 10
    assert max(sand) > 70
    for field in some:
        days = [day for one in field.sequence.grown for day in (one.planted, one.ended)]
        assert days == sorted(days)
        assert all(one.planted >= field.sequence.start for one in field.sequence.grown)
        assert all(rate >= 1 for one in field.sequence.grown for _, rate in one.nitrogen)
        soil = field.site.soil
        assert (soil.lower < soil.upper).all()
        assert (soil.upper < soil.saturation).all()


def test_years_that_cannot_be_are_refused() -> None:
    with pytest.raises(SelectionError, match="from 1970 to 2030"):
        fields.draw(0, 0, (2003, 2040), "century")
