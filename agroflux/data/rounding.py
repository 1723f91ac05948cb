"""Lossy rounding with a stated error: quanta, and the carbon balance kept through it."""

import math
from collections.abc import Mapping

import xarray as xr

from agroflux import contract

#: Share of a variable's standard deviation that a quantum may be; the error is at most half of it.
SHARE = 0.01
#: Fluxes tied by NEE = Reco - GPP (CO2_FLUX equals NEE in simulations): one quantum for all.
BALANCE = ("Reco", "GPP", "NEE", "CO2_FLUX")
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


def quanta_for(ds: xr.Dataset) -> dict[str, float]:
    """Quantum [unit of the variable] for each variable that varies by day, at most 1 % of its standard deviation.

    Rounding to the nearest multiple errs by at most 0.5 % of the standard deviation. Reco, GPP, NEE and
    CO2_FLUX share one quantum; NEE is then the difference of the other two and errs by up to a whole
    quantum, so its share is half as large. Static and annual values, flags and constants are left alone.
    """
    spread = {str(n): float(a.std()) for n, a in ds.data_vars.items() if _roundable(str(n), a)}
    quanta = {n: _nice(SHARE * s) for n, s in spread.items() if math.isfinite(s) and s > 0}
    if {"Reco", "GPP", "NEE"} <= set(quanta):
        shares = {n: (0.5 if n in ("NEE", "CO2_FLUX") else 1.0) * SHARE for n in BALANCE}
        common = min(_nice(shares[n] * spread[n]) for n in BALANCE if n in quanta)
        quanta |= {n: common for n in BALANCE if n in quanta}
    return quanta


def _roundable(name: str, array: xr.DataArray) -> bool:
    if "time" not in array.dims or array.dtype.kind != "f":
        return False
    return name not in ("PLANTING", "CROP", "FERTZR_N")


def _nice(limit: float) -> float:
    """The largest step 1, 1.2, 1.5 … 8 times a power of ten that is not above ``limit``."""
    power = math.floor(math.log10(limit))
    step = max(s for s in _STEPS if s * 10.0**power <= limit * (1 + 1e-12))
    return float(f"{step:g}e{power}")


def balanced(ds: xr.Dataset, quanta: Mapping[str, float]) -> xr.Dataset:
    """``ds`` with the variables of ``quanta`` on their grid and NEE = Reco - GPP exactly, in multiples.

    CO2_FLUX follows NEE where the two were equal before. Each rounded variable carries ``rounding`` (its quantum).
    """
    out = ds.copy()
    for name, quantum in quanta.items():
        rounded = (ds[name].astype("float64") / quantum).round() * quantum
        out[name] = rounded.astype(ds[name].dtype).assign_attrs({**ds[name].attrs, "rounding": quantum})
    if len({quanta.get(n) for n in ("Reco", "GPP", "NEE")}) == 1 and "NEE" in quanta:
        net = out["Reco"] - out["GPP"]
        same = quanta.get("CO2_FLUX") == quanta["NEE"] and _equal(ds["CO2_FLUX"], ds["NEE"])
        for name in ("NEE", "CO2_FLUX") if same else ("NEE",):
            out[name] = net.where(out[name].notnull()).assign_attrs(out[name].attrs)
    if quanta:
        out.attrs["rounding"] = note(quanta)
    return out


def _equal(one: xr.DataArray, other: xr.DataArray) -> bool:
    """Equal to 1e-4 wherever either has a value, and missing in the same places."""
    gaps = bool((one.isnull() == other.isnull()).all())
    return gaps and bool(((abs(one - other) < 1e-4) | one.isnull()).all())


def note(quanta: Mapping[str, float]) -> str:
    """One sentence on the rounding, for the data set's attributes."""
    parts = [f"{n} {q:g} {contract.unit_of(n)}" for n, q in sorted(quanta.items())]
    return (
        "Values are whole multiples of a quantum; the error is at most half of it "
        "(NEE and CO2_FLUX: one quantum, as the difference of Reco and GPP). Quanta: " + ", ".join(parts)
    )
