"""What the page "Regional emissions" asks and computes: the choice, the areas, totals kept for the same question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux.emissions import areas, units
from agroflux.emissions.totals import COLUMNS, Totals
from agroflux.errors import AgroFluxError
from agroflux.ui import cache, controls, show, state

if TYPE_CHECKING:
    import pandas as pd

SIMULATOR = "simulator"
#: Quantities that the map and the ranking can show.
QUANTITIES = (
    "n2o_t",
    "n2o_t_co2e",
    "n2o_kg_n_ha",
    "nee_t_co2",
    "necb_t_co2",
    "soil_carbon_t_co2",
    "nee_t_c_ha",
)


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

    @property
    def is_model(self) -> bool:
        """True where a trained model gives the fluxes."""
        return self.source != SIMULATOR

    @property
    def file(self) -> str:
        """Stem of the names of downloads."""
        origin = f"{self.source}-{self.data}" if self.is_model else self.data
        return f"emissions-{origin}-n{self.rate:g}-{self.years[0]}-{self.years[-1]}-{self.gwp.lower()}"


def choose() -> Choice:
    """The controls of the page; what holds now."""
    with controls.row():
        data = controls.data_set()
        models = [str(card["id"]) for card in cache.models() if _predicts_n2o(card)]
        names = {SIMULATOR: "The simulator itself"} | {m: f"{m} on its drivers" for m in models}
        source = _pick("Fluxes from", names, "emissions-from", 250)
        rate = controls.n_rate(cache.n_rates(data))
        years = controls.years(cache.years(data))
        st.segmented_control(
            "GWP-100 of N₂O",
            units.GWP_SETS,
            format_func=lambda s: f"{s}: {units.potential(s):g}",
            required=True,
            **state.bind("emissions-gwp", default="AR6", options=units.GWP_SETS),
        )
    choice = Choice(data, source, rate, tuple(years), str(state.get("emissions-gwp", "AR6")))
    return _with_own_areas(choice)


def _predicts_n2o(card: dict[str, Any]) -> bool:
    return "N2O_FLUX" in {name for name, _ in card["targets"]}


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


def quantity(table: "pd.DataFrame") -> str:
    """Pick what the map and the ranking show, of the columns that ``table`` holds."""
    names = {q: pretty(COLUMNS[q].axis) for q in QUANTITIES if q in table}
    return _pick("On the map and in the ranking", names, "emissions-show", 430)


def place(places: Sequence[str]) -> str:
    """Pick the region or a state."""
    return _pick("Place", {p: p for p in places}, "emissions-place", 220)


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
    """The expander for areas: source, template, upload. A file with mistakes is named and not used."""
    with st.expander("Harvested areas: survey, or your own CSV", icon=":material/agriculture:"):
        st.caption(
            f"Used unless you give your own: {areas.SURVEY_SOURCE}. Your file: columns {', '.join(areas.HEADER)}, "
            "hectares with a decimal point; a blank cell or a county left out of the file is left out of the totals."
        )
        show.download("Template (CSV, survey areas filled in)", lambda: _template(choice.data), "areas.csv", "text/csv")
        sent = st.file_uploader("Own areas", type="csv", key="emissions.areas", max_upload_size=1)
        if sent is None:
            return choice
        own = replace(choice, areas=sent.getvalue(), areas_name=str(sent.name))
        try:
            found = len(_own_areas(own.areas, own.areas_name))
        except AgroFluxError as error:
            st.error(show.plain(error), icon=":material/error:")
            st.caption("The totals below stand on the survey's areas until the file is right.")
            return choice
        st.success(f"Own areas of {found} counties are in use.", icon=":material/check:")
        return own


@st.cache_data(show_spinner=False, max_entries=16)
def _own_areas(raw: bytes, name: str) -> "pd.DataFrame":
    return areas.read_areas(raw, cache.county_facts(), name=name)


def _template(data: str) -> str:
    survey = areas.survey_areas(cache.county_facts())
    return areas.template(survey.loc[survey.index.isin(cache.sites(data).index)])


def totals(choice: Choice) -> Totals:
    """Totals of the choice (kept for the same question)."""
    weights = {str(card["id"]): str(card["weights_sha256"]) for card in cache.models()} if choice.is_model else {}
    return _totals(choice, cache.version(choice.data), weights.get(choice.source, ""))


@st.cache_data(show_spinner="Adding up the counties", max_entries=64)
def _totals(choice: Choice, version: str, weights: str) -> Totals:
    from agroflux.emissions import totals as recipe
    from agroflux.emissions.fluxes import with_crops

    ds, name = cache.dataset(choice.data), choice.data
    if choice.is_model:
        # All years, so that a crop's nearest year is there when the period shows only the other crop.
        every = tuple(cache.sites(choice.data).index), tuple(cache.years(choice.data))
        ds = with_crops(cache.region(choice.source, choice.data, *every, choice.rate), ds)
        name = f"{choice.source} on {choice.data}"
    own = _own_areas(choice.areas, choice.areas_name) if choice.areas_name else None
    facts = cache.county_facts()
    return recipe.totals(ds, facts, n_rate=choice.rate, years=choice.years, gwp=choice.gwp, areas=own, data=name)


def simulators(choice: Choice) -> dict[str, float]:
    """N2O of the region [t N2O yr-1] by each simulator that holds the rate and the years, by title."""
    found = {}
    for entry in cache.entries("simulation"):
        same = choice.rate in cache.n_rates(entry.id) and set(choice.years) <= set(cache.years(entry.id))
        if same and set(cache.sites(entry.id).index) == set(cache.sites(choice.data).index):
            made = totals(replace(choice, data=entry.id, source=SIMULATOR))
            found[entry.title] = float(made.by("region")["n2o_t"].iloc[0])
    return found


def comparison(choice: Choice) -> "pd.DataFrame":
    """The choice beside IPCC Tier 1 (:func:`agroflux.emissions.tier1.compare`)."""
    from agroflux.emissions import tier1

    zero = totals(replace(choice, rate=0.0)) if 0.0 in cache.n_rates(choice.data) else None
    return tier1.compare(totals(choice), zero, cache.county_facts())


def moisture(data: str) -> "pd.DataFrame":
    """Rain over potential evapotranspiration by site (:func:`agroflux.emissions.climate.moisture`)."""
    return _moisture(data, cache.version(data))


@st.cache_data(show_spinner=False, max_entries=16)
def _moisture(data: str, version: str) -> "pd.DataFrame":
    from agroflux.emissions import climate

    return climate.moisture(cache.dataset(data))


def geojson(made: Totals, rows: str) -> str:
    """The totals with their polygons, for download."""
    from agroflux import geo
    from agroflux.emissions.export import to_geojson

    frame, key = (geo.states(), "state") if rows == "state" else (geo.counties(), "fips")
    shapes = dict(zip(frame[key], frame.geometry, strict=True))
    return to_geojson(made, shapes, "state" if rows == "state" else "county")


def pretty(text: str) -> str:
    """Formulas and units as people write them: N₂O, CO₂, ha⁻¹."""
    for plain, written in (("N2O", "N₂O"), ("CO2", "CO₂"), ("ha-1", "ha⁻¹"), ("yr-1", "yr⁻¹")):
        text = text.replace(plain, written)
    return text
