"""The engine's input files, written in their fixed columns: rotation (SQX), batch, weather, soil, profile.

Formats: DSSAT-CSM 4.8 documentation, volume 2; checked by running the engine (tests/simulation).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from agroflux.simulation.crops import MODULES
from agroflux.simulation.scenario import SOIL_MODELS, Scenario
from agroflux.simulation.sections import (
    FALLOW,
    FALLOWED,
    SOIL_ID,
    STATION,
    Control,
    Events,
    Options,
    control,
    dose_lines,
    experiment,
    planting_line,
    yyddd,
)
from agroflux.simulation.soil import DEPTHS, Soil

NAME = "AGFX0001.SQX"


def weather_file(
    weather: pd.DataFrame, lat: float, lon: float, elevation: float = 250.0, co2: float | None = None
) -> str:
    """One .WTH text for all years. TAV and AMP (annual mean, half the monthly range) [degC] are given:

    without them the engine assumes a 20 degC soil. ``co2`` [ppm] is read where the rotation's CO2 option is W.
    """
    mean = (weather["TMAX"] + weather["TMIN"]) / 2
    monthly = mean.groupby(mean.index.month).mean()
    lines = [
        "*WEATHER DATA : AGROFLUX",
        "@ INSI      LAT     LONG  ELEV   TAV   AMP REFHT WNDHT" + ("" if co2 is None else "  CCO2"),
        f"  {STATION} {lat:8.3f} {lon:8.3f} {elevation:5.0f} {mean.mean():5.1f} "
        f"{(monthly.max() - monthly.min()) / 2:5.1f} -99.0 -99.0" + ("" if co2 is None else f" {co2:5.0f}"),
        "@DATE  SRAD  TMAX  TMIN  RAIN",
    ]
    lines += [
        f"{date.year % 100:02d}{date.day_of_year:03d}{s:6.1f}{hi:6.1f}{lo:6.1f}{p:6.1f}"
        for date, s, hi, lo, p in zip(
            weather.index, weather["SRAD"], weather["TMAX"], weather["TMIN"], weather["PRECN"], strict=True
        )
    ]
    return "\n".join(lines) + "\n"


def soil_file(soil: Soil) -> str:
    """SOIL.SOL with one profile."""
    drain = soil.drainage
    lines = [
        "*SOILS: AgroFlux",
        "",
        f"*{SOIL_ID}  AgroFlux     SIL  {DEPTHS[-1]:6d} county profile",
        "@SITE        COUNTRY          LAT     LONG SCS FAMILY",
        " -99         USA              -99      -99 -99",
        "@ SCOM  SALB  SLU1  SLDR  SLRO  SLNF  SLPF  SMHB  SMPX  SMKE",
        f"    BN  0.13   6.0{drain.sldr:6.2f}{drain.curve:6.1f}  1.00{soil.fertility:6.2f} IB001 IB001 IB001",
        "@  SLB  SLMH  SLLL  SDUL  SSAT  SRGF  SSKS  SBDM  SLOC  SLCL  SLSI  SLCF  SLNI  SLHW  SLHB  SCEC  SADC",
    ]
    middle = np.array(DEPTHS) - np.diff([0, *DEPTHS]) / 2
    roots = np.where(middle <= 15, 1.0, np.exp(-0.02 * middle))
    for i, depth in enumerate(DEPTHS):
        lines.append(
            f"{depth:6d}   -99{soil.lower[i]:6.3f}{soil.upper[i]:6.3f}{soil.saturation[i]:6.3f}{roots[i]:6.3f}"
            f"{drain.ssks:6.2f}{soil.bulk_density[i]:6.2f}{soil.carbon_pct[i]:6.2f}{soil.clay_pct:6.1f}"
            f"{soil.silt_pct:6.1f}   0.0   -99{soil.ph:6.1f}   -99{soil.cec:6.1f}   -99"
        )
    return "\n".join(lines) + "\n"


def profile_file(home: Path, executable: Path) -> str:
    """DSSATPRO.L48: where the engine finds its own data. ``home`` must be a short path."""
    folders = {
        "CRD": home / "Genotype",
        "STD": home / "StandardData",
        "SLD": home,
        "PSD": home / "Pest",
        "WED": home,
    }
    lines = ["*** *  DSSAT PROFILE LINUX* ***"]
    lines += [f"{key} // {path}" for key, path in folders.items()]
    lines += [f"{key} // {executable.parent} {executable.name} {module}" for key, module in MODULES.items()]
    return "\n".join(lines) + "\n"


def batch_file(components: int) -> str:
    """DSSBatch.v48 for sequence mode: one line a component of the rotation."""
    header = f"@{'FILEX':<92}{'TRTNO':>6}{'RP':>7}{'SQ':>7}{'OP':>7}{'CO':>7}"
    rows = [f"{NAME:<92}{1:7d}{1:7d}{i:7d}{1:7d}{0:7d}" for i in range(1, components + 1)]
    return "\n".join(["$BATCH(SEQUENCE)", "", header, *rows]) + "\n"


def rotation(scenario: Scenario, mean_temperature: pd.Series) -> tuple[str, dict[int, pd.Timestamp], int]:
    """SQX text, planting day of each year, and number of components.

    Each year is a fallow (from the last harvest) and a crop, written out year by year, so that planting
    follows the weather of its year. The run starts on 2 November before ``first_year``. Where a crop decides on
    what is done in the autumn before it, a year after ``last_year`` has its planting day too, and no crop.
    """
    start = pd.Timestamp(scenario.first_year - 1, 11, 2)
    years = range(scenario.first_year, scenario.last_year + 1)
    planted = _planted(scenario, mean_temperature)
    treatments, plantings, fertilizers, tillage, harvests = [], [], [], [], []
    given, count = scenario.fertiliser, 0
    for i, (year, day) in enumerate(planted.items(), start=1):
        crop = scenario.crop(year)
        plan = scenario.plan(crop)
        cultivar = 1 if crop == "corn" else 2
        last_day = pd.Timestamp(year, 1, 1) + pd.Timedelta(days=scenario.harvest_by - 1)
        # The autumn of the first year may lie before the run.
        doses = [dose for dose in scenario.applications(year, day) if dose[0] >= start]
        # A level of nitrogen belongs to the component in which its days lie: fallow before planting, then the crop.
        early = [dose for dose in doses if dose[0] < day]
        late = [dose for dose in doses if dose[0] >= day and year in years]
        parts = [(len(years) + i, early), (i, late)]
        # The first component decides which daily files there are; the others only add balances, which
        # control levels 4-7 leave out.
        quiet = 0 if scenario.balances or i == 1 else 3
        if scenario.cover is not None and i > 1:
            cover = scenario.cover
            sown, killed = cover.days(day)
            standing = [dose for dose in early if sown <= dose[0] <= killed]
            parts[0] = (len(years) + i, [dose for dose in early if dose not in standing])
            parts.append((2 * len(years) + i, standing))
            count += 1
            treatments.append(
                f" 1{count:2d} 1 0 {'COVER':<25}  4  1  0  0 {len(years) + i:2d}  0 {_level(parts[2]):2d}"
                f"  0  0  0  0 {count:2d}  7"
            )
            plantings.append(planting_line(len(years) + i, sown, cover.plants, cover.row_cm))
            harvests.append(f"{count:2d} {yyddd(killed)} GS000   -99   -99     0     0 -99")
        tilled = i if scenario.tillage else 0
        count += 1
        treatments.append(
            f" 1{count:2d} 1 0 {'FALLOW':<25}  3  1  0 {1 if i == 1 else 0:2d}  0  0 {_level(parts[0]):2d}"
            f"  0  0 {tilled:2d}  0 {count:2d} {3 + quiet:2d}"
        )
        fertilizers += [line for level, part in parts for line in dose_lines(level, part, given)]
        tillage += [f"{i:2d} {yyddd(t.day(day))} {t.implement} {t.depth_cm:5d} -99" for t in scenario.tillage]
        # Without a crop the fallow lasts until the years of the run are over: else the engine begins the sequence anew.
        fallow_ends = day - pd.Timedelta(days=1) if year in years else pd.Timestamp(year, 12, 31)
        harvests.append(f"{count:2d} {yyddd(fallow_ends)} GS000   -99   -99   -99   -99 -99")
        if year not in years:
            break
        count += 1
        treatments.append(
            f" 1{count:2d} 1 0 {crop.upper():<25} {cultivar:2d}  1  0  0 {i:2d}  0 {_level(parts[1]):2d}"
            f"  0  0  0  0 {count:2d} {cultivar + quiet:2d}"
        )
        plantings.append(planting_line(i, day, plan.plants, plan.row_cm))
        stover = scenario.residue_removal if crop == "corn" else 0.0
        harvests.append(f"{count:2d} {yyddd(last_day)} GS000   -99   -99   100 {stover:5.0f} -99")
    cultivars = {
        1: ("MZ", scenario.corn.cultivar, scenario.corn.name),
        2: ("SB", scenario.soybean.cultivar, scenario.soybean.name),
        3: FALLOW,
    }
    if scenario.cover:
        cultivars[4] = ("WH", scenario.cover.cultivar, scenario.cover.name)
    text = experiment(
        Events(treatments, plantings, fertilizers, tillage, harvests), cultivars, start, _controls(scenario, start)
    )
    return text, planted, count


def _planted(scenario: Scenario, mean_temperature: pd.Series) -> dict[int, pd.Timestamp]:
    """Planting day of each year, and of the year after the last where its autumn has a cover crop or a dose."""
    planted = scenario.planted(mean_temperature)
    first = pd.Timedelta(days=min(day for day, _ in scenario.fertiliser.doses))
    if scenario.cover is None and first >= pd.Timedelta(0):
        return planted
    longer = replace(scenario, last_year=scenario.last_year + 1).planted(mean_temperature)
    busy = scenario.cover is not None or any((day + first).year < year for year, day in longer.items())
    return longer if busy else planted


def _level(part: tuple[int, list[tuple[pd.Timestamp, float]]]) -> int:
    """Number of a level of nitrogen; 0 where it holds no dose."""
    return part[0] if part[1] else 0


def _controls(scenario: Scenario, start: pd.Timestamp) -> list[str]:
    """Corn and soybean end at maturity (or the last date), fallow on its date; then the same three without balances."""
    options = Options(
        SOIL_MODELS[scenario.soil_model],
        start,
        years=scenario.last_year - scenario.first_year + 2,
        tillage=bool(scenario.tillage),
        co2="M" if scenario.co2 is None else "W",
        sprinkler=scenario.irrigated,
    )
    # A cover crop is sown on its day: what stands there then would hold up the rotation by a year.
    end = "R" if scenario.cover else "M"
    kinds = [Control("CORN", "MZCER", True, end), Control("SOYBEAN", "CRGRO", True, end), FALLOWED]
    covers = [Control("COVER", "CSCER", False, "R", daily=False)] if scenario.cover else []
    return [
        line
        for level, one in enumerate([*kinds, *(replace(kind, daily=False) for kind in kinds), *covers], start=1)
        for line in control(level, one, options, irrigates=scenario.irrigated and one.name in ("CORN", "SOYBEAN"))
    ]
