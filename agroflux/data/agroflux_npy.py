"""Reader of the published AgroFlux archive (arXiv 2602.01614): z-scored NumPy arrays, back to physical units.

Layout (NaN is missing; days are consecutive 365-day years without 29 February):

====================================  ==========================  =============================================
file                                  shape                       what
====================================  ==========================  =============================================
t0_mw/X_mw_scaled.npy                 (days, 99 x 20, 11)         drivers of Ecosys, county i and rate j at 20 i + j
t0_mw/Y_mw_scaled_Combined.npy        (days, 99 x 20, 20)         its targets; ``dc`` for DayCent
t1_n2o/{X,Y}_real_scaled…_{0..5}.npy  (days, years, features)     six N2O chambers
t1_co2/{X,Y}_real_…_{0..10}.npy       (days, 1, 11 and 2)         eleven towers; Y = GPP, CO2_FLUX
t0_scalers/X_scaler.npy               (11, 2)                     mean and standard deviation of each driver
t0_scalers/Y_scaler_Combined.npy      (20, 2)                     the same of each target
====================================  ==========================  =============================================

Value = z x std + mean, in the units of :mod:`agroflux.schema`. Reco and N2O_FLUX are negative in the files where the
land emits and are turned. The sign of CO2_FLUX is not documented: :func:`decide_sign` tells it from the data and
words the evidence. Arrays are memory-mapped and never unpickled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from agroflux import schema
from agroflux.errors import DataError

RATES = 20
DAYS = 365
#: name of a simulation -> (tag in the file names, first year, label). The years are those of the simulators' papers.
SIMULATIONS = {"ecosys": ("mw", 2001, "Ecosys"), "daycent": ("dc", 2000, "DayCent")}
#: Targets that the files carry negative where the land emits.
TURNED = ("Reco", "N2O_FLUX")
TOWER_TARGETS = ("GPP", "CO2_FLUX")
VARIABLE_MAP: dict[str, int] = {n: i for names in (schema.DRIVERS, schema.TARGETS) for i, n in enumerate(names)}
_JULY = 7
_ANY_YEAR = 2001  # of 365 days, for arrays without dates


@dataclass(frozen=True, slots=True)
class Scaler:
    """Mean and standard deviation by variable name."""

    mean: Mapping[str, float]
    std: Mapping[str, float]

    def physical(self, name: str, z: np.ndarray) -> np.ndarray:
        """Values of variable ``name`` in its unit, from z-scores of any shape; float32, file signs."""
        return (z * np.float32(self.std[name]) + np.float32(self.mean[name])).astype(np.float32, copy=False)


def find(folder: str | Path, name: str) -> Path:
    """The one file called ``name`` below ``folder``; DataError where there is none or there are several."""
    held = sorted(Path(folder).rglob(name)) if Path(folder).is_dir() else []
    if len(held) != 1:
        what = f"{len(held)} files called {name}" if held else f"no file called {name}"
        raise DataError(f"{folder} holds {what}: give the folder of the AgroFlux archive as downloaded")
    return held[0]


def mapped(path: Path, dimensions: int) -> np.ndarray:
    """A memory-mapped array of floats with so many ``dimensions``; DataError for anything else (pickles too)."""
    try:
        array: np.ndarray = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path.name} is no NumPy array that can be mapped ({error}): download it again") from error
    if array.ndim != dimensions or array.dtype.kind != "f":
        raise DataError(
            f"{path.name} is {array.dtype} of shape {array.shape}: {dimensions} dimensions of floats are due"
        )
    return array


def scaler(folder: str | Path, which: str) -> Scaler:
    """The archive's scaler of drivers (``X_scaler``) or targets (``Y_scaler_Combined``)."""
    names = schema.DRIVERS if which == "X_scaler" else schema.TARGETS
    table = np.asarray(mapped(find(folder, f"{which}.npy"), 2), dtype=float)
    if table.shape != (len(names), 2) or not np.isfinite(table).all() or not (table[:, 1] > 0).all():
        raise DataError(f"{which}.npy has shape {table.shape} or a spread that is not positive: download it again")
    return Scaler(dict(zip(names, table[:, 0], strict=True)), dict(zip(names, table[:, 1], strict=True)))


@dataclass(frozen=True, slots=True)
class Sign:
    """``factor`` turns the file's CO2_FLUX into house sign (positive to the air); ``why`` words the evidence."""

    factor: float
    why: str


def decide_sign(
    co2: np.ndarray, gpp: np.ndarray, reco: np.ndarray | None = None, *, days: pd.DatetimeIndex | None = None
) -> Sign:
    """Tell the sign of CO2_FLUX (..., days) from respiration minus GPP, or from GPP alone, in house signs.

    With ``reco`` the sign that closes NEE = Reco - GPP with the smaller root mean square is taken; without, the sign
    that makes the flux fall as GPP rises. The mean of July is told as well, where ``days`` [dates of the last axis]
    hold one; None: years of 365 days from 1 January. All fluxes in g C m-2 d-1. DataError where the data cannot tell.
    """
    held = np.isfinite(co2) & np.isfinite(gpp)
    if reco is not None:
        held &= np.isfinite(reco)
    if held.sum() < 2:
        raise DataError("the sign of CO2_FLUX cannot be told: no day holds CO2_FLUX and GPP together")
    if reco is not None:
        net = reco[held] - gpp[held]
        as_is, turned = (float(np.sqrt(np.mean((sign * co2[held] - net) ** 2))) for sign in (1.0, -1.0))
        factor = 1.0 if as_is <= turned else -1.0
        why = f"root mean square against Reco - GPP is {as_is:.3g} as in the file and {turned:.3g} g C m-2 d-1 turned"
    else:
        together = float(np.corrcoef(co2[held], gpp[held])[0, 1])
        factor = 1.0 if together <= 0 else -1.0
        why = f"its correlation with GPP in the file is {together:.2f}"
    told = "turned" if factor < 0 else "kept as in the file"
    when = pd.DatetimeIndex(noleap_days(_ANY_YEAR, co2.shape[-1])) if days is None else days
    return Sign(factor, f"CO2_FLUX is {told}: {why}; {_july(co2 * factor, when)}")


def _july(co2: np.ndarray, days: pd.DatetimeIndex) -> str:
    """The mean of CO2_FLUX (..., days) [g C m-2 d-1] in July in words; by date, as seasons start on any day."""
    held = co2[..., np.asarray(days.month) == _JULY]
    if not np.isfinite(held).any():
        return "no day of July holds it"
    return f"mean of July then {float(np.nanmean(held)):.2f} g C m-2 d-1 (negative is uptake)"


def noleap_days(first_year: int, n_days: int) -> np.ndarray:
    """``n_days`` consecutive days from 1 January of ``first_year``, 29 February left out; datetime64[D]."""
    years = -(-n_days // DAYS)
    days = np.arange(f"{first_year}-01-01", f"{first_year + years}-01-01", dtype="datetime64[D]")
    text = np.char.endswith(days.astype(str), "02-29")
    return np.asarray(days[~text][:n_days])
