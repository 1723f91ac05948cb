"""Makes an archive laid out as the published one, from a small world whose physical values are known.

``python -m tests.data.agroflux_archive FOLDER --counties 99 --years 18`` writes the full size (1.7 GB); tests make
three counties and two years. Numbers are random, with the couplings that a reader must find: Reco and N2O negative in
the file, CO2_FLUX of a sign that the caller chooses, drivers equal for all rates of a county, N by rate in corn years.
"""

import argparse
from pathlib import Path

import numpy as np

from agroflux import schema

RATES = np.linspace(0, 33.6, 20)  # g N m-2
X_SCALER = np.array(
    [
        (16.7299, 12.1570), (5.91153, 10.8093), (2.77694, 7.28331), (0.0271866, 0.730844), (0.00273973, 0.0522706),
        (0.564103, 0.495874), (1.35602, 0.154807), (188.332, 157.753), (532.834, 132.951), (6.32661, 0.808509),
        (14.4635, 7.74554),
    ]
)  # fmt: skip
Y_SCALER = np.array(
    [
        (-2.03994, 2.48349), (2.79923, 4.87238), (-0.349259, 2.68429), (273.347, 117.103), (2.93737, 75.1250),
        (15.9583, 12.1542), (8.37414, 9.05588), (13.1905, 8.39363), (10.8672, 7.20586), (11.9953, 6.04398),
        (11.6795, 5.97349), (0.272661, 0.103751), (0.289261, 0.0821463), (0.302144, 0.0732560), (1.52866, 1.51673),
        (-0.000541378, 0.00180778), (28.3954, 31.6099), (4.78124, 17.3625), (4.87884, 8.47990), (2.81425, 3.20629),
    ]
)  # fmt: skip


def county(number: int, years: int, co2_sign: float) -> tuple[np.ndarray, np.ndarray]:
    """Physical values in file signs of one county: drivers (days, 20, 11) and targets (days, 20, 20)."""
    rng = np.random.default_rng(number)
    days = years * 365
    doy = np.tile(np.arange(365), years)
    year = np.repeat(np.arange(years), 365)
    x = np.zeros((days, 20, 11), np.float32)
    corn = ((year + number) % 2 == 0).astype(np.float32)
    warm = 12 - 14 * np.cos(2 * np.pi * (doy - 20) / 365) + rng.normal(0, 3, days)
    x[..., 0], x[..., 1] = (warm + 5)[:, None], (warm - 5)[:, None]
    x[..., 2] = np.where(rng.random(days) < 0.3, rng.gamma(0.5, 8, days), 0)[:, None]
    x[..., 3] = np.where((doy == 130)[:, None], corn[:, None] * RATES[None, :], 0)
    x[..., 4], x[..., 5] = (doy == 125)[:, None], corn[:, None]
    x[..., 6:] = np.array([1.3, 200 + 5 * number, 500, 6.5, 15], np.float32)
    y = (Y_SCALER[:, 0] * (1 + 0.05 * rng.normal(size=(days, 20, 20)).clip(-4, 4))).astype(np.float32)
    season = np.exp(-(((doy - 200) / 35) ** 2))
    gpp = (15 * season * (0.5 + 0.5 * corn))[:, None] * (0.8 + 0.2 * RATES / 33.6)[None, :]
    reco = 1 + 0.4 * gpp + 0.05 * np.maximum(warm, 0)[:, None]
    y[..., 0], y[..., 1], y[..., 2] = -reco, gpp, co2_sign * (reco - gpp)
    y[..., 3] = (300 + 10 * year + number)[:, None]
    y[..., 15] = -0.0001 * (1 + RATES / 10)[None, :] * (1 + season)[:, None]
    return x, y


def _z(values: np.ndarray, scaler: np.ndarray) -> np.ndarray:
    return ((values - scaler[:, 0]) / scaler[:, 1]).astype(np.float32)


def simulation(folder: Path, tag: str, counties: int, years: int, co2_sign: float = 1.0) -> None:
    """``t0_TAG`` and the scalers, written county by county."""
    part = folder / "data_files" / f"t0_{tag}"
    part.mkdir(parents=True, exist_ok=True)
    shape = (years * 365, counties * 20)
    x_file, y_file = part / f"X_{tag}_scaled.npy", part / f"Y_{tag}_scaled_Combined.npy"
    xs = np.lib.format.open_memmap(x_file, "w+", np.float32, (*shape, 11))
    ys = np.lib.format.open_memmap(y_file, "w+", np.float32, (*shape, 20))
    for number in range(counties):
        x, y = county(number, years, co2_sign)
        here = slice(20 * number, 20 * number + 20)
        xs[:, here], ys[:, here] = _z(x, X_SCALER), _z(y, Y_SCALER)
    xs.flush()
    ys.flush()
    scalers(folder)


def scalers(folder: Path) -> None:
    """The published means and standard deviations."""
    part = folder / "data_files" / "t0_scalers"
    part.mkdir(parents=True, exist_ok=True)
    np.save(part / "X_scaler.npy", X_SCALER)
    np.save(part / "Y_scaler_Combined.npy", Y_SCALER)


def observations(folder: Path, days: int = 122) -> None:
    """Six chambers of three seasons and eleven towers of two years; gaps in the measured targets."""
    scalers(folder)
    for name, count in (("t1_n2o", 6), ("t1_co2", 11)):
        (folder / "data_files" / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            x, y = county(number, 3 if name == "t1_n2o" else 2, -1.0)
            x, y = _z(x[:, 10], X_SCALER), _z(y[:, 10], Y_SCALER)
            if name == "t1_n2o":
                x, y = (a.reshape(3, 365, -1)[:, 90 : 90 + days].transpose(1, 0, 2) for a in (x, y))
                ends = (f"X_real_scaled_{number}", f"Y_real_scaled_Combined_{number}")
            else:
                x, y = x[:, None], y[:, None, [schema.TARGETS.index("GPP"), schema.TARGETS.index("CO2_FLUX")]]
                y[5:9] = np.nan
                ends = (f"X_real_scaled_ECfluxnet_{number}", f"Y_real_scaled_ECfluxnet_Combined_{number}")
            for end, values in zip(ends, (x, y), strict=True):
                np.save(folder / "data_files" / name / f"{end}.npy", values)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--counties", type=int, default=3)
    parser.add_argument("--years", type=int, default=2)
    told = parser.parse_args()
    simulation(told.folder, "mw", told.counties, told.years)
    observations(told.folder)
assert len(schema.DRIVERS) == len(X_SCALER) and len(schema.TARGETS) == len(Y_SCALER)
