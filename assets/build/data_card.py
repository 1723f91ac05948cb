"""Write assets/DATA.md: what the bundled simulations are, and how they compare with measured figures.

Run: ``python assets/build/data_card.py`` (half a minute; runs the engine for the balances).
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from agroflux.data import catalog
from agroflux.simulation import dssat, realism, workspace
from agroflux.simulation.county import FERTILITY, YIELD_EXPONENT, benchmark_counties, county_scenario, county_site
from agroflux.simulation.soil import Drainage

OUT = Path(__file__).resolve().parent.parent / "DATA.md"
MODELS = ("century", "ceres")
EF1 = "IPCC 2019 Tier 1: 1.6 % (1.3-1.9 %) for synthetic fertiliser in wet climates"


def main() -> None:
    text = [INTRO.format(fertility=FERTILITY, exponent=YIELD_EXPONENT, sldr=Drainage().sldr, ssks=Drainage().ssks)]
    for model in MODELS:
        text.append(section(model))
    text += ["## Balances as the engine reports them\n", balances(), LIMITS]
    OUT.write_text("\n".join(text), encoding="utf-8")
    print(OUT.name)


def section(model: str) -> str:
    ds = catalog.open_dataset(f"cornbelt-{model}").load()
    agreement = realism.agreement(realism.yields(ds, benchmark_counties())).astype(float).round(2)
    n2o = realism.n2o_by_rate(ds).round(2)
    rows = [
        {
            "what": f"{name}, {crop}",
            "mean": round(value),
            "published": "{:g} to {:g}".format(*realism.PLAUSIBLE[name, crop]),
        }
        for (name, crop), value in realism.carbon(ds).items()
    ]
    return "\n".join(
        [
            f"## cornbelt-{model}\n",
            "County yields at 168 kg N ha-1, mean 2013-2018, against USDA NASS means of 2010-2019 [t ha-1, market",
            "moisture]; r2 is the squared correlation over counties.\n",
            table(agreement.astype({"n": int}).reset_index()),
            "N2O [kg N ha-1 a year] by nitrogen rate: corn years, soybean years, rotation, the 5-95 % range of the",
            "rotation over counties, and the emission factor it implies",
            f"({EF1}).\n",
            table(n2o.reset_index()),
            "Carbon at 168 kg N ha-1 [g C m-2 a year], mean over counties and years.\n",
            table(pd.DataFrame(rows)),
            f"Largest |NEE - (Reco - GPP)|: {realism.closure(ds):.1e} g C m-2 d-1.\n",
            "Uptake less harvest less gain of soil and litter (-NEE - Yield - Delta_SOC), mean at 168 kg N ha-1: "
            + ", ".join(f"{crop} {value:.1f}" for crop, value in realism.unaccounted(ds).items())
            + " g C m-2 a year.\n",
            f"Rounding: {ds.attrs['rounding']}.\n",
        ]
    )


def balances() -> str:
    """Largest unaccounted amount of any component in three counties, 168 kg N, CENTURY."""
    codes = list(benchmark_counties().index)
    rows = []
    for code in (codes[0], codes[49], codes[98]):
        site = county_site(code)
        scenario = replace(county_scenario(site.lat, "corn", 168, "century", (2000, 2018)), balances=True)
        with workspace.scratch() as folder:
            found = dssat.run(scenario, site, folder / "r", dssat.prepare_home(folder)).balances
        rows.append({"county": code} | {name: f"{values.abs().max():.3f}" for name, values in found.items()})
    return (
        table(pd.DataFrame(rows))
        + "\nWater in mm, nitrogen and carbon in kg ha-1, the largest of 48 components each.\n"
    )


def table(frame: pd.DataFrame) -> str:
    head = "| " + " | ".join(map(str, frame.columns)) + " |\n|" + "---|" * len(frame.columns)
    body = "\n".join("| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False))
    return f"{head}\n{body}\n"


INTRO = """# The bundled data: what they are and how real they are

Written by `python assets/build/data_card.py`; do not edit by hand.

**Engine.** DSSAT-CSM 4.8.2 in sequence mode: CERES-Maize and CROPGRO-Soybean in alternation, fallow between.
`cornbelt-century` joins CENTURY soil carbon with DayCent's denitrification (engine methods MESOM P, MEGHG 1),
`cornbelt-ceres` Godwin's soil carbon with that of CERES (G, 0). Evaporation is Ritchie's (MESEV R). Runs start in
November 1995; 1996-1999 are spin-up; 2013-2018 are bundled.

**Weather.** Daymet at 42.035 N, 93.000 W, 1990-2020, moved to each county by monthly change factors: planes in
latitude and longitude through the station normals of `facts/climate_normals.csv` (temperature added, rain and
radiation multiplied; radiation by latitude alone and by at most 5 %).

**Soil.** `facts/counties.csv` (gSSURGO): lower limit = wilting point, upper limit = that + available water capacity,
porosity and bulk density by Saxton and Rawls (2006), carbon constant to 20 cm and e-folding with 35 cm below.
Drainage rate {sldr}, saturated conductivity {ssks} cm h-1 everywhere, chosen for N2O. Layers 1, 3 and 5 are 0-5, 15-30
and 45-60 cm.

**Management.** Corn DEKALB 485 (north of 39.7 N) or PIO 3563, 7 plants m-2; soybean of maturity group 2 (north of
40.5 N) or 3. Planting on the first warm day (10-day mean 12.5 or 15.5 degC) of a window that opens two days earlier for
each degree south of 42 N. Chisel plough on 14 November, field cultivator three days before planting. Nitrogen: urea
ammonium nitrate injected 10 cm deep 19 days after planting corn.

**Fitted.** A factor on photosynthesis stands for pests, weeds and losses: {fertility} times a county's *yield index* to
the power {exponent}. The index is the county's reported yield over the region's mean, averaged over corn and soybean,
bounded to 0.75-1.2. So the pattern of yields over counties below is fitted to the same surveys, not predicted; mean,
bias and years are not fitted by county. Factor, drainage, cultivar and plant density were chosen on twenty counties.

**Derived.** GPP = NPP / 0.55 (corn) or / 0.50 (soybean), NPP = three-day mean of the daily gain of tops and roots x
0.42 C; Reco = Rh + GPP - NPP; NEE = Reco - GPP = CO2_FLUX. Daily soil temperature extremes are the engine's daily mean
plus and minus the day's air range, damped with depth (12 cm), by the canopy, and to 30 % in frozen soil.
Yield and Delta_SOC have one value a year (Delta_SOC: 31 December minus a year before, soil and litter).
"""

LIMITS = """## What remains

- What grows and is shed within the season (leaves and roots of soybean) is not in NPP, which is the gain of what
  stands; its decay is in Rh. So NPP of soybean is too low, and NEE too high, by the amount that its carbon does not add
  up by (above), and GPP by twice that; corn sheds next to nothing. Delta_SOC and Yield come from the engine and are not
  touched.
- Corn is too high in the mean (bias above): all counties share one sequence of weather years, and the reported means
  hold the drought of 2012, which the bundled years do not. Without the yield index the engine's soils explain little
  of how counties differ: claypans and drainage do not show in texture.
- N2O hangs on the drainage, which is the same in every county and was chosen so that the emission factor of CENTURY at
  168 kg N ha-1 falls in the range of Tier 1. CERES emits much less, above all where no nitrogen is given.
- CERES evaporates more than CENTURY, which keeps a mulch on the surface, and more than the Corn Belt does.
- The two simulators disagree, as process models do; neither is the truth.
- Snow is only what the engine's EPIC soil-temperature method makes of it; the temperature extremes by depth are
  derived, not simulated.
"""

if __name__ == "__main__":
    main()
