"""Selection: what is asked for, in that order, or a word on why not."""

import numpy as np
import pytest
import xarray as xr

from agroflux.data.select import select, site_ids
from agroflux.errors import SelectionError


def test_sites_as_text_or_number_once_each_in_order(tiny_simulation: xr.Dataset) -> None:
    out = select(tiny_simulation, sites=["19169", 17019, np.int64(19169)])
    assert out["site"].values.tolist() == ["19169", "17019"]
    np.testing.assert_array_equal(out["GPP"][0], tiny_simulation["GPP"].sel(site="19169"))
    assert select(tiny_simulation, sites="19153").sizes["site"] == 1
    assert site_ids([1001, "1003", "US-Ne1"]) == ["01001", "01003", "US-Ne1"]


def test_years_cut_days_and_annual_values(tiny_simulation: xr.Dataset) -> None:
    out = select(tiny_simulation, years=2016)
    assert out["time"].dt.year.values.tolist() == [2016] * 365 and out["year"].values.tolist() == [2016]


def test_rates_and_first_crop(tiny_simulation: xr.Dataset) -> None:
    assert select(tiny_simulation, n_rate=168)["scenario"].values.tolist() == ["n168"]
    by_site = tiny_simulation.assign_coords(first_crop=("site", ["corn", "soybean", "corn"]))
    assert select(by_site, first_crop="corn")["site"].values.tolist() == ["17019", "19169"]
    by_scenario = tiny_simulation.assign_coords(first_crop=("scenario", ["corn", "soybean"]))
    assert select(by_scenario, first_crop="soybean")["scenario"].values.tolist() == ["n168"]
    with pytest.raises(SelectionError, match="nothing is left"):
        select(by_site, sites="19153", first_crop="corn")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"sites": ["99999"]}, r"99999.*holds 3 site\(s\): 17019"),
        ({"sites": [str(n) for n in range(50001, 50010)]}, "and 4 more"),
        ({"sites": []}, "at least one county"),
        ({"sites": [1.5]}, "is no site"),
        ({"sites": 123456}, "five digits"),
        ({"sites": True}, "is no site"),
        ({"years": [2015, 2020]}, "2020.*2015 to 2016"),
        ({"years": []}, "no year"),
        ({"years": ["2015"]}, "whole numbers"),
        ({"n_rate": 100}, "100 kg N ha-1.*0, 168"),
        ({"n_rate": []}, "no nitrogen rate"),
        ({"first_crop": "wheat"}, "corn or soybean"),
        ({"first_crop": "corn"}, "does not tell"),
    ],
)
def test_what_cannot_be_had_is_said(tiny_simulation: xr.Dataset, asked: dict[str, object], words: str) -> None:
    with pytest.raises(SelectionError, match=words):
        select(tiny_simulation, **asked)  # type: ignore[arg-type]


def test_observations_have_no_rates(tiny_observation: xr.Dataset) -> None:
    with pytest.raises(SelectionError, match="no nitrogen rates"):
        select(tiny_observation, n_rate=168)


def test_a_site_may_be_called_by_a_number(tiny_simulation: xr.Dataset) -> None:
    plots = tiny_simulation.assign_coords(site=["1", "2", "00002"])
    assert select(plots, sites=["2", 1])["site"].values.tolist() == ["2", "1"]
    assert select(plots.isel(site=[0, 2]), sites=2)["site"].values.tolist() == ["00002"]


def test_several_rates_are_all_kept(tiny_simulation: xr.Dataset) -> None:
    assert select(tiny_simulation, n_rate=[168, 0])["n_rate"].to_numpy().tolist() == [0.0, 168.0]
