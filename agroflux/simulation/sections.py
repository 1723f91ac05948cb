"""Sections of the engine's rotation file (SQX), in their fixed columns, for whatever rotation is written.

Formats: DSSAT-CSM 4.8 documentation, volume 2; checked by running the engine (tests/simulation).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from agroflux.simulation.scenario import Fertiliser, SoilMethods
from agroflux.simulation.soil import DEPTHS

STATION = "AGFX"
SOIL_ID = "AG00000001"
#: Days between cuts, degree days (not used), height [m], mass left [kg ha-1], its share of leaf [%], its stage.
_CUT_COLUMNS = " HMFRQ HMGDD HMCUT HMMOW HRSPL  HMVS"
#: Crop code, cultivar and name as a line of the cultivar section has them.
FALLOW = ("FA", "IB0001", "FALLOW")


@dataclass
class Events:
    """Lines of the sections that tell what happens when: each has the number of its level, then its own columns."""

    treatments: Sequence[str] = field(default_factory=list)
    plantings: Sequence[str] = field(default_factory=list)
    fertilizers: Sequence[str] = field(default_factory=list)
    tillage: Sequence[str] = field(default_factory=list)
    harvests: Sequence[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Options:
    """What all components of a run share.

    ``start`` of the run, ``years`` that it may take, tillage or none, the letter of the carbon dioxide (M as recorded,
    W from the weather file), and whether irrigation is by sprinkler.
    """

    soil: SoilMethods
    start: pd.Timestamp
    years: int
    tillage: bool
    co2: str = "M"
    sprinkler: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """How one kind of component is run: its name, plant model, whether it fixes nitrogen, and its harvest.

    ``harvest``: M when mature, R on its day, Y cut to 0.8 t ha-1 every ``cut_every`` days and ended on its day.
    ``daily``: with daily balances; the first component decides which daily files there are.
    """

    name: str
    model: str
    symbiosis: bool
    harvest: str
    daily: bool = True
    cut_every: int = 0


FALLOWED = Control("FALLOW", "CRGRO", False, "R")


def yyddd(date: pd.Timestamp) -> str:
    """A date as the engine writes it: two digits of the year, three of its day."""
    return f"{date.year % 100:02d}{date.day_of_year:03d}"


def planting_line(level: int, day: pd.Timestamp, plants: float, row_cm: float) -> str:
    """Sown dry, 5 cm deep: ``plants`` [m-2], rows of ``row_cm``."""
    return (
        f"{level:2d} {yyddd(day)}   -99 {plants:5.1f} {plants:5.1f}     S     R {row_cm:5.0f}     0"
        "     5   -99   -99   -99   -99     0                        -99"
    )


def dose_lines(level: int, doses: Sequence[tuple[pd.Timestamp, float]], given: Fertiliser) -> list[str]:
    """A line a dose: day and rate [kg N ha-1] of ``given``."""
    return [
        f"{level:2d} {yyddd(day)} {given.material} {given.method} {given.depth_cm:5d} {amount:5.0f}"
        "     0     0     0     0   -99 -99"
        for day, amount in doses
    ]


def experiment(
    events: Events, cultivars: Mapping[int, tuple[str, str, str]], start: pd.Timestamp, controls: Sequence[str]
) -> str:
    """The whole file. ``cultivars``: level -> crop code, cultivar, name."""
    lines = [
        "*EXP.DETAILS: AGFX0001SQ AGROFLUX ROTATION",
        "",
        "*GENERAL",
        "@PEOPLE",
        " -99",
        "@ADDRESS",
        " -99",
        "@SITE",
        " -99",
        "",
        "*TREATMENTS                        -------------FACTOR LEVELS------------",
        "@N R O C TNAME.................... CU FL SA IC MP MI MF MR MC MT ME MH SM",
        *events.treatments,
        "",
        "*CULTIVARS",
        "@C CR INGENO CNAME",
        *(f"{level:2d} {code} {cultivar} {name}" for level, (code, cultivar, name) in cultivars.items()),
        "",
        "*FIELDS",
        "@L ID_FIELD WSTA....  FLSA  FLOB  FLDT  FLDD  FLDS  FLST SLTX  SLDP  ID_SOIL    FLNAME",
        f" 1 AGFX0001 {STATION}       -99     0 DR000     0     0 00000 -99    180  {SOIL_ID} -99",
        "@L ...........XCRD ...........YCRD .....ELEV .............AREA .SLEN .FLWR .SLAS FLHST FHDUR",
        " 1             -99             -99       -99               -99   -99   -99   -99 FH102    60",
        "",
        "*INITIAL CONDITIONS",
        "@C   PCR ICDAT  ICRT  ICND  ICRN  ICRE  ICWD ICRES ICREN ICREP ICRIP ICRID ICNAME",
        f" 1    SB {yyddd(start)}   500   -99     1     1   -99  3000   0.8     0   100    15 -99",
        "@C  ICBL  SH2O  SNH4  SNO3",
        *(f" 1 {d:5d}   -99   1.0   4.0" for d in DEPTHS),
        "",
        "*PLANTING DETAILS",
        "@P PDATE EDATE  PPOP  PPOE  PLME  PLDS  PLRS  PLRD  PLDP  PLWT  PAGE  PENV  PLPH  SPRL"
        "                        PLNAME",
        *events.plantings,
        "",
    ]
    if events.fertilizers:
        lines += [
            "*FERTILIZERS (INORGANIC)",
            "@F FDATE  FMCD  FACD  FDEP  FAMN  FAMP  FAMK  FAMC  FAMO  FOCD FERNAME",
            *events.fertilizers,
            "",
        ]
    if events.tillage:
        lines += ["*TILLAGE AND ROTATIONS", "@T TDATE TIMPL  TDEP TNAME", *events.tillage, ""]
    lines += ["*HARVEST DETAILS", "@H HDATE  HSTG  HCOM HSIZE   HPC  HBPC HNAME", *events.harvests, ""]
    lines += ["*SIMULATION CONTROLS", *controls]
    return "\n".join(lines) + "\n"


def control(level: int, one: Control, options: Options, *, irrigates: bool) -> list[str]:
    """Lines of one level of simulation controls."""
    daily, start = "Y" if one.daily else "N", yyddd(options.start)
    return [
        "@N GENERAL     NYERS NREPS START SDATE RSEED SNAME.................... SMODEL",
        f"{level:2d} GE          {options.years:5d}     1     S {start}  2150 {one.name:<25} {one.model}",
        "@N OPTIONS     WATER NITRO SYMBI PHOSP POTAS DISES  CHEM  TILL   CO2",
        f"{level:2d} OP              Y     Y     {_yes(one.symbiosis)}     N     N     N     N     "
        f"{_yes(options.tillage)}     {options.co2}",
        "@N METHODS     WTHER INCON LIGHT EVAPO INFIL PHOTO HYDRO NSWIT MESOM MESEV MESOL METMP MEGHG",
        # MESEV R: Ritchie's two-stage evaporation; Suleiman's (S) dries bare soil by 100-150 mm a year more.
        f"{level:2d} ME              M     M     E     R     S     C     R     1"
        f"     {options.soil.organic_matter}     R     2     E     {options.soil.gases}",
        "@N MANAGEMENT  PLANT IRRIG FERTI RESID HARVS",
        f"{level:2d} MA              R     {'A' if irrigates else 'N'}     R     N     {one.harvest}",
        "@N OUTPUTS     FNAME OVVEW SUMRY FROPT GROUT CAOUT WAOUT NIOUT MIOUT DIOUT VBOSE CHOUT OPOUT FMOPT",
        f"{level:2d} OU              N     N     Y     1"
        + f"     {daily}" * 4
        + f"     N     N     {daily}     N     N     A",
        "",
        "@  AUTOMATIC MANAGEMENT",
        "@N PLANTING    PFRST PLAST PH2OL PH2OU PH2OD PSTMX PSTMN",
        f"{level:2d} PL          {start} {start}    40   100    30    40    10",
        "@N IRRIGATION  IMDEP ITHRL ITHRU IROFF IMETH IRAMT IREFF",
        f"{level:2d} IR             30    50   100 GS000 {'IR004' if options.sprinkler else 'IR001'}    10     1",
        "@N NITROGEN    NMDEP NMTHR NAMNT NCODE NAOFF",
        f"{level:2d} NI             30    50    25 FE001 GS000",
        "@N RESIDUES    RIPCN RTIME RIDEP",
        f"{level:2d} RE            100     1    20",
        "@N HARVEST     HFRST HLAST HPCNP HPCNR" + (_CUT_COLUMNS if one.cut_every else ""),
        f"{level:2d} HA              0 {start}   100     0"
        + (f"{one.cut_every:6d}     0  0.05   800    20     2" if one.cut_every else ""),
        "",
    ]


def _yes(flag: bool) -> str:
    return "Y" if flag else "N"
