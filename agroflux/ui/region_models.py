"""Several models' runs on the same counties: maps side by side, difference, ensemble, series, table, downloads."""

import textwrap
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux import maps, schema
from agroflux.data import summary
from agroflux.data.calendar_days import years_text
from agroflux.data.joined import PLUS
from agroflux.evaluation import compare
from agroflux.figures import choropleth, colours, ensemble, series, theme
from agroflux.ui import adapted, cache, controls, region, region_crops, show, state

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_SMALL, _LARGE = 240, 380  # px high
#: px wide: a small map, for the same reason as ``controls.halves``.
_SMALL_WIDTH = 340
_LETTERS = 140  # of a line of a title in a picture of 1200 px
_SPREADS = {"mean": "Ensemble mean", "sd": "Standard deviation", "range": "Highest less lowest"}


def show_models(done: region.Result, names: dict[str, str]) -> None:
    """The whole view of a run of several models."""
    each = ", ".join(f"{show.plain(model)} in {seconds:.2f} s" for model, seconds in done.seconds.items())
    title = show.plain(cache.entry(done.ask.data).title)
    st.caption(
        f"{len(done.runs)} models on the weather, soils and management of {title}, "
        f"{done.size} each: {each}.{phase(done)}{learned(done)}"
    )
    common = common_variables(done)
    if not common:
        show.empty(
            "These models have no variable in common that each of them learned.",
            "Leave out one that was adapted to other variables, and run again.",
        )
        return
    shown, variable, step = choose(done, common)
    if shown is None:
        return
    values = county_values(shown, variable)
    with show.guard("The maps of the models"):
        _side_by_side(shown, values, variable, names)
    left, right = controls.halves()
    with left, show.guard("The difference map"):
        _difference(shown, values, variable, names)
    with right, show.guard("The ensemble map"):
        _ensemble(shown, values, variable, names)
    with show.guard("The series"):
        _series(shown, variable, step)
    with show.guard("The table of the models"):
        _table(shown, values, variable, names, done)


def choose(done: region.Result, held: list[str]) -> tuple[region.Result | None, schema.Variable, compare.Aggregation]:
    """Controls: variable of ``held``, time step and crop; the run as it is then shown, None where there is nothing."""
    with controls.row():
        variable = schema.get(controls.variable(held, default="GPP"))
        step = pick_step(variable)
        crop = controls.crop() if done.corn is not None else "both"
    shown = region_crops.of(done, variable.name, crop)
    if region_crops.none_grown(shown):
        show.empty(
            f"None of these counties grows {crop} in {years_text(done.ask.years)}.",
            "Choose both crops, or run other years.",
        )
        return None, variable, step
    if note := region_crops.note(shown):
        st.caption(note)
    return shown, variable, step


def pick_step(variable: schema.Variable) -> compare.Aggregation:
    """Control: the time step; an annual variable has none to pick."""
    if variable.per == "year":
        return "annual"
    chosen = controls.aggregation(default="monthly")
    return next(step for step in compare.AGGREGATIONS if step == chosen)


def common_variables(done: region.Result) -> list[str]:
    """Variables that every model of the run predicts."""
    held = [set(map(str, data.data_vars)) for data in done.runs.values()]
    return [name for name in map(str, done.data.data_vars) if all(name in there for there in held)]


def phase(done: region.Result) -> str:
    """A sentence on the rotation phase that is drawn, where the data hold several of the rate."""
    shown = summary.phase_shown(done.data, done.ask.rate)
    return (
        f" Shown is {show.plain(shown)}; the NetCDF file holds all, and Regional emissions averages them."
        if shown
        else ""
    )


def learned(done: region.Result) -> str:
    """Sentences on which of the run's years its models were trained and chosen with, where that was on these data."""
    held: dict[tuple[int, ...], list[str]] = {}
    for card in (card for card in cache.models() if str(card["id"]) in done.runs):
        first = adapted.origin(card)  # an adapted model knows the counties from the years of its source
        data = "" if first is None else str(first["data"].get("id", "")).removesuffix("-full")
        if first is not None and done.ask.data in data.split(PLUS):
            used = {int(year) for part in ("train", "validate") for year in first["split"].get(part, [])}
            held.setdefault(tuple(sorted(used & set(done.ask.years))), []).append(str(card["id"]))
    said = []
    for years, models in held.items():
        who, it = ("The model", "it") if len(done.runs) == 1 else (show.plain(", ".join(models)), "them")
        fresh = [year for year in done.ask.years if year not in years]
        if years:
            rest = f"; new to {it}: {years_text(fresh)}" if fresh else ""
            said.append(f" {who} saw {years_text(list(years))} in training{rest}.")
    return "".join(said)


def county_values(done: region.Result, variable: schema.Variable) -> "pd.DataFrame":
    """Mean over the run's years, index FIPS, a column a model, in yearly units."""
    import pandas as pd

    ask = done.ask
    means = {m: summary.site_means(data, variable.name, ask.years, ask.rate) for m, data in done.runs.items()}
    return pd.DataFrame(means).rename_axis("FIPS")


def series_table(data: "xr.Dataset", variable: schema.Variable, step: compare.Aggregation) -> "pd.DataFrame":
    """A run as one column over ``(site, time)``, aggregated."""
    array = data[variable.name]
    if "scenario" in array.dims:
        array = array.isel(scenario=0)
    frame = compare.table({variable.name: array})
    return frame if variable.per == "year" else compare.aggregate(frame, step, year=compare.yearly(variable))


def mean_series(done: region.Result, variable: schema.Variable, step: compare.Aggregation) -> "pd.DataFrame":
    """Mean over the counties: index ``time``, a column a model."""
    import pandas as pd

    tables = {model: series_table(data, variable, step) for model, data in done.runs.items()}
    means = {model: compare.spread(frame, variable.name)["mean"] for model, frame in tables.items()}
    return compare.regular(pd.DataFrame(means), step)


def member_dataset(done: region.Result) -> "xr.Dataset":
    """The runs as one data set with the dimension ``model``: what the download holds."""
    import pandas as pd
    import xarray as xr

    names = common_variables(done)
    members = pd.Index(list(done.runs), name="model")
    joined = xr.concat([data[names] for data in done.runs.values()], dim=members, combine_attrs="drop_conflicts")
    joined.attrs |= {"title": f"Runs of {', '.join(done.runs)}", "synthetic": _synthetic(done)}
    return joined


def provenance(done: region.Result) -> dict[str, object]:
    """What a table does not say by itself, for a column each of its file: data, model, years, rate, synthetic or not.

    Named as in the files of the emissions page; of several models each has a column of its own.
    """
    told: dict[str, object] = {"data": done.ask.data}
    if len(done.runs) == 1:
        (told["model"],) = done.runs
    return told | {
        "years": years_text(done.ask.years),
        "n_rate_kg_n_ha": done.ask.rate,
        "crop_years": done.crop,
        "synthetic": "yes" if _synthetic(done) else "no",
    }


def _synthetic(done: region.Result) -> bool:
    """Whether the drivers are synthetic, or what one of the models learned from."""
    return any(bool(data.attrs["synthetic"]) for data in done.runs.values())


def stem(done: region.Result, what: str) -> str:
    """Name of a file on ``what``, without suffix: another for other years, another rate or another crop."""
    years = years_text(done.ask.years).replace(", ", "+")
    return f"region-{what}-{years}-n{done.ask.rate:g}" + ("" if done.crop == "both" else f"-{done.crop}")


def show_map(fig: Any, title: list[str], done: region.Result, what: str, key: str) -> None:
    """A map and its files, which say in the picture and by their name what stands around the map on the page."""
    name = stem(done, what)
    show.figure(fig, name, key=f"region.{key}", downloads=False)
    show.figure_files(choropleth.titled(fig, title), name)


def titles(done: region.Result, variable: schema.Variable, whose: str, what: str = "") -> list[str]:
    """Lines above a map in a file: what it shows and of which years; by which model (``whose``), data and rate."""
    unit = theme.pretty(summary.yearly_unit(variable.name))
    first = f"{variable.title} [{unit}], {years_text(done.ask.years)}" + (f": {what}" if what else "")
    driven = f"on {done.ask.data}, {done.ask.rate:g} kg N ha⁻¹ to corn"
    driven += "" if done.crop == "both" else f", {controls.CROPS[done.crop].lower()}"
    if len(f"{whose} {driven}") <= _LETTERS:
        return [first, f"{whose} {driven}"]
    return [first, *textwrap.wrap(whose, _LETTERS, break_on_hyphens=False), driven]


def _side_by_side(
    done: region.Result, values: "pd.DataFrame", variable: schema.Variable, names: dict[str, str]
) -> None:
    unit = summary.yearly_unit(variable.name)
    scale = maps.Scale.of(variable.name, variable.title, theme.pretty(unit), values.to_numpy().ravel().tolist())
    counties, states = region.outlines()
    st.markdown("**Model by model**, on one scale")
    with st.container(horizontal=True):
        for model in map(str, values.columns):
            with st.container(width=_SMALL_WIDTH):
                st.caption(show.plain(model))
                fig = choropleth.county_figure(
                    values[model], names, variable=variable.name, label=variable.title, unit=unit, counties=counties,
                    states=states, limits=(scale.low, scale.high), bar=False, height=_SMALL,
                )  # fmt: skip
                show_map(fig, titles(done, variable, model), done, f"{model}-{variable.name}-map", f"map.{model}")
    st.html(maps.legend(scale, missing=bool(values.isna().any(axis=None))))


def _difference(done: region.Result, values: "pd.DataFrame", variable: schema.Variable, names: dict[str, str]) -> None:
    models = list(values.columns)
    st.markdown("**Difference**: first minus second")
    with controls.row():
        first = _pick("First", models, "region-first", models[0])
        second = _pick("Second", models, "region-second", models[1])
    unit = summary.yearly_unit(variable.name)
    if first == second:
        show.empty("Both are the same model.", "Choose two.")
        return
    counties, states = region.outlines()
    fig = choropleth.county_figure(
        values[first] - values[second], names, variable=colours.DIFFERENCE, label=f"{variable.title}, difference",
        unit=unit, counties=counties, states=states, height=_LARGE,
    )  # fmt: skip
    title = titles(done, variable, f"{first} minus {second}, both", "difference")
    show_map(fig, title, done, f"{first}-minus-{second}-{variable.name}-map", "difference")


def _ensemble(done: region.Result, values: "pd.DataFrame", variable: schema.Variable, names: dict[str, str]) -> None:
    st.markdown(f"**Ensemble** of {values.shape[1]} models")
    with controls.row():
        what = _pick("Show", list(_SPREADS), "region-spread", "mean")
    made = ensemble.summary(values)
    made["range"] = made["high"] - made["low"]
    counties, states = region.outlines()
    fig = choropleth.county_figure(
        made[what], names, variable=variable.name if what == "mean" else "", unit=summary.yearly_unit(variable.name),
        label=f"{variable.title}, {_SPREADS[what].lower()}", counties=counties, states=states,
        height=_LARGE,
    )  # fmt: skip
    title = titles(done, variable, ", ".join(values.columns), f"{_SPREADS[what].lower()} of {values.shape[1]} models")
    show_map(fig, title, done, f"{values.shape[1]}-models-{what}-{variable.name}-map", "ensemble")


def _pick(label: str, options: list[str], name: str, default: str) -> str:
    bound = state.bind(name, default=default, options=options)
    st.selectbox(label, options, format_func=lambda o: _SPREADS.get(o, o), width=260, **bound)
    return str(state.get(name, default))


def _series(done: region.Result, variable: schema.Variable, step: compare.Aggregation) -> None:
    frame = mean_series(done, variable, step)
    unit, sites = compare.unit(variable, step), len(done.ask.sites)
    where, form = f"mean of {region_crops.counties(done)}" if sites > 1 else "one county", controls.DATE_FORMS[step]
    models, name = len(frame.columns), stem(done, f"{len(frame.columns)}-models-{variable.name}-{step}")
    left, right = controls.halves()
    with left:
        st.markdown(f"**Each model**, {where}")
        kinds = {str(model): str(model) for model in frame.columns}
        fig = series.series(frame, kinds, label=variable.title, unit=unit, form=form)
        show.figure(fig, name, key="region.series")
    with right:
        st.markdown(f"**Ensemble and its spread**, {where}")
        fig = ensemble.band(ensemble.summary(frame), models, label=variable.title, unit=unit, form=form)
        show.figure(fig, f"{name}-ensemble", key="region.band")
        st.caption(ensemble.drawn(models))


def _table(
    done: region.Result,
    values: "pd.DataFrame",
    variable: schema.Variable,
    names: dict[str, str],
    whole: region.Result,
) -> None:
    """Counties by models as ``done`` shows them; the file of all variables is that of the ``whole`` run."""
    unit = theme.pretty(summary.yearly_unit(variable.name))
    spread = ensemble.summary(values).rename(
        columns={"mean": "Ensemble mean", "sd": "Standard deviation", "low": "Lowest", "high": "Highest"}
    )
    frame = values.join(spread).reset_index()
    frame.insert(1, "County", [names.get(str(fips), str(fips)) for fips in frame["FIPS"]])
    frame = frame.sort_values("Ensemble mean", ascending=False, ignore_index=True)
    st.markdown(f"**{variable.title} by county and model**, in {unit}")
    numbers = {c: st.column_config.NumberColumn(format="%.4g") for c in frame.columns[2:]}
    if (corn := region_crops.column(done, frame["FIPS"])) is not None:
        frame.insert(2, region_crops.CORN_IN, corn)
    show.frame(frame, hide_index=True, column_config=numbers, height=show.height(frame))
    name, every = stem(done, f"{len(done.runs)}-models-{variable.name}"), stem(whole, f"{len(done.runs)}-models")
    with st.container(horizontal=True):
        # The page says unit, data, years and rate above the table; a file has to say them itself.
        filed = frame.rename(columns={c: f"{c} [{unit}]" for c in numbers}).assign(**provenance(done))
        show.csv(filed, name, "Table as CSV", index=False)
        show.netcdf(lambda: member_dataset(whole), every, "All variables and models as NetCDF")
