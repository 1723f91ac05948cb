"""The parts of the page "Transfer" that show the comparison: findings in words, figures, table, downloads."""

import json
from typing import TYPE_CHECKING

import streamlit as st

from agroflux import schema
from agroflux.data import field_days
from agroflux.evaluation import gains
from agroflux.figures import gain_map, theme
from agroflux.figures import gains as figures
from agroflux.ui import cache, day_groups, show, transfer
from agroflux.ui.leaderboard import records
from agroflux.ui.transfer import Choice

if TYPE_CHECKING:
    import pandas as pd

_SHOWN, _COMMANDS = 6, 40
#: Labels that one picture of gains may have more than the other beside it and still be about as tall.
_ALIKE = 2
#: Headings of the table -> column of the rows.
_PLACE = {"Model": "model", "Recipe": "recipe", "Site": "site"}
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
    known = transfer.sources(choice)
    show.banner(known)
    with show.guard("The findings"):
        _findings(choice)
    labels = 0
    left, right = st.columns(2, gap="medium")
    with left, show.guard("The gains"):
        labels = _left(choice)
    with right, show.guard("The gains by site"):
        _by_site(choice)
    # The curves stand below the shorter picture, the map below the other one if that is not much longer.
    longer = labels - transfer.by_site(choice)["label"].nunique()
    shorter, other = (left, right) if longer <= 0 else (right, left)
    with shorter, show.guard("The learning curves"):
        _curves(choice)
    with other if abs(longer) <= _ALIKE else st.container(), show.guard("The map of gains"):
        _map(choice)
    with show.guard("The table"):
        _table(choice)
    show.sources(known)


def _findings(choice: Choice) -> None:
    found = transfer.findings(choice)
    where = f"{_site(choice)}, {_years(choice.count)} to train on{_days(choice)}"
    st.subheader(f"{show.plain(transfer.label(choice.target))}: {show.plain(where)}", anchor=False)
    if not found:
        show.empty("No adapted model is among the chosen ones.", "Pick a recipe that trains, or other site-years.")
        return
    rows = transfer.at(choice)
    adapted = [row for _, row in rows.iterrows() if row["recipe"] in {f[0] for f in found}]
    kinds = [gains.verdict(row.to_dict()) for row in adapted]
    won, behind = kinds.count("gains"), sum(_behind(choice, row) for row in adapted)
    head = f"{won} of {len(kinds)} adaptations beat training from scratch with an interval that leaves out zero"
    rest = f"; {kinds.count('loses')} worse, {kinds.count('open')} undecided" if won < len(kinds) else ""
    but = f" The source model as it is does better than {behind} of those that beat scratch." if behind else ""
    box = st.success if won == len(kinds) and not behind else st.info if won else st.warning
    box(f"{head}{rest}.{but}", icon=":material/fact_check:")
    lines = _lines(found, several=len(choice.models) > 1)
    st.markdown("\n".join(lines[:_SHOWN]))
    if len(lines) > _SHOWN:
        with st.expander(f"{len(lines) - _SHOWN} more", icon=":material/unfold_more:"):
            st.markdown("\n".join(lines[_SHOWN:]))
    lacking = [transfer.NAMES[name] for name in choice.recipes if name not in set(rows["recipe"])]
    if lacking:
        st.caption(f"Not run for this choice: {', '.join(lacking)}.")
    transfer.tell_causes(_causes([one for one in found if one[1] == choice.model]), _named(choice))


def _behind(choice: Choice, row: "pd.Series") -> bool:
    """Whether an adaptation beats scratch while the source model as it is does better still."""
    said = row.to_dict()
    return gains.verdict(said) == "gains" and gains.source_leads(
        said, gains.untrained(said, transfer.beside(choice, row))
    )


def _causes(found: list[tuple[str, str, str, list[str]]]) -> list[str]:
    """Likely causes of one model; one that holds for some of the recipes only says for which."""
    why: dict[str, list[str]] = {}
    for recipe, _, _, causes in found:
        for cause in causes:
            why.setdefault(cause, []).append(transfer.NAMES[recipe])
    none_won = sum(bool(causes) for *_, causes in found)
    return [cause if len(of) == none_won else f"{', '.join(of)}: {cause}" for cause, of in why.items()]


def _lines(found: list[tuple[str, str, str, list[str]]], *, several: bool) -> list[str]:
    """A bullet a finding, in Markdown."""
    return [
        f"- **{transfer.NAMES[recipe]}**{f' of {show.plain(model)}' if several else ''} {transfer.written(sentence)}"
        for recipe, model, sentence, _ in found
    ]


def _left(choice: Choice) -> int:
    """The gains by group of days, if there are groups, and by model; how many labels the two have."""
    where, labels, shown = f"{show.plain(_site(choice))}, {_years(choice.count)}", 0, False
    if choice.by != transfer.ALL:
        kind, rows = day_groups.KINDS[choice.by].lower(), transfer.by_group(choice)
        st.markdown(f"**Gain by {kind}**, {where}{_named(choice)}")
        shown = _gains(rows, "Pick another number.", f"{_stem(choice)}-{kind}s", "transfer.groups")
        labels += rows["label"].nunique()
    if choice.by == transfer.ALL or len(choice.models) > 1:
        rows = transfer.compared(choice)
        st.markdown(f"**Gain by model**, {where}{show.plain(_days(choice))}")
        shown = _gains(rows, "Pick another number.", f"{_stem(choice)}-models", "transfer.models") or shown
        labels += rows["label"].nunique()
    if shown:
        st.caption(
            "Right of the line scratch is beaten. Bars: 95 % interval of a bootstrap over test site-years; a hollow "
            "dot's interval holds zero, or it has none (one test site-year). Bars that leave the plot go on."
        )
    return labels


def _by_site(choice: Choice) -> None:
    st.markdown(f"**Gain by site**, {_years(choice.count)}{_named(choice)}{show.plain(_days(choice))}")
    _gains(transfer.by_site(choice), "Pick a smaller number.", f"{_stem(choice)}-sites", "transfer.sites")


def _gains(rows: "pd.DataFrame", way_out: str, stem: str, key: str) -> bool:
    """Gains with their intervals; False, and ``way_out`` is said, where nothing but the reference was run."""
    rows = rows[rows["recipe"] != gains.REFERENCE]
    if rows.empty:
        show.empty("Nothing was tested with this number of site-years.", way_out)
        return False
    show.figure(figures.gains(rows, transfer.NAMES), stem, key=key)
    return True


def _curves(choice: Choice) -> None:
    st.markdown(f"**Learning curves**, {show.plain(_site(choice))}{_named(choice)}{show.plain(_days(choice))}")
    rows = transfer.learning(choice)
    fig = figures.curves(rows, transfer.NAMES)
    show.figure(fig, f"{_stem(choice)}-curves", key="transfer.curves")
    if fig.layout.yaxis.range:
        st.caption(f"The axis ends at {figures.FLOOR:g}: lines that reach it go on (the table has their values).")


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
    rows = choice.of(choice.groups)
    rows = rows[rows["n_site_years"] == choice.count]
    st.markdown("**All numbers** of this choice")
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
        show.csv(choice.every, _stem(choice), "Rows as CSV", index=False)
        show.download(
            "Rows as JSON",
            lambda: json.dumps(records(choice.every), indent=1),
            f"{_stem(choice)}.json",
            "application/json",
        )
    with st.expander("The commands that made these rows", icon=":material/terminal:"):
        commands = list(dict.fromkeys(rows["command"])) if "command" in rows else []
        st.code("\n".join(commands[:_COMMANDS]) or "not recorded", language="bash", wrap_lines=True)
        if len(commands) > _COMMANDS:
            st.caption(f"{len(commands) - _COMMANDS:,} more stand in the rows as CSV.")


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
    return f"transfer-{choice.data}-{choice.target}-{choice.protocol}{by}"
