"""Every network learns: one real site-year by heart, and from a few counties more than the calendar knows."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor, nn

from agroflux import schema
from agroflux.baselines import climatology, registry
from agroflux.data import catalog, windows

TRAIN, TEST = (2013, 2014, 2015, 2016), 2017
THERMAL = [k for k, name in enumerate(schema.TARGETS) if schema.get(name).module == "Thermal"]

#: Small settings and a learning rate with which a few dozen steps do.
FAST = {
    "lstm": (0.02, {"hidden": 48}),
    "ealstm": (0.02, {"hidden": 48}),
    "tcn": (0.01, {"hidden": 32}),
    "transformer": (0.006, {"hidden": 32, "layers": 2, "feed": 64, "window": 32}),
    "itransformer": (0.004, {"context": 96, "near": 32, "layers": 2}),
    "pyraformer": (0.01, {"hidden": 32, "layers": 2, "heads": 2, "feed": 64, "scales": 4}),
}


@dataclass
class Counties:
    """Eight counties at two N rates: standardised drivers and targets ``(series, days, ...)``, NaN = no value."""

    data: xr.Dataset
    x: Tensor
    y: Tensor
    mean: np.ndarray
    std: np.ndarray


@pytest.fixture(scope="module")
def counties() -> Counties:
    part = catalog.open_dataset("cornbelt-century").isel(site=slice(0, 96, 12), scenario=[2, 4])
    part = part.sel(time=slice("2013", "2017"), year=slice(2013, 2017)).load()
    drivers = windows.drivers(part)
    site, scenario = (axis.ravel() for axis in np.indices(drivers.shape[:2]))
    x = drivers.gather(site, scenario, slice(None))
    y = windows.targets(part).reshape(len(x), x.shape[1], -1)
    train = slice(0, 365 * len(TRAIN))
    mean, std = np.nanmean(y[:, train], axis=(0, 1)), np.nanstd(y[:, train], axis=(0, 1))
    scaled = (x - x[:, train].mean((0, 1))) / x[:, train].std((0, 1))
    return Counties(part, torch.from_numpy(scaled), torch.from_numpy((y - mean) / std), mean, std)


def fit(network: nn.Module, rate: float, steps: int, batches: list[tuple[Tensor, Tensor]], skip: int = 0) -> float:
    """A few steps of Adam on the masked squared error of the days after ``skip``; returns the last one."""
    optimiser = torch.optim.Adam(network.parameters(), rate)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 10) * (0.05 + 0.95 * math.cos(math.pi * step / steps / 2) ** 2)
        x, y = batches[step % len(batches)]
        known = ~y.isnan()
        known[:, :skip] = False
        error = (network(x)[known] - y[known]).square().mean()
        optimiser.zero_grad()
        error.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    return float(error.detach())


@pytest.mark.parametrize("name", registry.names())
def test_it_learns_one_site_year_by_heart(name: str, counties: Counties) -> None:
    torch.manual_seed(0)
    rate, settings = FAST[name]
    year = slice(365, 730)
    error = fit(registry.build(name, **settings), rate, 200, [(counties.x[3:4, year], counties.y[3:4, year])])
    assert error < 0.05


@pytest.mark.parametrize("name", registry.names())
def test_it_knows_more_of_a_year_it_never_saw_than_the_calendar_does(name: str, counties: Counties) -> None:
    """Soil temperatures of 2017 after a few steps on 2013-2016, beside climatology of the same counties and years."""
    torch.manual_seed(0)
    rate, settings = FAST[name]
    network = registry.build(name, **settings)
    cuts = [(half, slice(365 * k, 365 * (k + 2))) for k in (0, 1, 2) for half in (slice(0, 16, 2), slice(1, 16, 2))]
    fit(network, rate, 42, [(counties.x[half, days], counties.y[half, days]) for half, days in cuts], skip=365)
    two_years = slice(365 * 3, 365 * 5)
    with torch.no_grad():
        simulated = network.eval()(counties.x[:, two_years])[:, 365:].numpy()[..., THERMAL]
    observed = counties.y[:, 365 * 4 :].numpy()[..., THERMAL]
    days = windows.span(counties.data, [TEST])
    calendar = climatology.fit(counties.data, TRAIN).predict(counties.data, days).reshape(*counties.y[:, days].shape)
    reference = ((calendar - counties.mean) / counties.std)[..., THERMAL]
    assert np.square(simulated - observed).mean() < 0.8 * np.square(reference - observed).mean()
