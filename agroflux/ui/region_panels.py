"""The result of the page "Run on a region": map, mean series with spread, table, downloads. No model runs here."""

from typing import TYPE_CHECKING

import streamlit as st

from agroflux import schema
from agroflux.data import summary
from agroflux.data.calendar_days import years_text
from agroflux.evaluation import compare
from agroflux.figures import choropleth, colours, spread, theme
from agroflux.ui import cache, controls, region, region_crops, region_models, show, state

if TYPE_CHECKING:
    import pandas as pd


@st.fragment
def show_result() -> None:
    """The last run; changing how it is shown reruns this part alone."""
    done = region.result()
    if done is None:
        return
    ask = done.ask
    names = region.names(ask.data)
    counties = "1 county" if len(ask.sites) == 1 else f"{len(ask.sites)} counties"
    st.subheader(f"{counties}, {years_text(ask.years)}, {ask.rate:g} kg N ha⁻¹ to corn", anchor=False)
    for problem, models in region.problems(done.failed).items():
        st.error(show.plain(f"Left out: {', '.join(models)}: {problem}"), icon=":material/error:")
    if len(done.runs) > 1:
        region_models.show_models(done, names)
        state.publish()
        return
    (model,) = done.runs
    title = show.plain(cache.entry(ask.data).title)
    st.caption(
        f"{show.plain(done.data.attrs['model'])} on the weather, soils and management of {title}: "
        f"{done.size} in {done.seconds[model]:.2f} s.{region_models.phase(done)}{region_models.learned(done)}"
    )
    shown, variable, step = region_models.choose(done, [str(name) for name in done.data.data_vars])
    if shown is not None:
        with show.guard("The map of the result"):
            left, right = controls.halves()
            with left:
                _map(shown, variable, names)
            with right:
                _series(shown, variable, step)
        with show.guard("The table of the result"):
            _table(shown, variable, names, done)
    state.publish()


def _map(done: region.Result, variable: schema.Variable, names: dict[str, str]) -> None:
    ask = done.ask
    values = summary.site_means(done.data, variable.name, ask.years, ask.rate)
    counties, states = region.outlines()
    fig = choropleth.county_figure(
        values, names, variable=variable.name, label=variable.title, unit=summary.yearly_unit(variable.name),
        counties=counties, states=states,
    )  # fmt: skip
    (model,) = done.runs
    title = region_models.titles(done, variable, model)
    region_models.show_map(fig, title, done, f"{model}-{variable.name}-map", "map")


def _series(done: region.Result, variable: schema.Variable, step: compare.Aggregation) -> None:
    frame = region_models.series_table(done.data, variable, step)
    band = compare.regular(compare.spread(frame, variable.name), step)
    sites = len(done.ask.sites)
    fig = spread.spread(
        band,
        name=f"Mean of {region_crops.counties(done)}" if sites > 1 else "County",
        label=variable.title,
        unit=compare.unit(variable, step),
        colour=colours.series("baseline"),
        form=controls.DATE_FORMS[step],
        height=460,
    )
    (model,) = done.runs
    show.figure(fig, region_models.stem(done, f"{model}-{variable.name}-{step}"), key="region.series")
    between = "The band holds the middle 80 % of the counties, and is not how sure the model is. " if sites > 1 else ""
    st.caption(
        f"{between}How far the model is off in a county is on the page Sites (Skill of a model); totals with "
        "intervals are on the page Emissions."
    )


def county_table(done: region.Result, variable: schema.Variable, names: dict[str, str]) -> "pd.DataFrame":
    """One row a county: FIPS, county, its years of corn, the mean over the run's years, and each, in yearly units."""
    import pandas as pd

    ask, unit = done.ask, theme.pretty(summary.yearly_unit(variable.name))
    columns = {f"Mean [{unit}]": summary.site_means(done.data, variable.name, ask.years, ask.rate)}
    for year in ask.years:
        columns[f"{year} [{unit}]"] = summary.site_means(done.data, variable.name, [year], ask.rate)
    frame = pd.DataFrame(columns).rename_axis("FIPS").reset_index()
    frame.insert(1, "County", [names.get(str(fips), str(fips)) for fips in frame["FIPS"]])
    frame = frame.sort_values(frame.columns[2], ascending=False, ignore_index=True)
    if (corn := region_crops.column(done, frame["FIPS"])) is not None:
        frame.insert(2, region_crops.CORN_IN, corn)
    return frame


def _table(done: region.Result, variable: schema.Variable, names: dict[str, str], whole: region.Result) -> None:
    """Counties as ``done`` shows them; the file of all variables is that of the ``whole`` run."""
    frame = county_table(done, variable, names)
    st.markdown(f"**{variable.title} by county**, in {theme.pretty(summary.yearly_unit(variable.name))}")
    # The unit stands above the table; in the file each column has it.
    values = [c for c in frame.columns[2:] if c != region_crops.CORN_IN]
    shown = {c: c if turn == 0 else c.partition(" ")[0] for turn, c in enumerate(values)}
    numbers = {c: st.column_config.NumberColumn(label, format="%.4g") for c, label in shown.items()}
    show.frame(frame, hide_index=True, column_config=numbers, height=show.height(frame))
    (model,) = done.runs
    stem = region_models.stem(done, f"{model}-{variable.name}")
    every = region_models.stem(whole, model)
    with st.container(horizontal=True):
        show.csv(frame.assign(**region_models.provenance(done)), stem, "Table as CSV", index=False)
        show.netcdf(lambda: whole.data, every, "All variables as NetCDF")
