"""The parts of the page "Transfer" that show the comparison: findings in words, figures, table, downloads."""

import json
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux import schema
from agroflux.data import field_days, joined
from agroflux.evaluation import gains
from agroflux.figures import gain_map, theme
from agroflux.figures import gains as figures
from agroflux.ui import cache, day_groups, show, taught, transfer
from agroflux.ui.leaderboard import records
from agroflux.ui.transfer import Choice, Finding

if TYPE_CHECKING:
    import pandas as pd

_SHOWN, _COMMANDS = 6, 40
#: What is said of a single adaptation.
_ALONE: dict[gains.Outcome, str] = {
    "gains": "The adaptation beats training from scratch, with an interval that leaves out zero.",
    "loses": "The adaptation is worse than training from scratch, with an interval that leaves out zero.",
    "open": "Whether the adaptation beats training from scratch is undecided.",
    "unchanged": "The adaptation is the source model as it was: no epoch of the training did better.",
}
#: What is said of those of several that do not beat scratch.
_REST: tuple[tuple[gains.Outcome, str], ...] = (
    ("loses", "worse"),
    ("open", "undecided"),
    ("unchanged", "the source model as it was"),
)
#: What stands about a picture, and by how much columns differ that the map stands in the shorter of [px].
_AROUND, _APART = 110, 240
#: Headings of the table -> column of the rows.
_PLACE = {"Model": "model", "Recipe": "recipe", "Site": "site", "Site-years": "n_site_years"}
_SCORES = {
    "R²": "r2",
    "RMSE": "rmse",
    "Gain": "gain",
    "Low": "gain_low",
    "High": "gain_high",
    "Test site-years": "n_test_site_years",
    "Test days": "n_test_days",
}


def show_gains() -> None:
    """The whole view: what each recipe gains over training from scratch."""
    table = transfer.board()
    if table.empty:
        show.empty(
            "No comparison of transfer recipes has been run here yet.",
            "`make transfer` runs it (hours). **Adapt live** above needs none: it trains on your measurements now.",
        )
        return
    choice = transfer.choose(table)
    if choice is None:
        return
    known = entries(choice)
    show.banner(known)
    with show.guard("The findings"):
        _findings(choice)
    _pictures(choice)
    with show.guard("The table"):
        _table(choice)
    show.sources(known)


def entries(choice: Choice) -> list[Any]:
    """The data in view, for banner and sources: the measurements, and what the chosen models learned from before."""
    sources = choice.every.loc[choice.every["model"].isin(choice.models), "source"]
    named = {part for source in sources.astype(str).unique() for part in source.split(joined.PLUS)}
    # Rows outlive their models: of one that was removed the catalog tells.
    before = [entry for entry in cache.entries() if entry.id in named]
    return taught.beside([*transfer.sources(choice), *before], choice.models)


def _pictures(choice: Choice) -> None:
    """Two columns: each picture that follows stands in the shorter one, the map below both where they are as tall."""
    several = choice.by != transfer.ALL and len(choice.models) > 1
    pieces: dict[str, Callable[[Choice], int]] = {
        "The gains": _by_model if choice.by == transfer.ALL else _by_group,
        "The gains by site": _by_site,
        **({"The gains by model": _by_model} if several else {}),
        "The learning curves": _curves,
    }
    columns, heights = st.columns(2, gap="medium"), [0, 0]
    for turn, (what, draw) in enumerate(pieces.items()):
        place = turn if turn < len(heights) else heights.index(min(heights))
        with columns[place], show.guard(what):
            heights[place] += _AROUND + draw(choice)
    apart = abs(heights[0] - heights[1]) > _APART
    with columns[heights.index(min(heights))] if apart else st.container(), show.guard("The map of gains"):
        _map(choice)


def _findings(choice: Choice) -> None:
    found = transfer.findings(choice)
    where = f"{_site(choice)}, {_years(choice.count)} to train on{_days(choice)}"
    st.subheader(f"{show.plain(transfer.label(choice.target))}: {show.plain(where)}", anchor=False)
    if not found:
        show.empty("No adapted model is among the chosen ones.", "Pick a recipe that trains, or other site-years.")
        return
    won, behind = sum(one.outcome == "gains" for one in found), sum(one.behind for one in found)
    box = st.success if won == len(found) and not behind else st.info if won else st.warning
    box(_headline(found), icon=":material/fact_check:")
    lines = _lines(found, several=len(choice.models) > 1)
    st.markdown("\n".join(lines[:_SHOWN]))
    if len(lines) > _SHOWN:
        with st.expander(f"{len(lines) - _SHOWN} more", icon=":material/unfold_more:"):
            st.markdown("\n".join(lines[_SHOWN:]))
    run = set(transfer.at(choice)["recipe"])
    lacking = [transfer.NAMES[name] for name in choice.recipes if name not in run]
    if lacking:
        st.caption(f"Not run for this choice: {', '.join(lacking)}.")
    transfer.tell_causes(_causes([one for one in found if one.model == choice.model]), _named(choice))


def _headline(found: list[Finding]) -> str:
    """How many adaptations beat scratch for sure, what became of the others, and whether the source does better."""
    count = Counter(one.outcome for one in found)
    won, behind, total = count["gains"], sum(one.behind for one in found), len(found)
    if total == 1:
        return _ALONE[found[0].outcome] + (" It is worse than the source model as it is." if behind else "")
    who = f"{won} of {total} adaptations" if won else f"None of the {total} adaptations"
    head = f"{who} {'beat' if won > 1 else 'beats'} training from scratch with an interval that leaves out zero"
    rest = [f"{count[kind]} {'is' if count[kind] == 1 else 'are'} {words}" for kind, words in _REST if count[kind]]
    but = ""
    if behind:
        which = "The one that does is" if won == 1 else f"Of these {won}, {behind} {'is' if behind == 1 else 'are'}"
        but = f" {which} worse than the source model as it is."
    return f"{head}{'; ' if rest else ''}{', '.join(rest)}.{but}"


def _causes(found: list[Finding]) -> list[str]:
    """Likely causes of one model; one that holds for some of the recipes only says for which."""
    why: dict[str, list[str]] = {}
    # In the order of the recipes, whatever wins most.
    for one in sorted(found, key=lambda one: list(transfer.RECIPES).index(one.recipe)):
        for cause in one.causes:
            why.setdefault(cause, []).append(transfer.NAMES[one.recipe])
    none_won = sum(bool(one.causes) for one in found)
    return [cause if len(of) == none_won else f"{', '.join(of)}: {cause}" for cause, of in why.items()]


def _lines(found: list[Finding], *, several: bool) -> list[str]:
    """A bullet a finding, in Markdown."""
    return [
        f"- **{transfer.NAMES[one.recipe]}**{f' of {show.plain(one.model)}' if several else ''} "
        f"{transfer.written(one.said)}"
        for one in found
    ]


def _by_group(choice: Choice) -> int:
    kind = day_groups.KINDS[choice.by].lower()
    st.markdown(f"**Gain by {kind}**, {show.plain(_site(choice))}, {_years(choice.count)}{_named(choice)}")
    rows = transfer.by_group(choice)
    return _gains(rows, "Pick another number.", f"{_stem(choice)}-{kind}s", "transfer.groups", told=True)


def _by_model(choice: Choice) -> int:
    st.markdown(f"**Gain by model**, {show.plain(_site(choice))}, {_years(choice.count)}{show.plain(_days(choice))}")
    rows = transfer.compared(choice)
    first = choice.by == transfer.ALL
    return _gains(rows, "Pick another number.", f"{_stem(choice)}-models", "transfer.models", told=first)


def _by_site(choice: Choice) -> int:
    st.markdown(f"**Gain by site**, {_years(choice.count)}{_named(choice)}{show.plain(_days(choice))}")
    return _gains(transfer.by_site(choice), "Pick a smaller number.", f"{_stem(choice)}-sites", "transfer.sites")


def _gains(rows: "pd.DataFrame", way_out: str, stem: str, key: str, *, told: bool = False) -> int:
    """Gains with their intervals, ``told`` how they are read; height of the picture [px].

    0, and ``way_out`` is said, where nothing but the reference was run.
    """
    rows = rows[rows["recipe"] != gains.REFERENCE]
    if rows.empty:
        show.empty("Nothing was tested with this number of site-years.", way_out)
        return 0
    fig = figures.gains(rows, transfer.NAMES)
    show.figure(fig, stem, key=key)
    if told:
        st.caption(
            "Right of the line scratch is beaten. Bars: 95 % interval of a bootstrap over test site-years; a hollow "
            "dot's interval holds zero, or it has none (one test site-year). Bars that leave the plot go on."
        )
    return int(fig.layout.height)


def _curves(choice: Choice) -> int:
    st.markdown(f"**Learning curves**, {show.plain(_site(choice))}{_named(choice)}{show.plain(_days(choice))}")
    rows = transfer.learning(choice)
    fig = figures.curves(rows, transfer.NAMES)
    show.figure(fig, f"{_stem(choice)}-curves", key="transfer.curves")
    if fig.layout.yaxis.range:
        st.caption(f"The axis ends at {figures.FLOOR:g}: lines that reach it go on (the table has their values).")
    return int(fig.layout.height)


def _map(choice: Choice) -> None:
    recipes = [name for name in choice.recipes if name != gains.REFERENCE]
    recipe = recipes[0] if recipes else ""
    st.markdown(
        f"**Map of gains**, {transfer.NAMES.get(recipe, '')}, {_years(choice.count)}{_named(choice)}"
        f"{show.plain(_days(choice))}"
    )
    points = transfer.places(choice, recipe)
    if points.empty:
        show.empty(
            "There is no place to show.", "The data set is not installed here, or no site was tested with this number."
        )
        return
    low, high = points[["lat", "lon"]].min(), points[["lat", "lon"]].max()
    outlines = cache.outlines_about(((low["lat"], low["lon"]), (high["lat"], high["lon"])))
    fig = gain_map.gain_map(points, outlines)
    show.figure(fig, f"{_stem(choice)}-map", key="transfer.map")
    spread = " Sites of one place stand around it, each tied to where it is." if gain_map.is_spread(fig) else ""
    st.caption(f"The first of the chosen recipes. A hollow circle's interval holds zero, or it has none.{spread}")


def _table(choice: Choice) -> None:
    rows = transfer.numbers(choice)
    st.markdown("**All numbers** of the chosen models and recipes, and of scratch: every number of site-years")
    days = rows["group"].map(lambda name: day_groups.title(choice.by, name))
    site = rows["site"].map(lambda name: transfer.said(name) if name == transfer.ALL else name)
    table = rows.assign(recipe=rows["recipe"].map(transfer.NAMES), site=site, days=days)
    headings = _PLACE | ({} if choice.by == transfer.ALL else {day_groups.KINDS[choice.by]: "days"}) | _SCORES
    table = table[list(headings.values())].set_axis(list(headings), axis=1)
    digits = {name: st.column_config.NumberColumn(format="%.3f") for name in ("R²", "Gain", "Low", "High")}
    unit = theme.pretty(schema.get(choice.target).unit)
    # Of N2O it is a few ten-thousandths.
    digits["RMSE"] = st.column_config.NumberColumn(f"RMSE [{unit}]", format="%.3g")
    show.frame(table, hide_index=True, column_config=digits, height=260)
    with st.container(horizontal=True):
        every = show.with_units(choice.every)
        show.csv(_filed(every), _stem(choice), "Rows as CSV", index=False)
        show.download(
            "Rows as JSON",
            lambda: json.dumps(records(every), indent=1),
            f"{_stem(choice)}.json",
            "application/json",
        )
    with st.expander("The commands that made these rows", icon=":material/terminal:"):
        commands = list(dict.fromkeys(rows["command"])) if "command" in rows else []
        st.code("\n".join(commands[:_COMMANDS]) or "not recorded", language="bash", wrap_lines=True)
        if len(commands) > _COMMANDS:
            st.caption(f"{len(commands) - _COMMANDS:,} more stand in the rows as CSV.")


def _filed(rows: "pd.DataFrame") -> "pd.DataFrame":
    """``rows`` for a CSV file; synthetic, in words as elsewhere: what was measured or what the model learned from."""
    learned = {model: taught.synthetic(model) for model in rows["model"].unique()}
    made = rows["model"].map(learned) | rows["synthetic"].astype(bool)
    return rows.assign(synthetic=made.map({True: "yes", False: "no"}))


def _named(choice: Choice) -> str:
    """The model in detail, to go on a heading with; nothing where it is the only one."""
    return f", {show.plain(choice.model)}" if len(choice.models) > 1 else ""


def _site(choice: Choice) -> str:
    return "all sites" if choice.site == transfer.ALL else choice.site


def _days(choice: Choice) -> str:
    """Which days are scored, to end a heading with; nothing where it is all of them."""
    if choice.by == transfer.ALL:
        return ""
    return f", {field_days.words(choice.by, choice.group)}"


def _years(count: int) -> str:
    return f"{count} site-year{'' if count == 1 else 's'}"


def _stem(choice: Choice) -> str:
    by = "" if choice.by == transfer.ALL else f"-by-{choice.by}"
    return f"transfer-{choice.source}-to-{choice.data}-{choice.target}-{choice.protocol}{by}"
