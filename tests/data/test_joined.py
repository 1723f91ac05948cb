"""Several simulations as one data set."""

from pathlib import Path

import numpy as np
import pytest

from agroflux.data import catalog, joined, windows
from agroflux.data.store import write_store
from agroflux.errors import DataError
from tests.synthetic_contract import tiny


def _stores(tmp_path: Path) -> tuple[Path, Path]:
    """Two simulators of the same places: the second gives twice the respiration."""
    first = tiny(2, 3, 2)
    second = first.assign(Reco=2 * first["Reco"]).assign_attrs(
        licence="CC-BY-4.0", history="another run", simulator="b"
    )
    return write_store(first, tmp_path / "a.zarr"), write_store(second, tmp_path / "b.zarr")


def test_scenarios_stand_side_by_side_under_the_same_drivers(tmp_path: Path) -> None:
    a, b = _stores(tmp_path)
    both = joined.open_dataset(f"{a}+{b}")
    assert both["scenario"].to_numpy().tolist() == [f"{n}:{s}" for n in "ab" for s in ("n000", "n168", "n336")]
    reco = both["Reco"].to_numpy()
    assert np.array_equal(reco[:, 3:], 2 * reco[:, :3])
    assert both["TMAX"].dims == ("site", "time")
    assert both.attrs["licence"] == "CC0-1.0; CC-BY-4.0"
    assert both.attrs["title"] == "tiny"
    assert both.attrs["history"] == "tests/synthetic_contract.py; another run"
    drivers = windows.drivers(both)
    assert drivers.shape[:2] == (2, 6)


def test_places_names_and_hashes(tmp_path: Path) -> None:
    a, b = _stores(tmp_path)
    place = joined.find(f"{a} + {b}")
    assert (place.id, place.location, place.paths) == ("a+b", "a.zarr+b.zarr", (a, b))
    assert joined.find("cornbelt-century+cornbelt-ceres").id == "cornbelt-century+cornbelt-ceres"
    assert joined.without_folders(f"{a}+{b}") == "a.zarr+b.zarr"
    odd = a.rename(tmp_path / "c+d.zarr")  # a file may be called so
    assert joined.find(odd).paths == (odd,)
    assert joined.open_dataset(odd)["scenario"].size == 3


def test_an_id_goes_before_a_folder_of_that_name_as_where_the_data_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "towers-sample").mkdir()
    monkeypatch.chdir(tmp_path)
    assert joined.find("towers-sample").paths == (catalog.get("towers-sample").path,)
    assert joined.open_dataset("towers-sample").attrs["kind"] == "observation"
    (tmp_path / "of-mine").mkdir()
    assert joined.find("of-mine").paths == (Path("of-mine"),), "what the catalog does not know is a path still"


def test_what_cannot_be_joined_is_refused(tmp_path: Path) -> None:
    a, _ = _stores(tmp_path)
    drier = tiny(2, 3, 2)
    drier["PRECN"] = drier["PRECN"] * 0.5
    other = write_store(drier, tmp_path / "drier.zarr")
    later = write_store(tiny(2, 3, 2, first=2010), tmp_path / "later.zarr")
    for wrong in (other, later):
        with pytest.raises(DataError, match="sites, days, weather or soil differ"):
            joined.open_dataset(f"{a}+{wrong}")
    with pytest.raises(DataError, match="names one data set twice"):
        joined.open_dataset(f"{a}+{a}")
    with pytest.raises(DataError, match="holds no simulations"):
        joined.open_dataset(f"{a}+towers-sample")
    with pytest.raises(DataError, match="no data set called 'nowhere'"):
        joined.find(f"{a}+nowhere")
    gone = tmp_path / "gone.zarr"
    assert joined.find(gone).id == "gone"
    with pytest.raises(DataError, match=r"no data set at .*gone.zarr"):
        joined.open_dataset(gone)


@pytest.mark.parametrize("text", ["cornbelt-century+", "+cornbelt-ceres", "cornbelt-century++cornbelt-ceres"])
def test_a_plus_with_nothing_beside_it_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"names nothing beside a \+"):
        joined.find(text)
