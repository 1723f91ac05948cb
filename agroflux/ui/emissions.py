"""What the page "Regional emissions" asks: source, nitrogen, years, place, areas, warming potential."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from agroflux.emissions import areas, units
from agroflux.emissions.place import ALL, STATES
from agroflux.emissions.polygon import MAX_BYTES, Region, read_polygon
from agroflux.emissions.question import AREA_SD, predicts_n2o
from agroflux.emissions.totals import COLUMNS, REGION
from agroflux.errors import AgroFluxError
from agroflux.ui import cache, controls, show, state, uploads

if TYPE_CHECKING:
    import pandas as pd

SIMULATOR = "simulator"
_AREAS, _POLYGON = "emissions.areas", "emissions.polygon"  # keys of the user's own files
#: Quantities that the map and the ranking can show.
QUANTITIES = (
    "n2o_t",
    "n2o_t_co2e",
    "n2o_all_t_co2e",
    "n2o_kg_n_ha",
    "co2e_per_grain",
    "n2o_n_per_n",
    "nee_t_co2",
    "harvest_t_co2",
    "necb_t_co2",
    "soil_carbon_t_co2",
    "soil_co2_t_co2",
    "nee_t_c_ha",
)
_AREA_ERRORS = (0, 2, 5, 10, 20)  # %
_MOST_UPLOAD = 110  # MB that the browser may send, so that a file too large is told so here and not cut off


@dataclass(frozen=True)
class Choice:
    """One question to the page; hashable, so that its answer can be kept."""

    data: str
    source: str  # SIMULATOR or a model id
    rate: float
    years: tuple[int, ...]
    gwp: str
    areas: bytes = b""
    areas_name: str = ""
    where: str = ALL  # ALL, a state's code or a county's FIPS
    polygon: bytes = b""
    polygon_name: str = ""
    horizon: int = 100
    indirect: bool = False
    area_sd: float = AREA_SD

    @property
    def is_model(self) -> bool:
        """True where a trained model gives the fluxes."""
        return self.source != SIMULATOR

    @property
    def file(self) -> str:
        """Stem of the names of downloads."""
        origin = f"{self.source}-{self.data}" if self.is_model else self.data
        place = "own-region" if self.polygon_name else self.where
        stem = f"emissions-{origin}-{place}-n{self.rate:g}-{self.years[0]}-{self.years[-1]}"
        told = [self.gwp.lower(), str(self.horizon), *(["with-indirect"] if self.indirect else [])]
        told += [f"area-error-{100 * self.area_sd:g}"] if self.area_sd != AREA_SD else []
        return "-".join([stem, *told, *(["own-areas"] if self.areas_name else [])])


def choose() -> Choice:
    """The controls of the page; what holds now."""
    with controls.row():
        data = controls.data_set()
        known = sorted(cache.models(), key=lambda card: card["data"].get("id") != data)
        models = [str(card["id"]) for card in known if predicts_n2o(card)]
        names = {SIMULATOR: "The simulator itself"} | {m: f"{m} on its drivers" for m in models}
        source = _pick("Fluxes from", names, "emissions-from", 250)
        rate = controls.n_rate(cache.n_rates(data))
        years = controls.years(whole_years(data, cache.version(data)))
        where = _where(data)
    with controls.row():
        gwp, horizon = _potential()
        indirect = _indirect()
        area_sd = _area_error()
    choice = Choice(data, source, rate, tuple(years), gwp, where=where)
    choice = replace(choice, horizon=horizon, indirect=indirect, area_sd=area_sd)
    # Open where a file holds that was sent before another page was visited: it must not count unseen.
    kept = bool(uploads.kept(_AREAS) or uploads.kept(_POLYGON))
    with st.expander("Own areas, or a region of your own", expanded=kept, icon=":material/agriculture:"):
        return _with_own_region(_with_own_areas(choice))


@st.cache_data(show_spinner=False, max_entries=32)
def whole_years(data: str, version: str) -> list[int]:
    """Calendar years of which a data set holds every day: totals of others mean nothing."""
    from agroflux.emissions import sums

    return sums.whole_years(cache.dataset(data))


def _where(data: str) -> str:
    """Pick all counties, a state or a county."""
    table = cache.sites(data).sort_values(["state", "name"])
    held = [code for code in STATES if code in set(table["state"])]
    every = cache.county_facts()["state"].value_counts()
    names = {ALL: f"All {len(table)} counties"}
    names |= {code: f"{STATES[code]} ({(table['state'] == code).sum()} of {every[code]})" for code in held}
    names |= {str(fips): f"{row['name']}, {row['state']}" for fips, row in table.iterrows()}
    return _pick("Place", names, "emissions-where", 220)


def _potential() -> tuple[str, int]:
    """Pick the report and the horizon of the warming potential of N2O."""
    # Bound first, as the factors that the first picker names are those of the horizon, which a link may tell.
    over = state.bind("emissions-horizon", default=units.HORIZONS[0], options=units.HORIZONS)
    horizon = int(state.get("emissions-horizon"))
    st.segmented_control(
        f"GWP-{horizon} of N₂O",
        units.GWP_SETS,
        format_func=lambda s: f"{s}: {units.potential(s, horizon):g}",
        required=True,
        **state.bind("emissions-gwp", default="AR6", options=units.GWP_SETS),
    )
    st.segmented_control(
        "Over",
        units.HORIZONS,
        format_func=lambda y: f"{y} years",
        required=True,
        **over,
    )
    return str(state.get("emissions-gwp", "AR6")), horizon


def _indirect() -> bool:
    """Pick direct N2O alone, or with the indirect part."""
    names = {"direct": "Direct", "all": "Direct and indirect"}
    st.segmented_control(
        "N₂O",
        list(names),
        format_func=names.__getitem__,
        required=True,
        help="Indirect N₂O comes from nitrogen that volatilises or leaches from the field (IPCC Tier 1 factors).",
        **state.bind("emissions-n2o", default="direct", options=list(names)),
    )
    return str(state.get("emissions-n2o", "direct")) == "all"


def _area_error() -> float:
    """Pick the relative error of harvested areas [1]."""
    st.selectbox(
        "Error of areas",
        _AREA_ERRORS,
        format_func=lambda percent: f"{percent} %",
        width=130,
        help="Relative standard deviation of harvested areas. An assumption: the survey states none by county.",
        **state.bind("emissions-area", default=round(AREA_SD * 100), options=_AREA_ERRORS),
    )
    return float(state.get("emissions-area", AREA_SD * 100)) / 100.0


def _pick(label: str, names: dict[str, str], name: str, width: int) -> str:
    options = list(names)
    st.selectbox(
        label,
        options,
        format_func=lambda i: names[i],
        width=width,
        **state.bind(name, default=options[0], options=options),
    )
    return str(state.get(name, options[0]))


def titled(quantity: str) -> str:
    """Name of a column of totals with its unit, as people write them."""
    return show.with_unit(COLUMNS[quantity].label, COLUMNS[quantity].unit)


def quantity(table: "pd.DataFrame") -> str:
    """Pick what the map and the ranking show, of the columns that ``table`` holds."""
    names = {q: titled(q) for q in QUANTITIES if q in table}
    return _pick("On the map and in the ranking", names, "emissions-show", 430)


def place(places: Sequence[str], region: str) -> str:
    """Pick the region, which is called ``region``, or a state, of ``places``: the keys, as links have them."""
    of_state = "{}" if region == REGION else "Part in {}"
    names = {p: region if p == REGION else of_state.format(STATES.get(p, p)) for p in places}
    if len(names) > 1:
        return _pick("Place", names, "emissions-place", 220)
    # Not bound: with nothing to choose, a link that names one of the states must open without a complaint.
    st.selectbox("Place", [region], width=220, disabled=True)
    return places[0]


def level() -> str:
    """Pick the rows of the table: counties or states."""
    names = {"county": "Counties", "state": "States"}
    st.segmented_control(
        "Rows",
        list(names),
        format_func=names.__getitem__,
        required=True,
        **state.bind("emissions-rows", default="county", options=list(names)),
    )
    return str(state.get("emissions-rows", "county"))


def _with_own_areas(choice: Choice) -> Choice:
    """Areas: source, template, upload. A file with mistakes is named and not used."""
    st.caption(
        f"**Areas.** Used unless you give your own: {areas.SURVEY_SOURCE}. Your file: columns "
        f"{', '.join(areas.HEADER)}, hectares with a decimal point; a blank cell or a county left out of the "
        "file is left out of the totals."
    )
    show.download("Template (CSV, survey areas filled in)", lambda: _template(choice.data), "areas.csv", "text/csv")
    sent = uploads.upload("Own areas", _AREAS, type="csv", max_upload_size=1)
    if sent is None:
        return choice
    own = replace(choice, areas=sent[0], areas_name=sent[1])
    try:
        table = own_areas(own.areas, own.areas_name)
    except AgroFluxError as error:
        st.error(show.plain(error), icon=":material/error:")
        st.caption("The totals below stand on the survey's areas until the file is right.")
        uploads.removable(_AREAS, "Not in use")
        return choice
    uploads.keep(_AREAS, *sent)
    counted = int(table.index.isin(cache.sites(choice.data).index).sum())
    if counted == len(table):
        text = f"Own areas of {'1 county' if counted == 1 else f'{counted} counties'} are in use."
    else:
        text = f"Own areas of {counted} of {len(table)} counties are in use: the others are not in the data."
    st.success(text, icon=":material/check:")
    uploads.removable(_AREAS)
    return own


def _with_own_region(choice: Choice) -> Choice:
    """A polygon: upload, in place of the picked place. A file that cannot be used is named and not used."""
    st.caption(
        "**Region.** A GeoJSON polygon in WGS 84 longitude and latitude, at most "
        f"{MAX_BYTES / 1e6:g} MB. Each county counts by the share of its area that lies inside."
    )
    sent = uploads.upload("Own region", _POLYGON, type=["geojson", "json"], max_upload_size=_MOST_UPLOAD)
    if sent is None:
        return choice
    raw, name = sent
    try:
        # A file too large is refused by its size; its content need not be kept.
        region = own_region(raw, name) if len(raw) <= MAX_BYTES else read_polygon(raw, name)
        shares = counties_inside(choice.data, region)
    except AgroFluxError as error:
        st.error(show.plain(error), icon=":material/error:")
        st.caption("The totals below stand on the place picked above until the file is right.")
        uploads.removable(_POLYGON, "Not in use")
        return choice
    uploads.keep(_POLYGON, raw, name)
    lie = "1 county of the data lies" if shares == 1 else f"{shares} counties of the data lie"
    st.success(f"{show.plain(region.name)} is in use: {lie} in it, whole or in part.", icon=":material/check:")
    uploads.removable(_POLYGON)
    return replace(choice, polygon=raw, polygon_name=region.name)


@st.cache_data(show_spinner=False, max_entries=16)
def own_region(raw: bytes, name: str) -> Region:
    """A user's polygon, read and checked (:func:`agroflux.emissions.polygon.read_polygon`)."""
    return read_polygon(raw, name)


def counties_inside(data: str, region: Region) -> int:
    """Number of counties of the data that a polygon touches; PolygonError for none."""
    from agroflux import geo
    from agroflux.emissions import place

    return len(place.inside(region, geo.counties(), list(cache.sites(data).index), cache.county_facts())[0])


@st.cache_data(show_spinner=False, max_entries=16)
def own_areas(raw: bytes, name: str) -> "pd.DataFrame":
    """A user's areas, read and checked (:func:`agroflux.emissions.areas.read_areas`)."""
    return areas.read_areas(raw, cache.county_facts(), name=name)


def _template(data: str) -> str:
    survey = areas.survey_areas(cache.county_facts())
    return areas.template(survey.loc[survey.index.isin(cache.sites(data).index)])
