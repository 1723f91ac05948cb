"""The page "Simulated against observed" with data sets of one's own: odd titles, weather alone, several phases."""

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from agroflux import schema
from agroflux.data import catalog, importing
from agroflux.data.store import write_store
from agroflux.ui import compare_panels, compare_sources, show
from tests.pages import untrained
from tests.pages.opened import figure, open_page

CARROLL = "19027"


@pytest.fixture(scope="module", autouse=True)
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder with one small untrained model."""
    with untrained.installed(tmp_path_factory.mktemp("models")):
        yield


_open = partial(open_page, "compare")


def _said(app: AppTest) -> str:
    return " ".join(str(box.value).replace("\\", "") for box in (*app.info, *app.warning, *app.error))


def test_weather_alone_is_nothing_to_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    tower = catalog.open_dataset("towers-sample").sel(site=["US-Tw3"]).load()
    importing.save(tower[["TMAX", "TMIN", "PRECN"]], "weather")
    app = _open(compare_where="weather")
    assert not app.exception and not app.error
    assert "holds no flux" in _said(app)


def test_measured_yields_are_compared_year_by_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    tower = catalog.open_dataset("towers-sample").sel(site=["US-Tw3"])[["GPP"]].load()
    grain = ("site", "year"), [[9.0, np.nan, 11.0]], {"units": schema.get("Yield").unit}
    importing.save(
        tower.drop_dims("year", errors="ignore").assign(Yield=grain).assign_coords(year=[2013, 2014, 2015]), "f"
    )
    app = _open(compare_where="f", var="Yield", compare_sources="f")
    assert not app.exception and not app.error
    assert app.session_state["w.years"] == (2013, 2015)
    assert [bars["x"] for bars in figure(app, 0)["data"]] == [["2013", "2015"]]


def test_data_sets_of_one_title_stay_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    counties = catalog.open_dataset("cornbelt-century").sel(site=[CARROLL])[["GPP"]].load()
    tower = catalog.open_dataset("towers-sample").sel(site=["US-Tw3"])[["GPP"]].load()
    for number in (1, 2):
        importing.save(counties.assign(GPP=counties["GPP"] * number).assign_attrs(title="A trial"), f"trial-{number}")
        importing.save(tower.assign_attrs(title="My tower"), f"tower-{number}")
    app = _open(sites=CARROLL, var="GPP", compare_sources="trial-1,trial-2", agg="annual")
    assert not app.exception and not app.error
    first, second = (trace["y"] for trace in figure(app, 0)["data"])
    assert first != second, "each is drawn"
    mine = [name for group in app.get("button_group") for name in group.options if name.startswith("My tower")]
    assert len(mine) == len(set(mine)) == 2
    simulators = open_page("sites").selectbox[0].options
    assert len(set(simulators)) == len(simulators) == 4


def test_a_title_with_a_slash_can_be_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    made: list[Any] = []
    monkeypatch.setattr(compare_panels.show, "netcdf", lambda make, *_: made.append(show._netcdf_bytes(make())))
    counties = catalog.open_dataset("cornbelt-century").sel(site=[CARROLL])[["GPP"]].load()
    importing.save(counties.assign_attrs(title="N/P trial"), "trial")
    app = _open(sites=CARROLL, var="GPP", compare_sources="trial")
    assert not app.exception and not app.error
    with xr.open_dataset(io.BytesIO(made[0]), engine="h5netcdf") as ds:
        assert list(ds.data_vars) == ["GPP_n_p_trial"]


def test_a_record_tells_its_drivers_only_where_no_day_lacks_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    ds = catalog.open_dataset("towers-sample").load().drop_encoding()
    names = [name for name in schema.DRIVERS if name not in ds]
    site = xr.DataArray(np.ones(ds.sizes["site"]), dims="site")
    ds = ds.assign({name: site.assign_attrs(units=schema.get(name).unit) for name in names})
    for name in schema.DRIVERS:
        ds[name] = ds[name].fillna(1.0).assign_attrs(ds[name].attrs)
    gap = ds.assign(TMAX=ds["TMAX"].where(ds["time"] != ds["time"][9]).assign_attrs(ds["TMAX"].attrs))
    for data, part in (("whole", ds), ("gap", gap)):
        write_store(part, tmp_path / "datasets" / f"{data}.zarr")
    assert compare_sources.has_all_drivers("whole") and not compare_sources.has_all_drivers("gap")


def test_of_data_with_both_rotation_phases_the_one_that_is_drawn_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    one = catalog.open_dataset("cornbelt-century").sel(site=[CARROLL], scenario=["n168"]).load().drop_encoding()
    both = xr.concat([one, one.assign_coords(scenario=["n168-soybean"])], "scenario", data_vars="minimal")
    importing.save(both.assign_attrs(title="Both phases"), "both")
    told = "Of Both phases one rotation phase is shown: the first of 2 rotation phases, n168."
    app = _open(sites=CARROLL, var="GPP", rate="168", years="2016-2016", compare_sources="both,cornbelt-century")
    assert not app.exception and told in _said(app)
    app = _open(sites=CARROLL, var="GPP", rate="168", years="2016-2016", compare_sources="cornbelt-century")
    assert not app.exception and told not in _said(app)
