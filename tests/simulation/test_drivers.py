"""What an emulator is told of a case is what the engine does: the same plantings, nitrogen and crops."""

import sys

import numpy as np
import pytest

from agroflux import contract, schema
from agroflux.errors import SelectionError
from agroflux.simulation import dssat, workspace
from agroflux.simulation.drivers import HISTORY_YEARS, driver_set
from agroflux.simulation.runs import Case
from agroflux.simulation.whatif import Change

YEARS = (2000, 2001)


def test_drivers_keep_the_contract_and_hold_all_that_models_need() -> None:
    change = Change(n_rate=84)
    ds = driver_set([Case(fips, YEARS, change) for fips in ("19027", "19015")])
    contract.validate(ds, values=True)
    assert set(schema.DRIVERS) <= set(ds.data_vars)
    assert ds.sizes == {"site": 2, "time": 365 * (2 + HISTORY_YEARS), "scenario": 1}
    assert ds["site"].values.tolist() == ["19027", "19015"]
    assert ds["n_rate"].item() == 84
    with pytest.raises(SelectionError, match="one change"):
        driver_set([Case("19027", YEARS), Case("19027", YEARS, change)])


@pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")
def test_management_is_that_of_the_engines_run() -> None:
    case = Case("19027", YEARS, Change(n_timing="split", planting=7))
    scenario, site = case.build()
    with workspace.scratch() as folder:
        daily = dssat.run(scenario, site, folder / "r", dssat.prepare_home(folder)).daily
    ds = driver_set([case]).sel(site="19027", time=slice("2000", "2001"))
    for name in ("PLANTING", "FERTZR_N", "CROP"):
        np.testing.assert_allclose(ds[name], daily[name].reindex(ds["time"].to_index()), rtol=1e-6)
    assert ds["FERTZR_N"].sum() == pytest.approx(16.8)
