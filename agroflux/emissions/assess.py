"""The whole answer to one question: totals, intervals, what drives them, trend, Tier 1 and the nitrogen lever.

The page, the command line and Python call :func:`assess` with the same parts and get the same numbers. Fluxes come in
as data sets, from a simulation or a model's prediction: nothing here runs a model.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.data.select import select
from agroflux.emissions import breakdown, residuals, tier1, uncertainty, units
from agroflux.emissions.place import check_areas, name_of, of_place
from agroflux.emissions.question import N2O_ALONE, Question, Sources, totals_of, totals_of_fields
from agroflux.emissions.sums import sums
from agroflux.emissions.totals import COLUMNS, REGION, Totals
from agroflux.errors import SelectionError

#: Quantity of the fluxes -> column of the totals for which an interval is drawn.
_DRAWN = {
    "n2o": "n2o_t",
    "nee": "nee_t_co2",
    "harvest": "harvest_t_co2",
    "necb": "necb_t_co2",
    "soil_carbon": "soil_carbon_t_co2",
}


@dataclass(frozen=True)
class Assessment:
    """An answer. ``intervals``: one row a place and quantity; ``parts``: what each component does to each quantity;
    ``years``, ``months``: totals of the region by year (crops borrowed from neighbouring years) and by month;
    ``tier1``: IPCC Tier 1 beside it; ``lever``: region by nitrogen rate; ``components``: those in the intervals;
    ``models``: ids of the trained models beside each other; ``gaps``: sentences on what parts of the answer leave out.
    """

    question: Question
    totals: Totals
    intervals: pd.DataFrame
    parts: pd.DataFrame
    years: pd.DataFrame
    months: pd.DataFrame
    tier1: pd.DataFrame
    lever: pd.DataFrame
    components: tuple[str, ...]
    simulators: Mapping[str, float]
    models: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """What the region is called, whose rows have the key :data:`agroflux.emissions.totals.REGION`."""
        return self.totals.place

    @property
    def headline(self) -> str:
        """Column of the figure that stands for all: N2O as CO2e, with the indirect part where asked."""
        return "n2o_all_t_co2e" if self.question.indirect else "n2o_t_co2e"

    def interval(self, column: str, level: str = "region", place: str = REGION) -> pd.Series:
        """Value, median and interval ends of one quantity at one place; SelectionError where there is none."""
        table = self.intervals
        found = table[(table["quantity"] == column) & (table["level"] == level) & (table["place"] == place)]
        if found.empty:
            raise SelectionError(f"no interval of {column} for {level} {place}: choose one of the table's rows")
        return found.iloc[0]

    def named(self, table: pd.DataFrame) -> pd.DataFrame:
        """``table`` for readers: in the columns ``place`` and ``label`` the name of the region in place of its key."""
        columns = [c for c in ("place", "label") if c in table]
        return table.assign(**{c: table[c].replace(REGION, self.place) for c in columns})

    def ranked(self, column: str, level: str = "county") -> pd.DataFrame:
        """Places of a level with value and interval of a quantity, largest first."""
        table = self.intervals
        found = table[(table["quantity"] == column) & (table["level"] == level)]
        return found.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def assess(question: Question, sources: Sources, facts: pd.DataFrame) -> Assessment:
    """Answer ``question`` from ``sources``; ``facts``: county facts by FIPS (:func:`agroflux.geo.county_facts`).

    SelectionError or DataError as :func:`agroflux.emissions.totals.totals`.
    """
    whole = sources.at(question.n_rate)
    sites = [str(site) for site in whole["site"].to_numpy()]
    called = name_of(question.counties, sites, facts, question.areas)
    if question.areas is not None and not question.on_survey:
        check_areas(question.areas, question.counties if question.counties is not None else sites, called)
    fluxes = select(sources.sums(question.n_rate), sites=question.counties)
    made = replace(totals_of(question, fluxes, facts, sources.name), place=called)
    apart: list[str] = []  # sentences on what cannot stand beside the figures
    members = {
        name: found
        for name in sources.simulators
        if (found := _member(question, partial(sources.sums, simulator=name), facts, made, name, apart)) is not None
    }
    models = _models(question, sources, facts, made, apart)
    yearly = breakdown.cells_by_year(question, fluxes, made)
    rows, parts, used = [], [], set()
    once: list[str] = []
    for quantity, column in _DRAWN.items():
        if column not in made.crops:
            continue
        evidence = _evidence(quantity, column, sources, made, yearly, members, models, question.area_sd)
        for one in _drawings(evidence, column, made, question):
            drawn = uncertainty.draw(one.evidence, draws=question.draws, seed=question.seed)
            rows += _intervals(made, drawn, one)
            if one.by_area:  # what drives a mean is what drives its total
                continue
            held = uncertainty.contributions(one.evidence, draws=question.draws, seed=question.seed)
            for name, factor in one.columns.items():
                ends = held[["sd", "low80", "high80"]] * factor
                parts.append(held.assign(quantity=name, **ends))
            used |= set(one.evidence.components())
        once = once or _grown_once(evidence)
    years, short = breakdown.by_year(question, fluxes, facts, made)
    lever, unequal = breakdown.by_rate(question, sources, facts, made)
    intervals = pd.DataFrame(rows)
    beside, untold = _tier1(question, sources, facts, made)
    return Assessment(
        question=question,
        totals=made,
        intervals=intervals,
        parts=pd.concat(parts, ignore_index=True),
        years=years,
        months=breakdown.by_month(question, fluxes, made),
        tier1=_ranged(beside, intervals),
        lever=lever,
        components=tuple(c for c in uncertainty.COMPONENTS if c in used),
        simulators={name: float(table["n2o_t"].sum()) for name, table in members.items()},
        models=sources.members,
        gaps=(
            *of_place(question.counties, sites, facts, question.areas),
            *([made.borrowed] if made.borrowed else []),
            *_of_source(sources, used),
            *apart,
            *once,
            *short,
            *unequal,
            *untold,
        ),
    )


def _member(
    question: Question,
    sums_at: Callable[[float], xr.Dataset],
    facts: pd.DataFrame,
    made: Totals,
    name: str,
    apart: list[str],
) -> pd.DataFrame | None:
    """Crops of another source for the very same cells, in their order; None where it cannot answer the question.

    ``sums_at``: its sums at a nitrogen rate. Why not is added to the sentences in ``apart``, under its ``name``.
    """
    why = ""
    try:
        table = totals_of(question, sums_at(question.n_rate), facts).crops.set_index(["fips", "crop"])
        if lacking := int((~made.cells.isin(table.index)).sum()):
            why = f"it lacks {lacking} of {len(made.cells)} county crops"
    except SelectionError as error:  # it has no such rate, year or county
        why = str(error)
    if why:
        apart.append(f"{name} does not stand beside the figures, and is not in the interval: {why}.")
        return None
    return table.loc[made.cells].reset_index()


def _models(
    question: Question, sources: Sources, facts: pd.DataFrame, made: Totals, apart: list[str]
) -> dict[str, list[pd.DataFrame]]:
    if sources.models is None:
        return {}
    found: dict[str, list[pd.DataFrame]] = {}
    for kind, seeds in sources.models(question.n_rate).items():
        tables = [_member(question, partial(_added, ds), facts, made, f"One {kind}", apart) for ds in seeds]
        found[kind] = [table for table in tables if table is not None]
    return {kind: tables for kind, tables in found.items() if tables}


def _added(ds: xr.Dataset, n_rate: float) -> xr.Dataset:
    return sums(select(ds, n_rate=n_rate))


def _evidence(
    quantity: str,
    column: str,
    sources: Sources,
    made: Totals,
    yearly: Mapping[str, np.ndarray],
    members: Mapping[str, pd.DataFrame],
    models: Mapping[str, Sequence[pd.DataFrame]],
    area_sd: float,
) -> uncertainty.Evidence:
    """Of N2O the direct part; the indirect one is :func:`_drawings`'."""
    crops = made.crops
    best = crops[column].to_numpy(float)
    per_hectare = _per_hectare(quantity, crops)
    predicted = np.divide(best, per_hectare, out=np.zeros_like(best), where=per_hectare != 0)
    held = {name: table[column].to_numpy(float) for name, table in members.items() if column in table}
    told = {kind: [t[column].to_numpy(float) for t in tables if column in t] for kind, tables in models.items()}
    seeds = {kind: np.stack(arrays) for kind, arrays in told.items() if arrays}
    return uncertainty.Evidence(
        best=best,
        positive=quantity == "n2o",
        yearly=yearly[column],
        n_years=crops["crop_years"].str.count(",").to_numpy(int) + 1,
        simulators=held,
        own_simulator=sources.behind,
        models=seeds,
        residuals=_residuals(sources.held_out, quantity, crops["crop"]),
        predicted=predicted,
        per_hectare=per_hectare,
        crops=crops["crop"].to_numpy(str),
        area_sd=area_sd,
    )


@dataclass(frozen=True)
class _Drawing:
    """What is drawn at once: ``columns`` by their factor on the draws; ``by_area``: sums are divided by their area."""

    evidence: uncertainty.Evidence
    columns: Mapping[str, float]
    by_area: bool = False


def _drawings(direct: uncertainty.Evidence, column: str, made: Totals, question: Question) -> list[_Drawing]:
    """What is drawn from the evidence on ``column``.

    N2O is also given as CO2 equivalents, and per hectare, where an error of the area is one of both the mass and the
    hectares and is left out; direct and indirect together are drawn beside it where that is asked.
    """
    if column != "n2o_t":
        return [_Drawing(direct, {column: 1.0})]
    warming = units.potential(question.gwp, question.horizon)
    found = [
        _Drawing(direct, {"n2o_t": 1.0, "n2o_t_co2e": warming}),
        _Drawing(replace(direct, area_sd=0.0), {"n2o_kg_n_ha": 1000.0 / units.N2O_PER_N}, by_area=True),
    ]
    if question.indirect:
        both = direct.best + made.crops["n2o_indirect_t"].to_numpy(float)
        applied = made.crops["n_applied_t_n"].to_numpy(float)
        found.append(_Drawing(replace(direct, best=both, applied=applied), {"n2o_all_t_co2e": warming}))
    return found


def _per_hectare(quantity: str, crops: pd.DataFrame) -> np.ndarray:
    """From a flux per hectare [kg N2O-N or t C, ha-1 yr-1] to a mass [t N2O or t CO2, yr-1], by cell."""
    factor = units.N2O_PER_N / 1000.0 if quantity == "n2o" else units.CO2_PER_C
    return crops["area_ha"].to_numpy(float) * factor


def _residuals(held_out: pd.DataFrame | None, quantity: str, crops: pd.Series) -> residuals.Residuals | None:
    """Scores of ``quantity``; None where a crop of the answer grows in none of the held-out years."""
    if held_out is None or quantity not in set(held_out["quantity"]):
        return None
    found = residuals.fit(held_out[held_out["quantity"] == quantity])
    return found if set(crops) <= set(found.crops) else None


def _intervals(made: Totals, drawn: np.ndarray, of: _Drawing) -> list[dict[str, object]]:
    """Rows of the table of intervals: each county, state, crop and the region, in each column that is drawn."""
    crops = made.crops
    names = crops.drop_duplicates("fips").set_index("fips")
    groups = [("county", crops["fips"]), ("state", crops["state"]), ("crop", crops["crop"])]
    groups.append(("region", pd.Series(REGION, index=crops.index)))
    rows: list[dict[str, object]] = []
    for level, keys in groups:
        places, sums = uncertainty.grouped(drawn, keys.tolist())
        by = keys.to_numpy()
        area = crops["area_ha"].groupby(by).sum()[places].to_numpy() if of.by_area else 1.0
        values = pd.Series(of.evidence.best).groupby(by).sum()[places] / area
        ends = uncertainty.interval(sums / area)
        for number, place in enumerate(places):
            label = f"{names.at[place, 'county']}, {names.at[place, 'state']}" if level == "county" else place
            for name, factor in of.columns.items():
                found: dict[str, object] = {"level": level, "place": place, "label": label, "quantity": name}
                found |= {"unit": COLUMNS[name].unit, "value": float(values[place]) * factor}
                rows.append(found | {end: float(array[number]) * factor for end, array in ends.items()})
    return rows


def _of_source(sources: Sources, used: Collection[str]) -> list[str]:
    """Sentences on what the source of the fluxes cannot give; ``used``: components in the intervals."""
    said = []
    if sources.absent:
        said.append(f"No totals of what adaptation left alone in the model: {', '.join(sources.absent)}.")
    if sources.model and "residual" not in used:
        why = sources.no_error or "one of the crops grows in none of the years that it was not trained on"
        said.append(f"The error of the model is not in the interval, since {why}.")
    if sources.unread:
        said.append(
            f"Bundled data that cannot be opened ({', '.join(sources.unread)}) are left out, and what they would add "
            "to the interval is not in it: `agroflux data list` says what is wrong with them."
        )
    if not sources.behind and len(sources.simulators) > 1:
        said.append(
            f"The difference between the process models ({', '.join(sources.simulators)}) is not in the interval: the "
            f"model learned from none of them, but from other data ({sources.learned_from or 'not told which'})."
        )
    return said


def _grown_once(evidence: uncertainty.Evidence) -> list[str]:
    """A sentence on county crops of which the data hold one year alone, if there are any: they draw no weather."""
    held = np.isfinite(evidence.yearly if evidence.yearly is not None else []).sum(axis=0)
    once = int((held < 2).sum())
    if not once:
        return []
    return [
        f"Year-to-year weather is not in the interval of {once} of {len(held)} county crops: the data hold one year of "
        "them."
    ]


def _tier1(question: Question, sources: Sources, facts: pd.DataFrame, made: Totals) -> tuple[pd.DataFrame, list[str]]:
    """The table beside Tier 1, and sentences that say what it leaves out."""
    zero, said = None, []
    if 0.0 in sources.rates:
        bare = replace(question, n_rate=0.0)
        zero = totals_of_fields(bare, sources.sums(0.0, quantities=N2O_ALONE), facts, made.cells)
        if (told := 0 if zero is None else len(zero.crops)) < len(made.crops):
            said.append(
                f"N2O due to fertiliser is told of {told} of {len(made.crops)} county crops: the others lack N2O at "
                "0 kg N ha-1."
            )
    if not question.on_survey:
        said.append("Tier 1 on the nitrogen of farms in 2012 is left out: it is of whole counties, not of own areas.")
    table = tier1.compare(
        made, zero, facts, indirect=question.indirect, shares=question.shares, farms=question.on_survey
    )
    return table, said


def _ranged(beside: pd.DataFrame, intervals: pd.DataFrame) -> pd.DataFrame:
    """The table beside Tier 1 with the 95 % intervals of the simulated rows of which one was drawn, as its ranges."""
    n2o = intervals[intervals["quantity"] == "n2o_t"].set_index(["level", "place"])
    out = beside.copy()
    for number, row in beside.iterrows():
        whole = row["place"] == REGION
        key = {tier1.ALL_FIELDS: ("region" if whole else "state", row["place"])}
        key |= {tier1.CORN_FIELDS: ("crop", "corn")} if whole else {}
        if (found := key.get(row["estimate"], ("", ""))) in n2o.index:
            out.loc[number, ["low_t", "high_t"]] = n2o.loc[found, ["low95", "high95"]].to_numpy()
    return out
