"""The AgroFlux archive: physical units and house signs come back, conversions go on, odd files are refused."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agroflux import contract
from agroflux.data import agroflux_convert, agroflux_npy, catalog, importing, store
from agroflux.data.agroflux_import import import_part
from agroflux.errors import DataError
from tests.data import agroflux_archive as made


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    made.simulation(folder, "mw", 3, 2, co2_sign=-1.0)
    made.observations(folder)
    return folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    return tmp_path / "mine" / "datasets"


def test_values_units_and_signs_come_back(archive: Path) -> None:
    import_part(archive, "ecosys", "agroflux-ecosys")
    ds = catalog.open_dataset("agroflux-ecosys")
    assert catalog.get("agroflux-ecosys").ok and contract.problems(ds, values=True) == []
    x, y = made.county(1, 2, -1.0)
    one = ds.isel(site=1)
    for name, column, factor in (
        ("GPP", 1, 1),
        ("Reco", 0, -1),
        ("N2O_FLUX", 15, -1),
        ("CO2_FLUX", 2, -1),
        ("ET", 14, 1),
    ):
        np.testing.assert_allclose(one[name].to_numpy(), factor * y[..., column].T, atol=2e-5, rtol=1e-5)
    np.testing.assert_allclose(one["CO2_FLUX"], one["Reco"] - one["GPP"], atol=1e-4)
    np.testing.assert_allclose(one["TMAX"], x[:, 0, 0], atol=1e-4)
    assert one["FERTZR_N"].isel(scenario=19).max() == pytest.approx(33.6, rel=1e-4)
    assert set(np.unique(one["PLANTING"])) == {0.0, 1.0} and float(one["SAND"]) == pytest.approx(205, rel=1e-5)
    assert one["Yield"].isel(scenario=0).to_numpy().tolist() == pytest.approx([301, 311], rel=1e-5)
    assert ds["n_rate"].to_numpy()[[0, 19]].tolist() == pytest.approx([0, 336])
    assert "turned" in ds.attrs["sign_decision"] and "FIPS" in ds.attrs["assumptions"]
    assert str(ds["time"].to_numpy()[0])[:10] == "2001-01-01" and ds.sizes["time"] == 730


def test_the_sign_is_told_from_the_data() -> None:
    gpp = np.linspace(0, 10, 365)
    reco = np.full(365, 2.0)
    for factor in (1.0, -1.0):
        assert agroflux_npy.decide_sign(factor * (reco - gpp), gpp, reco).factor == factor
        assert agroflux_npy.decide_sign(factor * (reco - gpp), gpp).factor == factor
    with pytest.raises(DataError, match="cannot be told"):
        agroflux_npy.decide_sign(np.full(365, np.nan), gpp)


def test_an_interrupted_conversion_goes_on(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.zarr"

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        agroflux_convert.convert(archive, "ecosys", target, block=1, progress=stop)
    assert not target.exists()
    read: list[int] = []
    whole = agroflux_convert._Source.block
    monkeypatch.setattr(
        agroflux_convert._Source, "block", lambda self, first, last: read.append(first) or whole(self, first, last)
    )
    agroflux_convert.convert(archive, "ecosys", target, block=1)
    assert read == [2], "what was done is not done again"
    assert store.open_store(target)["GPP"].notnull().all() and [p.name for p in tmp_path.glob(".*")] == []
    again = agroflux_convert.convert(archive, "ecosys", tmp_path / "b.zarr", block=3)
    for name in ("GPP", "Yield", "SAND"):
        np.testing.assert_array_equal(store.open_store(again)[name], store.open_store(target)[name])


def test_chambers_and_towers_are_sites_with_their_assumptions_told(archive: Path) -> None:
    import_part(archive, "chambers", "chambers")
    chambers = catalog.open_dataset("chambers")
    _, y = made.county(2, 3, -1.0)
    season = y.reshape(3, 365, 20, 20)[1, 90:212, 10]
    np.testing.assert_allclose(
        chambers["N2O_FLUX"].isel(site=2).sel(time=slice("2017-04-01", "2017-07-31")), -season[:, 15], atol=1e-6
    )
    import_part(archive, "towers", "towers")
    towers = catalog.open_dataset("towers")
    assert towers.sizes["site"] == 11 and "assumed" in towers.attrs["source"]
    first = towers.isel(site=0).dropna("time", subset=["GPP"])
    july = first["NEE"].sel(time=first["time"].dt.month == 7)
    assert float(july.mean()) < 0, "uptake in July is negative in house sign"
    assert int(towers["GPP"].isel(site=0).sel(time="2001").isnull().sum()) == 4


def test_wrong_archives_are_told(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file called X_dc_scaled\.npy"):
        import_part(archive, "daycent", "x")
    with pytest.raises(DataError, match="choose one of ecosys"):
        import_part(archive, "nonsense", "x")
    with pytest.raises(DataError, match="cannot be the id"):
        import_part(archive, "ecosys", "../x")
    evil = tmp_path / "evil"
    made.simulation(evil, "mw", 1, 1)
    np.save(evil / "data_files/t0_mw/X_mw_scaled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="no NumPy array that can be mapped"):
        import_part(evil, "ecosys", "x")
    np.save(evil / "data_files/t0_mw/X_mw_scaled.npy", np.zeros((365, 20, 7), np.float32))
    with pytest.raises(DataError, match="download the archive again"):
        import_part(evil, "ecosys", "x")


def test_rates_that_differ_in_weather_betray_another_layout(tmp_path: Path) -> None:
    made.simulation(tmp_path, "mw", 2, 1)
    path = tmp_path / "data_files/t0_mw/X_mw_scaled.npy"
    x = np.load(path)
    np.save(path, x.reshape(365, 2, 20, 11).transpose(0, 2, 1, 3).reshape(365, 40, 11))
    with pytest.raises(DataError, match="not 20 i"):
        import_part(tmp_path, "ecosys", "x")


def test_a_changed_archive_starts_again(archive: Path, tmp_path: Path) -> None:
    made.simulation(tmp_path / "a", "mw", 2, 1)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            agroflux_convert.convert(tmp_path / "a", "ecosys", tmp_path / "t.zarr", block=1, progress=stop)
        os.utime(tmp_path / "a/data_files/t0_mw/X_mw_scaled.npy", ns=(1, 1))
    agroflux_convert.convert(tmp_path / "a", "ecosys", tmp_path / "t.zarr", block=1)
    assert store.open_store(tmp_path / "t.zarr")["GPP"].notnull().all()


def test_blocks_of_another_size_are_not_taken_for_done(archive: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        agroflux_convert.convert(archive, "ecosys", tmp_path / "t.zarr", block=1, progress=stop)
    agroflux_convert.convert(archive, "ecosys", tmp_path / "t.zarr", block=3)
    assert store.open_store(tmp_path / "t.zarr")["GPP"].notnull().all()


@pytest.mark.parametrize("part", ["ecosys", "chambers"])
def test_a_part_replaces_a_data_set_only_when_asked(archive: Path, folder: Path, part: str) -> None:
    for before in ("chambers", "ecosys"):
        import_part(archive, before, "x", replace=True)
        with pytest.raises(DataError, match="there already"):
            import_part(archive, part, "x")
        import_part(archive, part, "x", replace=True)
        assert catalog.get("x").kind == ("simulation" if part == "ecosys" else "observation")
        assert [p.name for p in folder.iterdir()] == ["x.zarr" if part == "ecosys" else "x.zarr.zip"]


def _killed_at_the_end(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Import ``x`` in place of another ``x``, and end after the new one is in its place, before the rest is removed."""
    import_part(archive, "ecosys", "x")

    whole = shutil.rmtree

    def stop(path: Path, **how: Any) -> None:
        if str(path).endswith(".part") and not how:
            raise KeyboardInterrupt
        whole(path, **how)

    with monkeypatch.context() as patch:
        patch.setattr(agroflux_convert.shutil, "rmtree", stop)
        with pytest.raises(KeyboardInterrupt):
            import_part(archive, "ecosys", "x", replace=True)


def test_an_import_that_ended_before_it_tidied_up_can_be_made_again(
    archive: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _killed_at_the_end(archive, monkeypatch)
    assert sorted(path.name for path in folder.iterdir()) == [".x.zarr.part", "x.zarr"] and catalog.get("x").ok
    import_part(archive, "ecosys", "x", replace=True)
    assert [path.name for path in folder.iterdir()] == ["x.zarr"]
    assert catalog.open_dataset("x")["GPP"].notnull().all()


def test_what_such_an_import_left_goes_with_the_data_set(
    archive: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _killed_at_the_end(archive, monkeypatch)
    importing.remove("x")
    assert list(folder.iterdir()) == []
    import_part(archive, "ecosys", "x")
    assert catalog.get("x").ok


def test_old_leftovers_are_tidied_and_unfinished_conversions_are_not(tmp_path: Path) -> None:
    left, fresh, unfinished = (tmp_path / f".{name}.zarr.part" for name in "abc")
    for path in (left / "replaced", fresh, unfinished / "store"):
        path.mkdir(parents=True)
    ago = time.time() - 4000
    for path in (left / "replaced", left, unfinished / "store", unfinished):
        os.utime(path, (ago, ago))
    importing.tidy(tmp_path)
    assert not left.exists() and fresh.is_dir() and (unfinished / "store").is_dir()


def test_half_a_store_is_not_taken_for_what_was_done(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "t.zarr"

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    whole = shutil.rmtree

    def half(path: Path, **_: bool) -> None:
        whole(path / "store" / "GPP")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        agroflux_convert.convert(archive, "ecosys", target, block=1, progress=stop)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(agroflux_convert.shutil, "rmtree", half)
        agroflux_convert.convert(archive, "ecosys", target, block=2)  # blocks of another size: it begins again
    agroflux_convert.convert(archive, "ecosys", target, block=1)
    assert store.open_store(target)["GPP"].notnull().all()
