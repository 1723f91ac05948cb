"""What the page "Sites and counties" shows: map, names, facts and seasonal cycles, gathered from the cache."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from agroflux import maps, schema
from agroflux.data.calendar_days import years_text
from agroflux.data.summary import phase_shown, yearly_unit
from agroflux.figures import seasonal
from agroflux.figures.theme import pretty
from agroflux.maps import Kind, Marker, number
from agroflux.ui import cache, controls, mapview, show, state

if TYPE_CHECKING:
    from agroflux.data.catalog import Entry

#: label -> (columns of the county table, how they are written)
_COUNTY_FACTS = {
    "Corn harvested": (("corn_area_ha",), "{:,.0f} ha"),
    "Corn yield": (("corn_yield_t_ha",), "{:.1f} t ha⁻¹"),
    "Soybean harvested": (("soybean_area_ha",), "{:,.0f} ha"),
    "Soybean yield": (("soybean_yield_t_ha",), "{:.1f} t ha⁻¹"),
    "Land": (("land_area_km2",), "{:,.0f} km²"),
    "Sand, silt, clay": (("sand_pct", "silt_pct", "clay_pct"), "{:.0f}, {:.0f}, {:.0f} %"),
    "Soil organic carbon": (("soc_pct",), "{:.2f} %"),
    "Soil pH": (("ph",), "{:.1f}"),
    "Nitrogen on farms, 2012": (("farm_n_2012_t",), "{:,.0f} t N"),
}
MOST_PANELS = 6
#: Parts of the map that a link can name.
_EXTENTS = {"belt": "Corn Belt", "all": "All sites"}
_MARGIN = 1.0  # degrees around the outermost sites
COUNTY_SOURCES = (
    "Areas and yields: USDA NASS Quick Stats, means of 2010-2019. Soils: NRCS gSSURGO on corn cells. "
    "Nitrogen: USGS county fertilizer estimates. Land and position: US Census Bureau gazetteer 2010."
)


def observations() -> "dict[str, tuple[Entry, pd.DataFrame]]":
    """Observation data sets that open, by id, with their sites; what was measured before what is synthetic."""
    held = sorted(cache.entries("observation"), key=lambda entry: entry.synthetic)
    return {entry.id: (entry, cache.sites(entry.id)) for entry in held}


def markers(data: str) -> list[Marker]:
    """What is a point on the map: towers and chambers, measured or synthetic, and benchmark towers without data.

    Of several data sets that hold a site the first of :func:`observations` decides. Sites of the simulation ``data``
    that are no counties, as fields or towers, are points too.
    """
    found: dict[str, Marker] = {}
    for entry, table in observations().values():
        kind: Kind = _kind(entry)
        for site, row in table.iterrows():
            if str(site) not in found:
                found[str(site)] = _marker(site, row, kind, f"{entry.title} ({kind})")
    simulation, counties = cache.entry(data), cache.county_facts().index
    for site, row in cache.sites(data).iterrows():
        if site not in counties and str(site) not in found:
            found[str(site)] = _marker(site, row, _kind(simulation), simulation.title)
    for site, row in cache.towers().iterrows():
        if str(site) not in found:
            found[str(site)] = _marker(site, row, "nodata", "Bring your data")
    return list(found.values())


def _marker(site: Any, row: pd.Series, kind: Kind, text: str) -> Marker:
    return Marker(str(site), f"{site}, {row['name']}", float(row["lat"]), float(row["lon"]), kind, text)


def held_sites() -> set[str]:
    """Ids of every site of which an observation data set holds values."""
    return {str(site) for _, table in observations().values() for site in table.index}


def county_names(fips: Sequence[str]) -> dict[str, str]:
    """``Story, IA`` for each FIPS code that the county table knows."""
    table = cache.county_facts()
    return {f: f"{table.at[f, 'county']}, {table.at[f, 'state']}" for f in fips if f in table.index}


def options(fips: Sequence[str], points: Sequence[Marker]) -> dict[str, str]:
    """What can be selected: counties by state and name, then towers and chambers; id to label."""
    names = county_names(fips)
    ordered = sorted(names, key=lambda f: tuple(reversed(names[f].rsplit(", ", 1))))
    return {f: names[f] for f in ordered} | {p.id: p.name for p in points}


def county_rows(fips: str) -> list[tuple[str, str]]:
    """Facts of a county as label and text; what the table lacks is said to be not reported."""
    row = cache.county_facts().loc[fips]
    rows = []
    for label, (columns, form) in _COUNTY_FACTS.items():
        values = [row[column] for column in columns]
        rows.append((label, form.format(*values) if all(map(pd.notna, values)) else "not reported"))
    if str(row.get("soil_from", "county")) != "county":
        rows.append(("Soil from", str(row["soil_from"])))
    return rows


def _kind(entry: "Entry") -> Kind:
    """What the sites of a data set are."""
    if entry.synthetic:
        return "synthetic"
    return "measured" if entry.kind == "observation" else "simulated"


def point_rows(site: str) -> list[tuple[str, str]]:
    """Facts of what is no county: what the registry or the data set says; unknown fields are left out."""
    towers = cache.towers()
    if site in towers.index:
        row = towers.loc[site]
        return [(str(k).capitalize().replace("_", " "), _text(v)) for k, v in row.items() if _text(v)]
    holding = [entry for entry, table in observations().values() if site in table.index]
    holding += [entry for entry in cache.entries("simulation") if site in cache.sites(entry.id).index]
    if not holding:
        return []
    first = holding[0]
    row = cache.sites(first.id).loc[site]
    return [
        ("Name", str(row["name"])),
        ("State", str(row["state"])),
        ("Latitude, longitude", f"{row['lat']:.3f}, {row['lon']:.3f}"),
        ("Data set", show.called(first)),
        ("Kind", _kind(first)),
        ("Years", years_text(cache.years(first.id))),
        ("Variables", ", ".join(_held(first.id, site, cache.version(first.id)))),
        *([("Also in", "; ".join(map(show.called, holding[1:])))] if holding[1:] else []),
    ]


@st.cache_data(show_spinner=False, max_entries=64)
def _held(data: str, site: str, version: str) -> list[str]:
    """Variables of which the site has a value: drivers that nobody told are there, and empty."""
    one = cache.dataset(data).sel(site=site)
    return [name for name in cache.variables(data) if bool(one[name].notnull().any())]


def cycles(
    chosen: Sequence[str], variables: Sequence[str], years: Sequence[int], rate: float
) -> tuple[pd.DataFrame, list[str]]:
    """Seasonal cycles of the chosen sites from every data set that holds them, with the data set in column ``data``.

    Simulations are read at ``years`` and ``rate``; observations in all their years. Also a sentence for each
    simulation that has none of those years, or not that rate, and is left out.
    """
    parts, without = [], []
    for entry in cache.entries():
        here = [s for s in chosen if s in cache.sites(entry.id).index]
        if not here:
            continue
        measured = entry.kind == "observation"
        lacks = "" if measured else _lacks(entry.id, years, rate)
        if lacks:
            without.append(f"{entry.title} is left out: it has {lacks}.")
            continue
        span = cache.years(entry.id) if measured else years
        frame = cache.seasonal(entry.id, variables, here, span, None if measured else rate)
        parts.append(frame.assign(data=entry.id))
    held = [part for part in parts if len(part)]
    return pd.concat(held, ignore_index=True) if held else pd.DataFrame(), without


def _lacks(data: str, years: Sequence[int], rate: float) -> str:
    """What the simulation ``data`` does not have of what is asked for, or nothing."""
    rates, held = cache.n_rates(data), cache.years(data)
    if rates and not any(np.isclose(rates, rate)):
        return f"no {rate:g} kg N ha⁻¹ (it has {', '.join(f'{r:g}' for r in rates)})"
    return "" if set(years) & set(held) else f"no year of {years_text(years)} (it has {years_text(held)})"


def in_view(chosen: Sequence[str], data: str) -> "list[Entry]":
    """Catalog entries behind what is shown: the mapped simulator and whatever holds a chosen site."""
    return [e for e in cache.entries() if e.id == data or any(s in cache.sites(e.id).index for s in chosen)]


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@dataclass(frozen=True)
class Layer:
    """What the map shows: ``counties``, a value by FIPS in ``unit``; ``scale`` names what decides the colours.

    ``about``: columns that say of each row of a file of what its value is. ``model``: whose values they are, where they
    are of one. ``note``: what they rest on. ``signed``: they are differences, of which the best is near zero.
    """

    counties: pd.Series
    name: str
    detail: str
    label: str
    unit: str
    scale: str
    about: Mapping[str, object] = field(default_factory=dict)
    model: str = ""
    note: str = ""
    signed: bool = False


def simulated(data: str, variable: str, years: Sequence[int], rate: float, crop: str) -> Layer:
    """The simulator's county means."""
    when = f"mean of {years_text(years)}" if len(years) > 1 else years_text(years)
    grown = "" if crop == "both" else f", {controls.CROPS[crop].lower()}"
    phase = phase_shown(cache.dataset(data), rate)
    label = schema.get(variable).title
    return Layer(
        counties=cache.site_means(data, variable, years, rate, crop),
        name=label,
        detail=f"{when}{grown}, {rate:g} kg N ha⁻¹ to corn" + (f", {phase}" if phase else ""),
        label=label,
        unit=yearly_unit(variable),
        scale=variable,
        about={
            "variable": variable,
            "data": data,
            "years": years_text(years),
            "n_rate_kg_n_ha": rate,
            "crop_years": crop,
            "synthetic": "yes" if cache.entry(data).synthetic else "no",
        },
    )


def show_map(layer: Layer, points: Sequence[Marker], chosen: Sequence[str]) -> str | None:
    """The map of counties with markers, its heading and options; returns a county or site just clicked."""
    values = layer.counties
    st.markdown(f"**{show.plain(layer.name)}**, {show.plain(layer.detail)}")
    if layer.note:
        st.caption(show.plain(layer.note))
    if values.notna().sum() == 0:
        show.empty("No place has a value for this choice.", "Pick more years, or both crops.")
    extent = state.bind(controls.EXTENT, default="belt", options=list(_EXTENTS))
    hit = mapview.county_map(
        values,
        variable=layer.scale,
        label=layer.label,
        unit=layer.unit,
        names=county_names(list(values.index)),
        selected=chosen,
        points=points,
        key="map.sites",
        tiles=bool(st.session_state.get("sites.tiles")),
        bounds=bounds_of(points) if state.get(controls.EXTENT) == "all" else maps.CORN_BELT,
    )
    with controls.row():
        st.segmented_control(
            "Map of",
            list(_EXTENTS),
            format_func=_EXTENTS.__getitem__,
            required=True,
            label_visibility="collapsed",
            **extent,
        )
        st.toggle("Online map tiles", key="sites.tiles", help="Needs internet: tiles come from OpenStreetMap.")
    return hit


def bounds_of(points: Sequence[Marker]) -> tuple[tuple[float, float], tuple[float, float]]:
    """South-west and north-east corner (lat, lon [degrees]) of a map that shows every one of ``points``."""
    lats, lons = [p.lat for p in points], [p.lon for p in points]
    return (min(lats) - _MARGIN, min(lons) - _MARGIN), (max(lats) + _MARGIN, max(lons) + _MARGIN)


def show_overview(layer: Layer, names: dict[str, str]) -> None:
    """The map in numbers: mean, outermost counties, and every county in a table (the way without a map).

    ``names``: of counties and sites, by id.
    """
    values = layer.counties.dropna().sort_values(ascending=False)
    if values.empty:
        return
    unit = pretty(layer.unit)
    only = values.index.isin(cache.county_facts().index).all()
    one, many = ("County", "counties") if only else ("Site", "sites")
    ends = [(label, f"{number(values[f])}, {names.get(f, f)}") for label, f in _ends(values, layer.signed).items()]
    show.facts([(f"Mean of {len(values)} {many}", f"{number(values.mean())} {unit}"), *ends])
    with st.expander(f"All {many} as a table", icon=":material/table_rows:"):
        column = show.with_unit(layer.label, layer.unit) if unit else layer.label
        table = pd.DataFrame({one: [names.get(f, f) for f in values.index], column: values.to_numpy()}, values.index)
        table = table.rename_axis("FIPS" if only else "id")
        # A model's errors may be far below one: decimals of a fixed number would leave a digit of them.
        digits = {column: st.column_config.NumberColumn(format="%.4g")}
        show.frame(table.assign(Model=layer.model) if layer.model else table, height=320, column_config=digits)
        show.csv(table.assign(**layer.about), f"{many}-{_file_name(layer.name)}")


def _ends(values: pd.Series, signed: bool) -> dict[str, str]:
    """Which of ``values`` (highest first) are told, by label: the outermost; of differences that nearest to 0 too."""
    high, low = str(values.index[0]), str(values.index[-1])
    if not signed:
        return {"Highest": high, "Lowest": low}
    above = {"Most above": high} if values[high] > 0 else {}
    below = {"Most below": low} if values[low] < 0 else {}
    return {**above, **below, "Nearest to zero": str(values.abs().idxmin())}


def _file_name(text: str) -> str:
    """``text`` as part of a file's name: letters, digits (N₂O: N2O) and dashes."""
    return "-".join("".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKC", text)).split())


def show_facts(chosen: Sequence[str], names: dict[str, str]) -> None:
    """Facts of one of the chosen counties and sites, or what to do where nothing is chosen."""
    if not chosen:
        show.empty("Nothing selected yet.", "Click a county or a marker, or type its name above.")
        return
    focus = chosen[-1]
    if len(chosen) > 1:
        focus = st.selectbox("Facts of", list(reversed(chosen)), format_func=lambda i: names[i])
    st.subheader(show.plain(names[focus]), anchor=False)
    if focus in cache.county_facts().index:
        show.facts(county_rows(focus))
        st.caption(COUNTY_SOURCES)
        return
    if focus in cache.towers().index and focus not in held_sites():
        show.empty(
            "No measurements of this tower are bundled.",
            "Its investigators share them through AmeriFlux or FLUXNET: get the file there and import it.",
        )
    show.facts(point_rows(focus))


def show_seasons(
    chosen: Sequence[str], names: dict[str, str], variable: str, years: Sequence[int], rate: float
) -> None:
    """Small multiples: the main variables of one chosen site, or one variable at several."""
    if not chosen:
        return
    st.subheader("Seasonal cycle", anchor=False)
    single = chosen[0] if len(chosen) == 1 else None
    if single:
        held = dict.fromkeys(v for e in in_view(chosen, "") for v in cache.variables(e.id))
        wanted = seasonal.panels_for(variable, list(held))
    else:
        wanted = [variable]
    frame, notes = cycles(chosen[:MOST_PANELS], wanted, years, rate)
    for note in notes:
        st.caption(show.plain(note))
    if frame.empty:
        show.empty(
            "Nothing to draw for this selection.",
            "Pick a daily variable that the selected sites hold; towers without data have none.",
        )
        return
    title = schema.get(variable).title
    without = [names[site] for site in chosen[:MOST_PANELS] if site not in set(frame["site"])]
    if single and variable not in set(frame["variable"]):
        why = "has one value a year, and no season" if schema.get(variable).per == "year" else "has no daily value here"
        st.caption(show.plain(f"{title} {why}: other variables of this site are drawn."))
    elif without:
        st.caption(f"Without {show.plain(title)}: {show.plain(', '.join(without))}.")
    if len(chosen) > MOST_PANELS:
        st.caption(f"The first {MOST_PANELS} of {len(chosen)} selected are drawn.")
    labels = show.titles(cache.entries())
    by = "variable" if single else "site"
    show.keys(seasonal.keys(frame, labels))
    panels = list(dict.fromkeys(frame[by]))
    for start in range(0, len(panels), 3):
        for column, panel in zip(st.columns(3), panels[start : start + 3], strict=False):
            heading = names.get(panel, panel) if by == "site" else schema.get(panel).title
            fig = seasonal.panel(frame[frame[by] == panel], labels, heading, beside=frame)
            with column:
                show.figure(fig, f"seasonal-{panel}", downloads=False)
    show.figure_files(seasonal.small_multiples(frame, labels, by=by, names=names), "seasonal-cycle")
    st.caption(
        f"Day-of-year means over {years_text(years)} (measurements: over all their years), 7-day running mean. "
        "Solid lines are corn years, dotted lines soybean years, dashed lines years of another or an unknown crop."
        + (" A shade spans the lowest to the highest year." if seasonal.shaded(frame, by) else "")
    )
