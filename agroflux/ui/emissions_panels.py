"""The panels of the page "Regional emissions": headline, map, ranking, table, IPCC Tier 1, what is left out."""

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from agroflux.emissions import export, tier1
from agroflux.emissions.totals import COLUMNS, Totals
from agroflux.figures import choropleth, ranking
from agroflux.ui import emissions, show
from agroflux.ui.emissions import Choice, pretty
from agroflux.ui.region import outlines

if TYPE_CHECKING:
    from agroflux.emissions.totals import Level

#: Columns of the table in the order of interest; the CSV holds all.
_TABLE = (
    "county", "state", "counties", "n2o_t", "n2o_t_co2e", "n2o_kg_n_ha", "nee_t_co2", "harvest_t_co2", "necb_t_co2",
    "soil_carbon_t_co2", "area_ha",
)  # fmt: skip
_SCALES = ((1e6, "Mt"), (1e3, "kt"), (1.0, "t"))
#: Colour scale of a quantity: that of the schema's variable of the same nature.
_LIKE = {"nee_t_co2": "NEE", "nee_t_c_ha": "NEE", "necb_t_co2": "Delta_SOC", "soil_carbon_t_co2": "Delta_SOC"}
#: Headline figures: column -> (short name, what it says). Units follow the size of the figure.
_N2O = {
    "n2o_t": ("N₂O", "Nitrous oxide to the air: what the nitrogen adds, and the background."),
    "n2o_t_co2e": ("N₂O as CO₂e", "N₂O times its 100-year global warming potential."),
    "n2o_kg_n_ha": ("Mean N₂O-N", "Mean over corn and soybean, weighted by area."),
    "area_ha": ("Harvested area", "Corn and soybean of the counties that count."),
}
_CARBON = {
    "nee_t_co2": ("NEE", "Net ecosystem exchange: respiration less photosynthesis, positive to the air."),
    "harvest_t_co2": ("Harvested carbon", "Carbon in the grain that leaves the field."),
    "necb_t_co2": ("NECB", "Net ecosystem carbon balance: -NEE less harvested carbon. Positive: the field gains."),
    "soil_carbon_t_co2": ("Soil carbon", "Change of soil organic carbon. Positive: the soil gains."),
}


def headline(made: Totals) -> None:
    """Totals of the region: N2O first, then carbon in a row of its own."""
    region = made.by("region").iloc[0]
    st.subheader("N₂O", anchor=False)
    _metrics(region, _N2O)
    st.caption(
        f"{int(region['counties'])} counties. {show.plain(made.area_source)}. Nitrogen {made.n_rate:g} kg ha⁻¹ to "
        f"corn, years {made.period}, GWP-100 of {made.gwp}."
    )
    if any(name in region for name in _CARBON):
        st.subheader("Carbon, kept apart and never added to N₂O", anchor=False)
        _metrics(region, _CARBON)
        st.caption(
            "NEE is not a net carbon balance: the grain's carbon leaves the field and returns to the air elsewhere. "
            "NECB = -NEE - harvested carbon says what the field gains; it differs from the change of soil carbon by "
            "what litter, roots and standing residues gain or lose."
        )


def _metrics(region: "pd.Series", names: dict[str, tuple[str, str]]) -> None:
    held = {name: words for name, words in names.items() if name in region}
    for place, (name, (short, text)) in zip(st.columns(4, gap="small"), held.items(), strict=False):
        value, unit = scaled(float(region[name]), COLUMNS[name].unit)
        place.metric(f"{short} [{pretty(unit)}]", f"{value:,.4g}", help=text, border=True)


def scaled(value: float, unit: str) -> tuple[float, str]:
    """Tonnes in kt or Mt and hectares in millions where they are many."""
    if unit == "ha" and abs(value) >= 1e6:
        return value / 1e6, "million ha"
    if not unit.startswith("t ") or " ha-1" in unit:
        return value, unit
    size, name = next((s for s in _SCALES if abs(value) >= s[0]), _SCALES[-1])
    return value / size, name + unit.removeprefix("t")


def uncertainty(choice: Choice, made: Totals) -> None:
    """The line that says what is not shown, with how far the simulators lie apart for this very choice."""
    text = "This page shows no uncertainty: it comes with a later version."
    found = emissions.simulators(choice)
    if len(found) > 1:
        low, high = min(found.values()), max(found.values())
        middle = sum(found.values()) / len(found)
        given = ", ".join(f"{show.plain(name)} {value:,.0f}" for name, value in found.items())
        apart = f" ({(high - low) / middle:.0%} of their mean)" if middle > 0 else ""
        text += (
            f" For a sense of it, the simulators give for the same choice {given} t N₂O yr⁻¹: "
            f"they differ by {high - low:,.0f} t{apart}."
        )
    st.info(text, icon=":material/help:")
    borrowed = made.crops["outside_period"]
    if borrowed.any():
        st.caption(
            f"{int(borrowed.sum())} of {len(borrowed)} county crops do not grow in the chosen period: their flux is "
            "that of the same county's nearest year with the crop (see the table of crops)."
        )


def county_map(made: Totals, name: str) -> None:
    """Counties coloured by the chosen quantity."""
    table = made.by("county").set_index("fips")
    names = (table["county"] + ", " + table["state"]).to_dict()
    counties, states = outlines()
    fig = choropleth.county_figure(
        table[name],
        names,
        variable=_LIKE.get(name, "N2O_FLUX"),
        label=pretty(COLUMNS[name].label),
        unit=pretty(COLUMNS[name].unit),
        counties=counties,
        states=states,
    )
    show.figure(fig, "emissions-map", key="emissions.map")


def ranked(made: Totals, name: str) -> None:
    """The counties with most, by crop; a rate per hectare is ranked by its county mean."""
    crops = made.crops
    places = crops["county"] + ", " + crops["state"]
    if COLUMNS[name].adds:
        parts = pd.DataFrame({"place": places, "part": crops["crop"], "value": crops[name]})
    else:
        mean = made.by("county")
        named = mean["county"] + ", " + mean["state"]
        parts = pd.DataFrame({"place": named, "part": "both", "value": mean[name]})
    fig = ranking.ranking(parts, label=pretty(COLUMNS[name].label), unit=pretty(COLUMNS[name].unit))
    show.figure(fig, "emissions-ranking", key="emissions.ranking")


def tables(made: Totals, choice: Choice) -> None:
    """Ranked table by county or state, downloads, and the crops behind it."""
    rows: Level = "state" if emissions.level() == "state" else "county"
    table = made.by(rows)
    shown = table[[c for c in _TABLE if c in table]]
    shown.index = pd.RangeIndex(1, len(shown) + 1, name="Rank")
    st.dataframe(shown, width="stretch", height=min(36 * (len(shown) + 1), 420), column_config=_columns(shown))
    name = f"{choice.file}-{rows}"
    with st.container(horizontal=True):
        made_by = export.provenance(made)
        show.download("CSV", lambda: export.to_csv(table, made_by), f"{name}.csv", "text/csv")
        show.download("GeoJSON", lambda: emissions.geojson(made, rows), f"{name}.geojson", "application/geo+json")
        crops = f"{choice.file}-crops.csv"
        show.download("CSV by crop", lambda: export.to_csv(made.crops, made_by), crops, "text/csv")
    with st.expander("By crop, with the years behind each flux"):
        st.caption(
            "A calendar year shows one crop in a county. The flux of a crop is the mean over its years in the period, "
            "or, where there is none, its nearest year. The nitrogen rate is the one given to corn; soybean gets none "
            "and carries over what is left in the soil."
        )
        st.dataframe(
            made.crops.drop(columns="fips"), width="stretch", hide_index=True, column_config=_columns(made.crops)
        )
    if len(made.left_out):
        with st.expander(f"Left out of every sum: {len(made.left_out)} county crops", icon=":material/block:"):
            st.dataframe(made.left_out, width="stretch", hide_index=True, column_config=_columns(made.left_out))


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    """Headers with units; whole tonnes, decimals only where they say something."""
    found: dict[str, Any] = {}
    for name in map(str, table.columns):
        column = COLUMNS.get(name)
        if column is None:
            found[name] = st.column_config.Column(name.capitalize())
        elif column.unit:
            places = "%,.0f" if column.adds and name != "n2o_t" else "%,.2f"
            found[name] = st.column_config.NumberColumn(pretty(column.axis), format=places)
        else:
            found[name] = st.column_config.Column(column.label)
    return found


def tier1_panel(choice: Choice) -> None:
    """Simulated N2O beside IPCC Tier 1 on the same area and nitrogen."""
    rows = emissions.comparison(choice)
    place = emissions.place(list(dict.fromkeys(rows["place"])))
    here = rows[rows["place"] == place]
    drawn = here.rename(columns={"n2o_t": "value", "low_t": "low", "high_t": "high"})
    fig = ranking.estimates(drawn, label="Direct N₂O", unit="t N₂O yr-1")
    show.figure(fig, "emissions-tier1", key="emissions.tier1")
    implied = tier1.implied_factor(rows, place)
    if implied == implied:  # not NaN
        wet = tier1.EF1["wet"]
        st.markdown(
            f"Of the nitrogen applied, **{implied:.2%}** leaves as N₂O-N because of it, where Tier 1 takes "
            f"{wet.value:.1%} ({wet.low:.1%} to {wet.high:.1%}) in a wet climate."
        )
    st.caption(f"{pretty(tier1.LEFT_OUT)} Factors: {tier1.SOURCE}.")
    st.caption(_climate(choice.data))
    with st.expander("Figures behind the plot"):
        labels = {"place": "Place", "estimate": "Estimate", "n_applied_t_n": "N considered [t N yr⁻¹]",
                  "n2o_t": "N₂O [t N₂O yr⁻¹]", "low_t": "Low [t N₂O yr⁻¹]", "high_t": "High [t N₂O yr⁻¹]"}  # fmt: skip
        show.table(rows.drop(columns="kind").rename(columns=labels), f"{choice.file}-tier1", hide_index=True)


def _climate(data: str) -> str:
    """Why the wet factor, with the ratios of the data's own weather."""
    found = emissions.moisture(data)
    spans = {f: (found[f].min(), found[f].max()) for f in ("thornthwaite", "hargreaves")}
    low, high = spans["thornthwaite"]
    low2, high2 = spans["hargreaves"]
    return (
        f"{tier1.WET_REASON} In this data set precipitation is {low:.2f} to {high:.2f} times evapotranspiration after "
        f"Thornthwaite and {low2:.2f} to {high2:.2f} times after Hargreaves, which runs higher. The Corn Belt is "
        "counted as wet; the aggregated and the dry factor stand beside it because the answer hangs on the formula."
    )
