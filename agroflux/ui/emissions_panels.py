"""Panels of the page "Regional emissions" on the totals themselves: figures, map, ranking, table, IPCC Tier 1."""

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from agroflux.emissions import export, tier1
from agroflux.emissions.assess import Assessment
from agroflux.emissions.totals import COLUMNS, Totals
from agroflux.emissions.units import N2O_N_RATE
from agroflux.emissions.words import percent
from agroflux.figures import choropleth, intervals, ranking, theme
from agroflux.maps import number
from agroflux.ui import emissions, emissions_answer, show
from agroflux.ui import emissions_downloads as downloads
from agroflux.ui.emissions import Choice
from agroflux.ui.region import outlines

if TYPE_CHECKING:
    from agroflux.emissions.totals import Level

#: Columns of the table in the order of interest; the CSV holds all.
_TABLE = (
    "county", "state", "counties", "n2o_t", "n2o_t_co2e", "n2o_all_t_co2e", "n2o_kg_n_ha", "co2e_per_grain",
    "n2o_n_per_n", "nee_t_co2", "harvest_t_co2", "necb_t_co2", "soil_carbon_t_co2", "soil_co2_t_co2", "area_ha",
)  # fmt: skip
_FIGURE = 236  # px of a headline figure: on a narrow page it goes below the one before, and is never cut
_SCALES = ((1e6, "Mt"), (1e3, "kt"), (1.0, "t"))
#: Colour scale of a quantity: that of the schema's variable of the same nature.
_LIKE = {"nee_t_co2": "NEE", "nee_t_c_ha": "NEE", "necb_t_co2": "Delta_SOC", "soil_carbon_t_co2": "Delta_SOC"}
#: Headline figures: column -> (short name, what it says). Units follow the size of the figure.
_N2O = {
    "n2o_t": ("N₂O", "Nitrous oxide to the air: what the nitrogen adds, and the background."),
    "n2o_t_co2e": ("N₂O as CO₂e", "N₂O times its global warming potential."),
    "n2o_all_t_co2e": ("With indirect", "Direct N₂O and what applied nitrogen gives off elsewhere (IPCC Tier 1)."),
    "n2o_kg_n_ha": ("Mean N₂O-N", "Mean over corn and soybean, weighted by area, whose error is not in the interval."),
    "area_ha": ("Harvested area", "Corn and soybean of the counties that count."),
}
_CARBON = {
    "nee_t_co2": ("NEE", "Net ecosystem exchange: respiration less photosynthesis, positive to the air."),
    "harvest_t_co2": ("Harvested carbon", "Carbon in the grain that leaves the field."),
    "necb_t_co2": ("NECB", "Net ecosystem carbon balance: -NEE less harvested carbon. Positive: the field gains."),
    "soil_carbon_t_co2": ("Soil carbon", "Change of soil organic carbon. Positive: the soil gains."),
    "soil_co2_t_co2": ("Soil CO₂", "CO₂ that soil organisms respire; a part of NEE."),
}


def figures(answer: Assessment) -> None:
    """Totals of the region with their intervals: N2O first, then carbon in a row of its own."""
    region = answer.totals.by("region").iloc[0]
    made = answer.totals
    st.subheader("N₂O", anchor=False)
    _metrics(answer, region, _N2O)
    counties = f"{int(region['counties'])} {'county' if region['counties'] == 1 else 'counties'}"
    st.caption(
        f"{counties}. {show.plain(made.area_source)}. Nitrogen {made.n_rate:g} kg ha⁻¹ to corn, years {made.period}, "
        f"GWP-{made.horizon} of {made.gwp}. Below a figure: its 80 % interval, where one is drawn."
    )
    if any(name in region for name in _CARBON):
        st.subheader("Carbon, kept apart and never added to N₂O", anchor=False)
        _metrics(answer, region, _CARBON)
        st.caption(
            "NEE is not a net carbon balance: the grain's carbon leaves the field and returns to the air elsewhere. "
            "NECB = -NEE - harvested carbon says what the field gains. In soybean years as DSSAT simulates them here, "
            "NEE misses what the crop sheds while it grows, so that NECB looks worse than it is (assets/DATA.md); the "
            "change of soil carbon comes from the engine and is not touched."
        )
    if made.borrowed:
        st.caption(f"{made.borrowed} See the table of crops.")


def _metrics(answer: Assessment, region: "pd.Series", names: dict[str, tuple[str, str]]) -> None:
    held = {name: words for name, words in names.items() if name in region}
    figures_row = st.container(horizontal=True, gap="small")
    for name, (short, text) in held.items():
        unit = COLUMNS[name].unit
        value, shown = scaled(float(region[name]), unit)
        interval = None
        if name in set(answer.intervals["quantity"]):
            row = answer.interval(name)
            size = float(region[name]) / value if value else 1.0
            interval = f"{number(row['low80'] / size)} to {number(row['high80'] / size)}"
        figures_row.metric(
            f"{short} [{theme.pretty(shown)}]", number(value, 4), delta=interval, delta_color="off", delta_arrow="off",
            help=text, border=True, width=_FIGURE, height="stretch",
        )  # fmt: skip


def scaled(value: float, unit: str) -> tuple[float, str]:
    """Tonnes in kt or Mt and hectares in millions where they are many; a name that says N2O-N needs it once."""
    if unit == N2O_N_RATE:
        return value, "kg ha-1 yr-1"
    if unit == "ha" and abs(value) >= 1e6:
        return value / 1e6, "million ha"
    if not unit.startswith("t ") or " ha-1" in unit:
        return value, unit
    size, name = next((s for s in _SCALES if abs(value) >= s[0]), _SCALES[-1])
    return value / size, name + unit.removeprefix("t")


def county_map(made: Totals, name: str) -> None:
    """Counties coloured by the chosen quantity."""
    table = made.by("county").set_index("fips")
    names = (table["county"] + ", " + table["state"]).to_dict()
    counties, states = outlines()
    fig = choropleth.county_figure(
        table[name],
        names,
        variable=_LIKE.get(name, "N2O_FLUX"),
        label=show.written(COLUMNS[name].label),
        unit=COLUMNS[name].unit,
        counties=counties,
        states=states,
    )
    show.figure(fig, "emissions-map", key="emissions.map")


def ranked(answer: Assessment, name: str) -> None:
    """The places with most: with intervals where the quantity has them, else by crop or by county mean."""
    made = answer.totals
    label, unit = show.written(COLUMNS[name].label), COLUMNS[name].unit
    if name in set(answer.intervals["quantity"]):
        fig = intervals.places(answer.ranked(name), label=label, unit=unit)
    elif COLUMNS[name].adds:
        crops = made.crops
        parts = pd.DataFrame(
            {"place": crops["county"] + ", " + crops["state"], "part": crops["crop"], "value": crops[name]}
        )
        fig = ranking.ranking(parts, label=label, unit=unit)
    else:
        mean = made.by("county").dropna(subset=[name])
        parts = pd.DataFrame({"place": mean["county"] + ", " + mean["state"], "part": "both", "value": mean[name]})
        fig = ranking.ranking(parts, label=label, unit=unit)
    show.figure(fig, "emissions-ranking", key="emissions.ranking")


def tables(answer: Assessment, choice: Choice) -> None:
    """Ranked table by county or state with intervals, and the crops behind it."""
    made = answer.totals
    rows: Level = "state" if emissions.level() == "state" else "county"
    table = export.with_intervals(answer, rows)
    ends = [f"{answer.headline}_low80", f"{answer.headline}_high80"]
    at = _TABLE.index(answer.headline) + 1
    shown = table[[c for c in (*_TABLE[:at], *ends, *_TABLE[at:]) if c in table]]
    shown.index = pd.RangeIndex(1, len(shown) + 1, name="Rank")
    show.frame(
        shown,
        height=min(36 * (len(shown) + 1), 420),
        column_config=_columns(shown),
    )
    downloads.rows(answer, choice, rows, table)
    with st.expander("By crop, with the years behind each flux"):
        st.caption(
            "A calendar year shows one crop in a county. The flux of a crop is the mean over its years in the period, "
            "or, where there is none, its nearest year. The nitrogen rate is the one given to corn; soybean gets none "
            "and carries over what is left in the soil."
        )
        show.frame(made.crops.drop(columns="fips"), hide_index=True, column_config=_columns(made.crops))
    if len(made.left_out):
        with st.expander(f"Left out of every sum: {len(made.left_out)} county crops", icon=":material/block:"):
            show.frame(made.left_out, hide_index=True, column_config=_columns(made.left_out))


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    """Headers with units; whole tonnes, decimals only where they say something."""
    found: dict[str, Any] = {}
    for name in map(str, table.columns):
        column = COLUMNS.get(name)
        if column is None and (unit := export.unit_of(name)):
            end = "80 % from" if name.endswith("low80") else "80 % to"
            found[name] = st.column_config.NumberColumn(f"{end} [{theme.pretty(unit)}]", format="%,.0f")
        elif column is None:
            found[name] = st.column_config.Column(name.capitalize())
        elif column.unit:
            places = ("%,.1f" if name == "n2o_t" else "%,.0f") if column.adds else "%,.2f"
            found[name] = st.column_config.NumberColumn(emissions.titled(name), format=places)
        else:
            found[name] = st.column_config.Column(column.label)
    return found


def tier1_panel(answer: Assessment, choice: Choice) -> None:
    """Simulated N2O beside IPCC Tier 1 on the same area and nitrogen."""
    rows = answer.tier1
    place = emissions.place(list(dict.fromkeys(rows["place"])), answer.place)
    here = rows[rows["place"] == place]
    drawn = here.rename(columns={"n2o_t": "value", "low_t": "low", "high_t": "high"})
    fig = ranking.estimates(drawn, label="N₂O", unit="t N₂O yr-1")
    show.figure(fig, "emissions-tier1", key="emissions.tier1")
    implied = tier1.implied_factor(rows, place)
    if implied == implied:  # not NaN
        wet = tier1.EF1["wet"]
        st.markdown(
            f"Of the nitrogen applied, **{percent(implied, 2)}** leaves as N₂O-N because of it, where Tier 1 takes "
            f"{percent(wet.value, 1)} ({percent(wet.low, 1)} to {percent(wet.high, 1)}) in a wet climate."
        )
    more = f" {tier1.WITH_INDIRECT}" if answer.question.indirect else ""
    st.caption(f"{show.written(tier1.LEFT_OUT + more)} Factors: {tier1.SOURCE}.")
    st.caption(_climate(choice.data))
    with st.expander("Figures behind the plot"):
        labels = {"place": "Place", "estimate": "Estimate", "n_applied_t_n": "N considered [t N yr⁻¹]",
                  "n2o_t": "N₂O [t N₂O yr⁻¹]", "low_t": "Low [t N₂O yr⁻¹]", "high_t": "High [t N₂O yr⁻¹]"}  # fmt: skip
        named = answer.named(rows).drop(columns="kind")
        table = named.assign(estimate=named["estimate"].map(show.written)).rename(columns=labels)
        downloads.small(table, choice, "tier1")


def _climate(data: str) -> str:
    """Why the wet factor, with the ratios of the data's own weather."""
    found = emissions_answer.moisture(data)
    spans = {f: (found[f].min(), found[f].max()) for f in ("thornthwaite", "hargreaves")}
    low, high = spans["thornthwaite"]
    low2, high2 = spans["hargreaves"]
    return (
        f"{tier1.WET_REASON} In this data set precipitation is {low:.2f} to {high:.2f} times evapotranspiration after "
        f"Thornthwaite and {low2:.2f} to {high2:.2f} times after Hargreaves, which runs higher. The Corn Belt is "
        "counted as wet; the aggregated and the dry factor stand beside it because the answer hangs on the formula."
    )
