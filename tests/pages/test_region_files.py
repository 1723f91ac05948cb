"""What "Run on a region" says of where a result comes from: on the page, in its files, and after a file changed."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from agroflux.data import catalog
from tests.pages import untrained
from tests.pages.opened import open_page, press

pytestmark = pytest.mark.usefixtures("two_models")

TWO = "19027,17019"
AT = {"sites": TWO, "years": "2015-2016", "var": "ET"}
BANNER = "Synthetic data in view"


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """The file of a simulation of one's own: two counties of a bundled one, two years and one rate."""
    ds = catalog.open_dataset("cornbelt-century").sel(site=TWO.split(",")).sel(time=slice("2015", "2016"))
    path = tmp_path / "datasets" / "fields.nc"
    path.parent.mkdir()
    _write(ds.sel(year=[2015, 2016]).isel(scenario=[2]).load(), path, title="Fields of mine", synthetic=0)
    return path


def _write(ds: xr.Dataset, path: Path, **attrs: Any) -> None:
    """Put ``ds`` in the place of the file at ``path``, which may be open."""
    made, new = ds.drop_encoding(), path.with_suffix(".new")
    made.attrs = {name: value for name, value in ds.attrs.items() if not isinstance(value, bool)} | attrs
    made.to_netcdf(new, engine="h5netcdf")
    new.replace(path)


def _said(app: AppTest) -> str:
    return " ".join(str(box.value).replace("\\", "") for box in (*app.info, *app.warning, *app.error))


def test_the_file_of_one_model_says_where_its_figures_come_from(
    fields: Path, region_files: dict[str, pd.DataFrame]
) -> None:
    press(open_page("region", data="fields", model="second", rate="168", **AT), "Run")
    (name,) = region_files
    assert name == "region-second-ET-2015-2016-n168"
    told = region_files[name].iloc[:, 6:]  # behind FIPS, county, its years of corn, the mean and both years
    assert told.columns.tolist() == ["data", "model", "years", "n_rate_kg_n_ha", "crop_years", "synthetic"]
    assert told.to_numpy().tolist() == [["fields", "second", "2015-2016", 168.0, "both", "no"]] * 2


def test_the_file_of_several_models_does_and_another_rate_has_another_name(
    region_files: dict[str, pd.DataFrame],
) -> None:
    app = press(open_page("region", model="first,second", rate="84", **AT), "Run")
    told = region_files["region-2-models-ET-2015-2016-n84"].iloc[0]
    assert told[["data", "years", "n_rate_kg_n_ha", "synthetic"]].tolist() == [
        "cornbelt-century", "2015-2016", 84.0, "no",
    ]  # fmt: skip
    assert "model" not in told, "each has a column of its own"
    app.selectbox(key="w.rate").set_value(168.0).run()
    press(app, "Run")
    assert "region-2-models-ET-2015-2016-n168" in region_files


def test_synthetic_drivers_bring_the_banner_which_stays_with_their_result(
    fields: Path, region_files: dict[str, pd.DataFrame]
) -> None:
    _write(xr.load_dataset(fields, engine="h5netcdf"), fields, title="Fields of dice", synthetic=1)
    app = open_page("region", data="fields", **AT)
    assert f"{BANNER}:** Fields of dice" in _said(app)
    press(app, "Run")
    assert BANNER in _said(app)
    assert set(next(iter(region_files.values()))["synthetic"]) == {"yes"}
    app.selectbox(key="w.data").set_value("cornbelt-century").run()
    assert BANNER in _said(app) and "earlier choice" in _said(app)
    press(app, "Run")
    assert BANNER not in _said(app)


def test_of_data_with_both_rotation_phases_the_one_that_is_shown_is_named(fields: Path) -> None:
    ds = xr.load_dataset(fields, engine="h5netcdf")
    rate = ds.sel(scenario=["n168"])
    _write(xr.concat([rate, rate.assign_coords(scenario=["other"])], "scenario", data_vars="minimal"), fields)
    app = press(open_page("region", data="fields", rate="168", **AT), "Run")
    assert [one for one in app.caption if "Shown is the first of 2 rotation phases, n168;" in one.value]


def test_a_result_whose_data_or_model_was_replaced_says_so(fields: Path, two_models: Path) -> None:
    app = press(open_page("region", data="fields", **AT), "Run")
    assert "earlier choice" not in _said(app.run())
    ds = xr.load_dataset(fields, engine="h5netcdf")
    _write(ds.assign(TMAX=ds["TMAX"].copy(data=ds["TMAX"] - 8)), fields)
    assert "earlier choice" in _said(app.run())
    assert "earlier choice" not in _said(press(app, "Run"))
    untrained.save(two_models, "first", seed=7)
    assert "earlier choice" in _said(app.run())
