"""Zarr bundles: what is written comes back, rounded as promised; damage is told, not shown as data."""

import os
import threading
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data import rounding, store
from agroflux.errors import ContractError, DataError


def _balanced(ds: xr.Dataset) -> xr.Dataset:
    """The same data set with a carbon balance that closes, CO2_FLUX, and a gap."""
    gpp = ds["GPP"].where(ds["time"] != ds["time"][5])
    nee = (ds["Reco"] - gpp).assign_attrs(ds["NEE"].attrs)
    return ds.assign(GPP=gpp.assign_attrs(ds["GPP"].attrs), NEE=nee, CO2_FLUX=nee)


@pytest.mark.parametrize("name", ["a.zarr.zip", "a.zarr"])
def test_unrounded_data_come_back_exactly(tiny_simulation: xr.Dataset, tmp_path: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = store.write_store(tiny_simulation, tmp_path / name)
        back = store.open_store(path)
    xr.testing.assert_identical(back.load().drop_encoding(), tiny_simulation)
    assert sorted(p.name for p in tmp_path.iterdir()) == [name], "nothing is left beside it"


def test_rounding_keeps_its_promise(tiny_simulation: xr.Dataset, tmp_path: Path) -> None:
    ds = _balanced(tiny_simulation)
    quanta = rounding.quanta_for(ds)
    back = store.open_store(store.write_store(ds, tmp_path / "a.zarr.zip", quanta=quanta)).load()
    assert set(quanta) == {"TMAX", "GPP", "Reco", "NEE", "CO2_FLUX", "N2O_FLUX"}
    for name, quantum in quanta.items():
        worst = float(np.abs(back[name] - ds[name]).max())
        assert 0 < worst <= 0.00501 * float(ds[name].std()), name
        multiple = back[name] / quantum
        assert float(np.abs(multiple - multiple.round()).max()) < 1e-6, name
        np.testing.assert_array_equal(np.isnan(back[name]), np.isnan(ds[name]))
    assert float(np.abs(back["NEE"] - (back["Reco"] - back["GPP"])).max()) < 1e-9
    xr.testing.assert_equal(back["NEE"], back["CO2_FLUX"])
    assert "GPP" in back.attrs["rounding"] and back["GPP"].attrs["rounding"] == quanta["GPP"]
    np.testing.assert_array_equal(back["Yield"], ds["Yield"])


@given(st.floats(1e-6, 1e4), st.integers(0, 2**31 - 1))
def test_a_quantum_is_at_most_one_percent_of_the_spread(scale: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, scale, (1, 50))
    ds = xr.Dataset({"TMAX": (("site", "time"), values)})
    spread = float(values.std())
    assert 0.006 * spread < rounding.quanta_for(ds)["TMAX"] <= 0.01 * spread * (1 + 1e-9)


def test_wide_ranges_take_wider_integers(tiny_simulation: xr.Dataset, tmp_path: Path) -> None:
    peaky = tiny_simulation.copy(deep=True)
    peaky["N2O_FLUX"][0, 0, 3] = 0.9
    back = store.open_store(store.write_store(peaky, tmp_path / "a.zarr.zip", quanta={"N2O_FLUX": 1e-6}))
    assert float(np.abs(back["N2O_FLUX"] - peaky["N2O_FLUX"]).max()) <= 0.51e-6
    with pytest.raises(DataError, match="too small"):
        store.write_store(peaky, tmp_path / "b.zarr.zip", quanta={"N2O_FLUX": 1e-12})


def test_lazy_data_are_written_too(tiny_simulation: xr.Dataset, tmp_path: Path) -> None:
    back = store.open_store(store.write_store(tiny_simulation.chunk({"time": 100}), tmp_path / "a.zarr"))
    np.testing.assert_array_equal(back["GPP"], tiny_simulation["GPP"])


def test_equal_data_give_equal_bytes(tiny_simulation: xr.Dataset, tmp_path: Path) -> None:
    one, two = (store.write_store(tiny_simulation, tmp_path / n).read_bytes() for n in ("1.zarr.zip", "2.zarr.zip"))
    assert one == two


def test_breach_of_contract_is_not_written(tiny_simulation: xr.Dataset, tmp_path: Path) -> None:
    tiny_simulation["GPP"].attrs["units"] = "kg"
    with pytest.raises(ContractError, match="'GPP' has units 'kg'"):
        store.write_store(tiny_simulation, tmp_path / "a.zarr.zip")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_zip_is_told(tiny_simulation: xr.Dataset, tmp_path: Path, share: float) -> None:
    path = store.write_store(tiny_simulation, tmp_path / "a.zarr.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError, match=r"a\.zarr\.zip.*fresh copy"):
        store.open_store(path)


def test_one_changed_byte_of_a_chunk_is_told(tiny_simulation: xr.Dataset, tmp_path: Path) -> None:
    path = store.write_store(tiny_simulation, tmp_path / "a.zarr.zip")
    store.open_store(path)  # a verdict on the sound file must not stand for the damaged one
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("GPP/0.0.0")
    data = bytearray(path.read_bytes())
    data[entry.header_offset + 30 + len(entry.filename) + entry.file_size // 2] ^= 0xFF
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))
    with pytest.raises(DataError, match=r"GPP/0\.0\.0.*fresh copy"):
        store.open_store(path)


def test_damaged_chunk_in_a_folder_is_told_on_loading(tiny_simulation: xr.Dataset, tmp_path: Path) -> None:
    path = store.write_store(tiny_simulation, tmp_path / "a.zarr")
    (path / "GPP" / "0.0.0").write_bytes(b"not a chunk")
    with pytest.raises(DataError, match=r"a\.zarr holds damaged values"):
        store.load(store.open_store(path))


def test_missing_and_foreign_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data set at .*agroflux data list"):
        store.open_store(tmp_path / "none.zarr.zip")
    (tmp_path / "text.zarr.zip").write_text("hello")
    with pytest.raises(DataError, match="no complete zip"):
        store.open_store(tmp_path / "text.zarr.zip")
    with zipfile.ZipFile(tmp_path / "other.zarr.zip", "w") as archive:
        archive.writestr("readme.txt", "no Zarr here")
    (tmp_path / "empty.zarr").mkdir()
    for name in ("other.zarr.zip", "empty.zarr"):
        with pytest.raises(DataError, match="not a Zarr store"):
            store.open_store(tmp_path / name)


@pytest.mark.parametrize("name", ["a.nc", "A.NC"])
def test_netcdf_opens_too(tiny_observation: xr.Dataset, tmp_path: Path, name: str) -> None:
    tiny_observation.attrs["synthetic"] = 1
    tiny_observation.to_netcdf(tmp_path / name, engine="h5netcdf")
    assert store.open_store(tmp_path / name).sizes["time"] == tiny_observation.sizes["time"]


def test_netcdf_of_the_old_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(b"CDF\x01" + bytes(60))
    with pytest.raises(DataError, match="NetCDF of version 3: save it as NetCDF-4"):
        store.open_store(tmp_path / "a.nc")


def test_what_the_contract_cannot_check_is_told(
    tiny_observation: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_observation.assign_attrs(synthetic=1).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")

    def stumble(*_: object, **__: object) -> None:
        raise KeyError("site")

    monkeypatch.setattr(store.contract, "problems", stumble)
    with pytest.raises(DataError, match=r"a\.nc cannot be checked against the contract \(KeyError: 'site'\)"):
        store.open_store(tmp_path / "a.nc")


@pytest.mark.parametrize("one", [{"site": 0}, {"time": 0}])
def test_a_single_site_or_day_cut_out_of_a_data_set_is_told(
    one: dict[str, int], tiny_observation: xr.Dataset, tmp_path: Path
) -> None:
    tiny_observation.isel(one).assign_attrs(synthetic=1).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(ContractError, match=f"dimension '{next(iter(one))}' is missing"):
        store.open_store(tmp_path / "a.nc")


@pytest.mark.parametrize("name", ["a.zarr.zip", "a.zarr"])
def test_writers_at_once_leave_one_whole_data_set(tiny_simulation: xr.Dataset, tmp_path: Path, name: str) -> None:
    made = [tiny_simulation.assign(GPP=tiny_simulation["GPP"] * 0 + i) for i in range(3)]
    for ds in made:
        ds["GPP"].attrs = tiny_simulation["GPP"].attrs
    failures: list[BaseException] = []

    def write(ds: xr.Dataset) -> None:
        try:
            store.write_store(ds, tmp_path / name)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(ds,)) for ds in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(np.unique(store.open_store(tmp_path / name)["GPP"].values)) == 1
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_writer_that_goes_on_after_the_end_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zarr's threads write on for a while when Ctrl-C has ended the writing, and make their folders anew."""
    # Whether such a thread writes in each pause of the removing.
    late = iter([*[True, False, True, True, False, False] * 2, True])
    folders: list[Path] = []

    def pause(seconds: float) -> None:
        if next(late, False):
            (folders[0] / "store.zarr" / "GPP").mkdir(parents=True)
            (folders[0] / "store.zarr" / "GPP" / "0.0.0").write_bytes(b"late")

    def interrupted() -> None:
        with store._beside(tmp_path / "a.zarr") as work:
            folders.append(work)
            raise KeyboardInterrupt

    monkeypatch.setattr(store.time, "sleep", pause)
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert next(late, None) is None
    assert list(tmp_path.iterdir()) == []
