"""Fixtures that every test may use: no network, a user folder of its own, two small data sets."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if "PYTEST_XDIST_WORKER" in os.environ:  # one of several that share the cores; read when numpy and torch load
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, settings

from agroflux import schema
from tests import offline

ROOT = Path(__file__).resolve().parent.parent
MAIN = sys.modules["__main__"]

# Time limits of one example say more about a busy machine than about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_configure() -> None:
    """Keep tests out of the user's own folder and away from a browser on the screen."""
    os.environ.setdefault("STREAMLIT_SERVER_HEADLESS", "true")
    os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")


@pytest.fixture(scope="session", autouse=True)
def user_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """``AGROFLUX_DATA`` for the whole run: what tests write lands here, what a user has is not seen."""
    folder = tmp_path_factory.mktemp("agroflux-user")
    before = os.environ.get("AGROFLUX_DATA")
    os.environ["AGROFLUX_DATA"] = str(folder)
    yield folder
    if before is None:
        del os.environ["AGROFLUX_DATA"]
    else:
        os.environ["AGROFLUX_DATA"] = before


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Nothing at run time may need the internet: a connection to anything but this machine fails."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, offline.guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture(autouse=True)
def own_main() -> None:
    """``__main__`` is what started the tests: AppTest leaves the page it ran there, which a new process would run."""
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="session")
def measured() -> Path:
    """Folder of real measurement files kept beside the checkout; the test skips where it is absent."""
    folder = ROOT.parent / "shared" / "data" / "observed"
    if not folder.is_dir():
        pytest.skip(f"no measurement files at ../shared/data/observed (looked in {folder})")
    return folder


def _attrs(kind: str, calendar: str) -> dict[str, Any]:
    text = dict.fromkeys(("title", "source", "licence", "citation", "history"), "made by tests/conftest.py")
    return {**text, "kind": kind, "calendar": calendar, "synthetic": True}


def noleap_days(first: int, last: int) -> np.ndarray:
    """Days of the years ``first``..``last`` without 29 February (days,), datetime64[ns]."""
    days = np.arange(f"{first}-01-01", f"{last + 1}-01-01", dtype="datetime64[D]")
    leap = np.char.endswith(days.astype(str), "02-29")
    return np.asarray(days[~leap].astype("datetime64[ns]"))


def _variable(name: str, dims: tuple[str, ...], sizes: dict[str, int], rng: np.random.Generator) -> xr.Variable:
    known = schema.get(name)
    middle, spread = (known.low + known.high) / 2, (known.high - known.low) / 20
    values = middle + spread * rng.uniform(-1, 1, [sizes[d] for d in dims])
    return xr.Variable(dims, values.astype("float32"), {"units": known.unit, "long_name": known.label})


@pytest.fixture
def tiny_simulation() -> xr.Dataset:
    """A simulation that keeps the contract: 3 counties x 2 N rates x 2 noleap years, numbers without meaning."""
    rng = np.random.default_rng(7)
    time = noleap_days(2015, 2016)
    sizes = {"site": 3, "scenario": 2, "time": len(time), "year": 2}
    shape = {"TMAX": ("site", "time"), "SAND": ("site",), "Yield": ("site", "scenario", "year")}
    names = ("TMAX", "SAND", "GPP", "Reco", "NEE", "N2O_FLUX", "Yield")
    return xr.Dataset(
        {n: _variable(n, shape.get(n, ("site", "scenario", "time")), sizes, rng) for n in names},
        coords={
            "site": ["17019", "19153", "19169"],
            "scenario": ["n000", "n168"],
            "time": time,
            "year": [2015, 2016],
            "lat": ("site", [40.1, 41.7, 42.0]),
            "lon": ("site", [-88.2, -93.6, -93.5]),
            "site_name": ("site", ["Champaign", "Polk", "Story"]),
            "state": ("site", ["IL", "IA", "IA"]),
            "n_rate": ("scenario", [0.0, 168.0]),
        },
        attrs=_attrs("simulation", "noleap"),
    )


@pytest.fixture
def tiny_observation() -> xr.Dataset:
    """An observation that keeps the contract: 1 site x 60 days of NEE with its quality share."""
    rng = np.random.default_rng(7)
    time = np.arange("2016-02-01", "2016-04-01", dtype="datetime64[D]").astype("datetime64[ns]")
    sizes = {"site": 1, "time": len(time)}
    nee = _variable("NEE", ("site", "time"), sizes, rng)
    share = xr.Variable(("site", "time"), rng.uniform(0, 1, (1, len(time))), {"units": "1"})
    return xr.Dataset(
        {"NEE": nee, "NEE_qc": share},
        coords={
            "site": ["US-Xx1"],
            "time": time,
            "lat": ("site", [41.0]),
            "lon": ("site", [-96.0]),
            "site_name": ("site", ["Test field"]),
            "state": ("site", ["NE"]),
        },
        attrs=_attrs("observation", "standard"),
    )
