"""The formats that can be imported: one reader each, what its data are called, and how a file is recognised."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import xarray as xr

from agroflux.data import ameriflux, contract_file, fluxnet, n2o_chambers
from agroflux.data.archives import tables
from agroflux.data.report import Report
from agroflux.data.text_table import columns_of
from agroflux.data.towers import Reading
from agroflux.errors import DataError


@dataclass(frozen=True, slots=True)
class Options:
    """How to read, where a format leaves a choice.

    ``choice``: version of FLUXNET fluxes. ``derive_temperature``: rebuild TMAX and TMIN where a daily file has none.
    ``columns``: what the columns of a chamber table are; None guesses.
    """

    choice: fluxnet.Choice = field(default_factory=fluxnet.Choice)
    derive_temperature: bool = True
    columns: n2o_chambers.Columns | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One format: name on the command line, label, what to cite and under which terms, and its reader.

    A reader gives tables of sites, or a whole data set where the file is one already.
    """

    name: str
    label: str
    licence: str
    citation: str
    read: Callable[[Path, Options, Report], list[Reading] | xr.Dataset]


def _fluxnet(path: Path, options: Options, report: Report) -> list[Reading]:
    rule = fluxnet.Hargreaves() if options.derive_temperature else None
    return fluxnet.read(path, choice=options.choice, derive_temperature=rule, report=report)


def _base(path: Path, options: Options, report: Report) -> list[Reading]:
    return ameriflux.read(path, report=report)


def _saha(path: Path, options: Options, report: Report) -> list[Reading]:
    return n2o_chambers.read_saha(path, report=report)


def _chambers(path: Path, options: Options, report: Report) -> list[Reading]:
    return n2o_chambers.read(path, options.columns, report=report)


def _netcdf(path: Path, options: Options, report: Report) -> xr.Dataset:
    return contract_file.read(path)


_ONEFLUX = "Pastorello et al. (2020), doi 10.1038/s41597-020-0534-3"
_OWN_DOI = "cite the site's own DOI, which its page in the network's archive gives"
#: name -> format, in the order in which they are offered.
FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "fluxnet",
            "FLUXNET2015 or AmeriFlux FLUXNET (daily or half-hourly)",
            "CC-BY-4.0 (FLUXNET2015 and AmeriFlux data policies)",
            f"{_ONEFLUX}; {_OWN_DOI}",
            _fluxnet,
        ),
        Format(
            "icos",
            "ICOS or European Fluxes in FLUXNET naming",
            "CC-BY-4.0 (ICOS data policy)",
            f"{_ONEFLUX}; {_OWN_DOI}",
            _fluxnet,
        ),
        Format(
            "ameriflux",
            "AmeriFlux BASE (half-hourly or hourly)",
            "CC-BY-4.0 (AmeriFlux data policy)",
            f"Chu et al. (2023), doi 10.1038/s41597-023-02531-2; {_OWN_DOI}",
            _base,
        ),
        Format(
            "saha-n2o",
            "N2O of Saha et al. (2021), workbook or CSV",
            "CC0-1.0 (Dryad)",
            "Saha et al. (2021), doi 10.1088/1748-9326/abd2f3; data doi 10.5061/dryad.bnzs7h493",
            _saha,
        ),
        Format(
            "n2o",
            "N2O chambers, any long table (date, plot, flux)",
            "as told by the owner of the data",
            "as told by the owner of the data",
            _chambers,
        ),
        Format("netcdf", "A data set of the contract (NetCDF)", "", "", _netcdf),
    )
}


#: How the networks name the files of a format.
_NAMES = {
    "ameriflux": "_BASE_",
    "fluxnet": r"^(FLX|AMF)_.*FLUXNET",
    "icos": r"^(ICOSETC|EUF|EUFLUX)_",
    "saha-n2o": r"^Saha_et_al.*[.]xlsx$",
}


def get(name: str) -> Format:
    """The format called ``name``; DataError names the known ones."""
    if name not in FORMATS:
        raise DataError(f"unknown format {name[:40]!r}: choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


def of_others(path: str | Path, name: str) -> dict[str, str]:
    """Files at ``path`` that are not read as the format ``name``, since their names tell another one: file -> format.

    Empty where all names tell another: who says that they are ``name`` knows better.
    """
    named = {member.name: _of_name(member.name) for member in tables(path)}
    others = {file: form for file, form in named.items() if form and get(form).read is not get(name).read}
    return others if len(others) < len(named) else {}


def _of_name(file: str) -> str:
    """The format that the networks give files of this name; empty for any other name."""
    return next((form for form, pattern in _NAMES.items() if re.search(pattern, file)), "")


def detect(path: str | Path) -> str:
    """The format of a file, folder or zip, told from names and headers; DataError if it is none of them."""
    if Path(path).suffix.lower() == ".nc":
        return "netcdf"
    given = tables(path)
    for member in given:
        if named := _of_name(member.name):
            return named
    header = set(columns_of(given[0], Report()))
    if header & {"NEE_VUT_REF", "NEE_CUT_REF"}:
        return "fluxnet"
    if {"TIMESTAMP_START", "TIMESTAMP_END"} <= header:
        return "ameriflux"
    if {"Experiment", "Replication", "N2O", "N_rate"} <= header:
        return "saha-n2o"
    guessed = n2o_chambers.guess(sorted(header))
    if guessed.date and guessed.flux:
        return "n2o"
    raise DataError(f"{given[0].name} is in no known format: name one of {', '.join(FORMATS)}")
