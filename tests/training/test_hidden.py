"""Management that is not known: a NaN is masked as it is for measured fields, and training hides more at random."""

import numpy as np
import pytest
import torch
import xarray as xr

from agroflux import schema
from agroflux.baselines import climatology
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import windows
from agroflux.errors import DataError
from agroflux.inference.predict import predict
from agroflux.training import adversarial, batches
from agroflux.training.module import Supervised
from tests.synthetic_contract import tiny

MANAGEMENT = [k for k, name in enumerate(schema.DRIVERS) if schema.get(name).module == "Management"]
OTHERS = [k for k in range(len(schema.DRIVERS)) if k not in MANAGEMENT]


@pytest.fixture(scope="module")
def partly() -> xr.Dataset:
    """A data set that does not tell the crop of the second site."""
    ds = tiny(3, 2, 4)
    ds["CROP"][1] = np.nan
    return ds


@pytest.fixture(scope="module")
def arrays(partly: xr.Dataset) -> batches.Arrays:
    return batches.load(partly, (2000, 2001), range(2000, 2004))[0]


def test_only_management_may_be_unknown(partly: xr.Dataset) -> None:
    with pytest.raises(DataError, match="CROP"):
        windows.drivers(partly)
    assert windows.drivers(partly, unknown=True).shape == (3, 2, 4 * 365)
    rainless = partly.copy()
    rainless["PRECN"] = rainless["PRECN"].where(rainless["PRECN"] > 0)
    with pytest.raises(DataError, match=r"PRECN have"):
        windows.drivers(rainless, unknown=True)


def test_planting_crop_and_nitrogen_of_a_site_year_are_hidden_together(arrays: batches.Arrays) -> None:
    every = batches.cut(arrays, range(2000, 2004), 2)
    hidden = batches.hide(every, 0.3, (1, 2))
    assert hidden.shape == (len(every), 2)
    assert 0.1 < hidden.mean() < 0.6
    assert (hidden == batches.hide(every, 0.3, (1, 2))).all()
    plain = batches.Batches(arrays, every, 5)
    masked, shares = batches.Batches(arrays, every, 5, hidden=hidden), []
    for number in range(len(plain)):
        (x, y), (hid, same) = plain[number], masked[number]
        torch.testing.assert_close(hid[..., OTHERS], x[..., OTHERS])
        torch.testing.assert_close(same, y, equal_nan=True)
        gone = torch.isnan(hid[..., MANAGEMENT]).unflatten(1, (2, 365))
        want = torch.from_numpy(hidden[number * 5 : number * 5 + 5])
        # The crop of the second site is unknown whether hidden or not.
        torch.testing.assert_close(gone[:, :, :, :2].all(dim=(2, 3)), want)
        assert not gone[..., :2][~want].any()
        shares.append([batches.Batches(arrays, every, 5, (k, 2), hidden)[number][0] for k in (0, 1)])
        torch.testing.assert_close(shares[-1][1], hid[1::2], equal_nan=True)


def test_training_masks_the_unknown_as_adaptation_does(arrays: batches.Arrays, small: Checkpoint) -> None:
    seen: list[torch.Tensor] = []

    class Watched(torch.nn.Module):
        def forward(self, x: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
            seen.append(known)
            predicted: torch.Tensor = small.network(x, known)
            return predicted

    every = batches.cut(arrays, range(2000, 2004), 2)
    x, y = batches.Batches(arrays, every, len(every), hidden=batches.hide(every, 0.5, (0,)))[0]
    module = Supervised(Watched(), torch.ones(len(schema.TARGETS)), 365, 1e-3, 0.9, lambda step: 0.0)
    squares, count = module._sums(module.network, (x, y))
    assert (seen[0] == ~torch.isnan(x)).all()
    assert torch.isfinite(squares[count > 0]).all()


def test_a_prediction_takes_the_unknown_for_the_mean(partly: xr.Dataset, small: Checkpoint) -> None:
    mean = partly.copy(deep=True)
    mean["CROP"][1] = small.drivers.mean[small.drivers.names.index("CROP")]
    assert mean["CROP"][0].equals(partly["CROP"][0])
    np.testing.assert_allclose(predict(small, partly)["GPP"], predict(small, mean)["GPP"], rtol=1e-4, atol=1e-4)


def test_climatology_has_a_group_of_unknown_crops(partly: xr.Dataset) -> None:
    found = climatology.fit(partly, (2000, 2001)).predict(partly, slice(0, 365))
    gpp = schema.TARGETS.index("GPP")
    own = partly["GPP"][1].to_numpy().reshape(2, 4, 365)[:, :2].mean(axis=1)
    np.testing.assert_allclose(found[1, :, :, gpp], own, rtol=1e-4)


def test_simulated_windows_tell_what_is_unknown(partly: xr.Dataset, shipped: Checkpoint) -> None:
    windows_ = adversarial.simulated(partly, shipped, count=40)
    crop = shipped.drivers.names.index("CROP")
    of_second = np.array([site == str(partly["site"].to_numpy()[1]) for site, _ in windows_.keys])
    assert of_second.any()
    assert not windows_.known[of_second][..., crop].any()
    assert windows_.known[~of_second].all()
    assert np.isfinite(windows_.drivers).all()
