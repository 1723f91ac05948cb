"""The panels of the page "Simulated against observed": overlay, score table, scatter, season, total, residuals."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from agroflux import schema
from agroflux.data import field_days
from agroflux.evaluation import compare
from agroflux.figures import cumulative, residuals, scatter, series, theme
from agroflux.ui import compare_sources, compare_view, controls, day_groups, show, state
from agroflux.ui.compare import site_names
from agroflux.ui.compare_sources import Ask
from agroflux.ui.compare_view import View

if TYPE_CHECKING:
    import pandas as pd

#: Points drawn in the scatter figure; scores always use all of them.
POINTS = 6000
#: Values that scores of agreement need. A mean difference of fewer is what it is; a correlation or a share of variance
#: of them is mostly chance (of two values any line explains all), and four digits of it would say otherwise.
FEWEST = 10
_AGREEMENT = ("R²", "NSE", "KGE")
#: What is scored, by time step.
_PERIODS = {"daily": "days", "weekly": "weeks", "monthly": "months", "annual": "years"}
#: Columns of the score table that say of what a score is.
_PLACES = ("Source", "Crop", "Management", "Site")
#: Why there is no mean over sites.
_NEVER_TOGETHER = f"No mean to draw: never do {compare.SITE_SHARE:.0%} of the sites have a value at once."


@dataclass(frozen=True)
class Shown:
    """A view as it is drawn: the chosen time step, the reference, and the days common to all sources."""

    view: View
    variable: schema.Variable
    how: compare.Aggregation
    reference: str
    days: "pd.DataFrame"  # common days (or years, for an annual variable)
    steps: "pd.DataFrame"  # the same, aggregated
    left_out: list[str]
    ask: Ask
    measured_only: bool = False

    @property
    def unit(self) -> str:
        """Unit of the drawn values."""
        return compare.unit(self.variable, self.how)

    @property
    def compared(self) -> list[str]:
        """Sources other than the reference on the common days."""
        return [str(name) for name in self.days.columns if name != self.reference]


def prepare(view: View, ask: Ask, how: compare.Aggregation, reference: str, *, measured_only: bool = False) -> Shown:
    """Align, cut to common days and aggregate."""
    variable = schema.get(ask.variable)
    how = "annual" if variable.per == "year" else how
    frame = view.frame
    if measured_only and view.qc is not None:
        frame = frame[~(view.qc.reindex(frame.index) < compare.MEASURED)]
    days, left_out = compare.common(frame, reference) if reference in frame else (frame.iloc[:0], [])
    steps = _steps(days, variable, how)
    return Shown(replace(view), variable, how, reference, days, steps, left_out, ask, measured_only)


def _steps(days: "pd.DataFrame", variable: schema.Variable, how: compare.Aggregation) -> "pd.DataFrame":
    """Common days averaged to the time step; annual values as they are."""
    if variable.per == "year":
        return days
    return compare.aggregate(days, how, year=compare.yearly(variable)).dropna()


def overlay(shown: Shown) -> None:
    """All sources over time, each on its own days; gaps stay gaps."""
    apart = _own_steps(shown)
    if apart.empty or not apart.notna().to_numpy().any():
        show.empty(
            f"No {shown.how} value to draw: a period needs {compare.COVERAGE:.0%} of its days.",
            "Pick a finer time step or other years.",
        )
        return
    mean = compare.site_mean(apart)
    if not mean.notna().to_numpy().any():
        show.empty(_NEVER_TOGETHER, "Pick one site, or sites with years in common.")
        return
    _tell_mean(apart)
    drawn = mean if shown.how == "annual" else compare.regular(mean, shown.how)
    name = f"{shown.variable.name}-{shown.how}"
    label, unit = shown.variable.title, shown.unit
    if shown.how == "annual":
        show.figure(
            series.bars(drawn, shown.view.kinds, label=label, unit=unit), f"{name}-series", key="compare.series"
        )
        return
    qc = _shares(shown)
    fig = series.series(drawn, shown.view.kinds, label=label, unit=unit, qc=qc, form=controls.DATE_FORMS[shown.how])
    show.figure(fig, f"{name}-series", key="compare.series")


def _own_steps(shown: Shown) -> "pd.DataFrame":
    """Values of each source on its own days at the chosen time step, a row a site and step."""
    if shown.variable.per == "year":
        return shown.view.frame
    return compare.aggregate(shown.view.frame, shown.how, year=compare.yearly(shown.variable))


def _tell_mean(apart: "pd.DataFrame") -> None:
    """That lines are means over sites, and over fewer of them at times; nothing for one site."""
    sites, fewest = apart.index.get_level_values("site").nunique(), compare.fewest(apart)
    if sites == 1:
        return
    text = f"Lines are means of {sites} sites"
    if fewest < sites:
        text += (
            f", of which a source has only {fewest} at times: a step in a line may be one from site to site. "
            "Pick one site to see it alone"
        )
    st.caption(f"{text}.")


def _shares(shown: Shown) -> "pd.Series | None":
    if shown.view.qc is None:
        return None
    return compare.site_mean(compare.aggregate(shown.view.qc.to_frame("qc"), shown.how))["qc"]


def tell(sentences: list[str]) -> None:
    """What a reader must know before believing a figure, in one box."""
    if sentences:
        st.info("\n\n".join(show.plain(sentence) for sentence in sentences), icon=":material/info:")


def _heading(text: str) -> None:
    st.markdown(f"**{show.plain(text)}**")


def explain(shown: Shown) -> None:
    """What the figures and scores below rest on, in one caption."""
    reference = show.plain(shown.reference)
    for name in map(show.plain, shown.left_out):
        st.info(f"{name} has no day in common with {reference} and is not scored.", icon=":material/info:")
    if not shown.compared:
        show.empty(f"There is nothing to score against {reference}.", "Pick another source or other years.")
        return
    if shown.steps.empty:
        show.empty(
            f"No {shown.how} value on common days: a period needs {compare.COVERAGE:.0%} of its days.",
            "Pick a finer time step.",
        )
        return
    every = "years" if shown.variable.per == "year" else "days"
    sites = shown.days.index.get_level_values("site").nunique()
    step = "" if shown.how == "daily" or every == "years" else (
        f", then averaged to {shown.how} values that have at least {compare.COVERAGE:.0%} of their days"
    )  # fmt: skip
    st.subheader(f"Against {reference}, on common {every} only", anchor=False)
    st.caption(
        f"{len(shown.days):,} site-{every} at {sites} {'site' if sites == 1 else 'sites'} on which every scored source "
        f"has a value{step}. "
        "R² is 1 - SSE/SST, so it equals NSE; bias is source minus reference."
    )


def score_table(shown: Shown) -> None:
    """Scores on common days, pooled and a row a site, of all days, by crop or by management, with a CSV download."""
    import numpy as np
    import pandas as pd

    sites = shown.days.index.get_level_values("site").nunique()
    groups = compare_view.day_groups(shown.ask.where, shown.days)
    by = day_groups.pick_by([kind for kind, _ in groups], "compare-by") if len(groups) > 1 else field_days.ALL
    parts = {
        group: _steps(shown.days[chosen], shown.variable, shown.how)
        for (kind, group), chosen in groups.items()
        if kind == by
    }
    scored = {
        group: compare.scores(part, shown.reference, by_site=sites > 1) for group, part in parts.items() if len(part)
    }
    if not scored:
        show.empty(f"No {shown.how} value lies in one group of days alone.", "Pick a finer time step.")
        return
    rows = pd.concat([part.assign(days=day_groups.title(by, group)) for group, part in scored.items()])
    unit = theme.pretty(shown.unit)
    named = rows[["source", "days", *rows.columns.drop(["source", "days"])]].rename(
        columns={
            "source": "Source", "days": day_groups.KINDS.get(by, "Days"), "site": "Site", "n": "n", "r2": "R²",
            "nse": "NSE", "kge": "KGE", "rmse": f"RMSE [{unit}]", "mae": f"MAE [{unit}]", "bias": f"Bias [{unit}]",
        }
    )  # fmt: skip
    named = named.drop(columns="Days", errors="ignore")
    few = named["n"] < FEWEST
    named.loc[few, list(_AGREEMENT)] = float("nan")
    drawn, filed = _called(named, shown.ask.where) if sites > 1 else (named.drop(columns="Site"),) * 2
    numbers = {c: st.column_config.NumberColumn(format="%.4g") for c in drawn.columns if c not in _PLACES}
    numbers["n"] = st.column_config.NumberColumn(format="localized", help="Values scored, after averaging")
    show.frame(drawn, hide_index=True, column_config=numbers)
    why = f"{', '.join(_AGREEMENT)}: fewer than {FEWEST} values"
    if few.any():
        st.caption(
            f"R², NSE and KGE are left empty where fewer than {FEWEST} values are scored: of so few they are mostly "
            "chance. Pick a finer time step, more years or more sites for them."
        )
    told = {
        "left_empty": np.where(few, why, ""), "scored_against": shown.reference, "scored_on": _scored_on(shown),
        **_told(shown),
    }  # fmt: skip
    show.csv(filed.assign(**told), f"{_file(shown)}-scores", index=False)


def _scored_on(shown: Shown) -> str:
    """What is scored, for a file: common days, or common months, or years of measured days."""
    periods = _PERIODS[shown.how]
    if not shown.measured_only:
        return f"common {periods}"
    return "measured days" if shown.how == "daily" else f"{periods} of measured days"


def _called(scores: "pd.DataFrame", where: str) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Scores with sites called as their picker calls them, for the page; for a file, the ids with that beside them."""
    names = site_names(where)
    called = [names.get(site, site) for site in scores["Site"]]
    filed = scores.copy()
    filed.insert(scores.columns.get_loc("Site") + 1, "Site name", called)
    return scores.assign(Site=called), filed


def against(shown: Shown) -> None:
    """Scatter around the 1:1 line."""
    _heading("Value against value")
    thinned = compare.thin(shown.steps, POINTS)
    fig = scatter.scatter(
        thinned, shown.reference, shown.view.kinds, unit=shown.unit, form=controls.DATE_FORMS[shown.how], height=380
    )
    show.figure(fig, f"{shown.variable.name}-{shown.how}-scatter", key="compare.scatter")
    if len(thinned) < len(shown.steps):
        st.caption(f"{len(thinned):,} of {len(shown.steps):,} points are drawn, picked at random; scores use all.")


def season(shown: Shown) -> None:
    """Mean seasonal cycle over the common days; nothing for a value a year."""
    if shown.variable.per == "year":
        return
    _heading("Mean seasonal cycle")
    how: compare.Aggregation = "monthly" if shown.how == "annual" else shown.how
    cycle = compare.seasonal(shown.days, how)
    fig = series.seasonal_cycle(
        cycle, shown.view.kinds, label=shown.variable.title, unit=shown.variable.unit, height=380
    )
    show.figure(fig, f"{shown.variable.name}-season", key="compare.season")


@st.fragment
def running_total(shown: Shown) -> None:
    """Running total of a daily flux over common days; nothing for a state or an annual value."""
    if not shown.variable.flux or shown.variable.per == "year":
        return
    _heading("Running total over common days")
    how = _choice("Running total", {"yearly": "Each year from zero", "whole": "Over all years"}, "compare-total")
    total = compare.regular(compare.cumulative(shown.days, restart=how == "yearly"), "daily")
    if total.empty:
        show.empty(_NEVER_TOGETHER)
        return
    unit = shown.variable.unit.replace(" d-1", "")
    words = {"label": shown.variable.title, "unit": unit}
    fig = cumulative.cumulative(total, shown.view.kinds, restart=how == "yearly", **words)
    show.figure(fig, f"{shown.variable.name}-running-total", key="compare.total")


@st.fragment
def differences(shown: Shown) -> None:
    """Source minus reference, over time or by month."""
    _heading(f"Differences from {shown.reference}")
    # A year has no month.
    options = {"time": "Over time", **({} if shown.how == "annual" else {"month": "By month"})}
    how = _choice("Differences", options, "compare-differences") if len(options) > 1 else "time"
    words = {"reference": shown.reference, "unit": shown.unit}
    found = compare.residuals(shown.steps, shown.reference)
    if how == "month":
        fig = residuals.residuals_by_month(compare.by_month(found), shown.view.kinds, **words)
    else:
        mean = compare.regular(compare.site_mean(found), shown.how)
        if not mean.notna().to_numpy().any():
            show.empty(_NEVER_TOGETHER)
            return
        fig = residuals.residuals(mean, shown.view.kinds, form=controls.DATE_FORMS[shown.how], **words)
    show.figure(fig, f"{shown.variable.name}-{shown.how}-differences", key="compare.differences")


def _choice(label: str, options: dict[str, str], name: str) -> str:
    """A choice inside a fragment; the URL is written here, because a fragment's rerun does not reach its end."""
    bound = state.bind(name, default=next(iter(options)), options=list(options))
    st.segmented_control(
        label, list(options), format_func=options.__getitem__, required=True, label_visibility="collapsed", **bound
    )
    state.publish()
    return str(state.get(name))


def downloads(shown: Shown) -> None:
    """The values behind the figures, each source on its own days, as CSV and NetCDF."""
    frame, variable = _own_steps(shown), shown.variable
    # A title may hold a slash, which is no part of a name in NetCDF.
    names = {str(c): f"{variable.name}_{'_'.join(str(c).lower().replace('/', ' ').split())}" for c in frame.columns}
    unit = theme.pretty(shown.unit)
    with st.container(horizontal=True):
        values = _dated(frame.rename(columns={c: f"{c} [{unit}]" for c in frame.columns}), shown)
        show.csv(values.assign(**_told(shown)), _file(shown), "Values as CSV", index=False)
        about = compare_sources.about(shown.ask)
        show.netcdf(lambda: compare.dataset(frame, variable, shown.how, names, about), _file(shown), "Values as NetCDF")


def _dated(frame: "pd.DataFrame", shown: Shown) -> "pd.DataFrame":
    """``frame`` (index site, time) for a file: sites with their names, a value of a year under the year alone."""
    rows, names = frame.reset_index(), site_names(shown.ask.where)
    rows.insert(1, "site_name", [names.get(site, site) for site in rows["site"]])
    if shown.how == "annual":
        rows = rows.assign(time=rows["time"].dt.year).rename(columns={"time": "year"})
    return rows


def _file(shown: Shown) -> str:
    """Name of a file of values: what, by which step, where, at which nitrogen rate."""
    where = shown.ask.where
    rate = f"-n{shown.ask.rate:g}" if where == compare_sources.COUNTIES else ""
    return f"{shown.variable.name}-{shown.how}-{where}{rate}"


def _told(shown: Shown) -> dict[str, object]:
    """Columns that say of each row of a file of what its values are."""
    about = compare_sources.about(shown.ask)
    names = [name for name in ("place", "n_rate_kg_n_ha", "assumed", "sources") if name in about]
    told: dict[str, object] = {
        "variable": shown.variable.name, "step": shown.how, **{name: about[name] for name in names}
    }  # fmt: skip
    return told | {"synthetic": "yes" if about["synthetic"] else "no"}
