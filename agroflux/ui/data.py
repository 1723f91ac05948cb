"""The page "Data": the card of each data set, what it covers, and the ways on from it."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux import schema
from agroflux.figures import coverage as coverage_figure
from agroflux.figures.theme import pretty
from agroflux.ui import cache, compare, compare_sources, controls, show, state, transfer, transfer_live

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.data.catalog import Entry

VIEW, SET, SITE = "data-view", "data-set", "data-site"
VIEWS = {"sets": "Data sets", "bring": "Bring your own", "manage": "Management"}
_ROWS = 14  # of variables that are shown at once, beside the card
_MOST_LINES, _TALL, _TALLEST_BOX = 200, 12, 360  # lines of a box, and from which on it scrolls at how many px
_KINDS = {"simulation": "simulated", "observation": "measured"}


def pick_view() -> str:
    """Control: the list of data sets, an import, or management tables."""
    st.segmented_control(
        "What to do", list(VIEWS), format_func=VIEWS.__getitem__, required=True, label_visibility="collapsed",
        **state.bind(VIEW, default="sets", options=list(VIEWS)),
    )  # fmt: skip
    return str(state.get(VIEW, "sets"))


def pick_set(known: "dict[str, Entry]", label: str = "Data set") -> str:
    """Control: one of ``known`` data sets; returns its id."""
    options = list(known)
    st.selectbox(
        label, options, format_func=lambda i: f"{show.called(known[i])} ({i})", width=520,
        **state.bind(SET, default=options[0], options=options),
    )  # fmt: skip
    return str(state.get(SET, options[0]))


def show_sets() -> None:
    """One data set: card, variables, coverage and gaps, and the ways to the other pages."""
    known = {entry.id: entry for entry in cache.entries()}
    if not known:
        show.empty("No data set can be opened.", "Run `agroflux data list` to see why.")
        return
    data = pick_set(known)
    entry = known[data]
    show.banner([entry])
    left, right = st.columns([1, 1.25], gap="medium")
    with left:
        st.subheader(show.plain(schema.written(entry.title)), anchor=False)
        show.facts(card(data))
        ways_on(data)
        _remove(entry)
    with right:
        st.subheader("Variables", anchor=False)
        _variables(data)
    _coverage(data)


def _variables(data: str) -> None:
    rows = variables(data)
    digits = st.column_config.NumberColumn(format="%.4g")
    show.table(
        rows,
        f"variables-{data}",
        hide_index=True,
        height="content" if len(rows) <= _ROWS else 35 * (_ROWS + 1) + 2,
        column_config=dict.fromkeys(("Mean", "Lowest", "Highest"), digits),
    )


def card(data: str) -> list[tuple[str, str]]:
    """Facts of a data set as label and text: kind, size, source, licence, citation, remarks of its import."""
    facts = _facts(data, cache.version(data))
    entry = cache.entry(data)
    kind = "synthetic" if entry.synthetic else _KINDS.get(entry.kind, entry.kind)
    rows = [
        ("Id", data),
        ("Kind", f"{kind}, {'your own' if entry.own else 'bundled'}"),
        ("Sites", f"{facts['n_sites']:,}"),
        ("Period", f"{facts['start']} to {facts['end']}"),
        ("Size", f"{facts['size_mb']:.1f} MB" if facts["size_mb"] >= 1 else f"{1000 * facts['size_mb']:.0f} kB"),
        ("Source", entry.source),
        ("Licence", entry.licence),
        ("Citation", entry.citation),
    ]
    remarks = str(cache.dataset(data).attrs.get("remarks", ""))
    return rows + ([("Import said", remarks[:1500])] if remarks else [])


def variables(data: str) -> "pd.DataFrame":
    """One row a variable without companions: label, unit, mean, lowest, highest, share missing, where it is derived."""
    import pandas as pd

    rows = [row for row in _statistics(data, cache.version(data)) if row["variable"] in schema.VARIABLES]
    return pd.DataFrame(
        {
            "Variable": [schema.get(r["variable"]).title for r in rows],
            "Name": [r["variable"] for r in rows],
            "Unit": [pretty(r["unit"]) for r in rows],
            "Mean": [r["mean"] for r in rows],
            "Lowest": [r["min"] for r in rows],
            "Highest": [r["max"] for r in rows],
            "Missing": [f"{r['missing']:.1%}" for r in rows],
            "Derived at": [r["derived"] or "" for r in rows],
        }
    )


def ways_on(data: str) -> None:
    """Buttons to the map, the comparison and a live adaptation, with the data set or its first site chosen there.

    Where a model cannot be run on it or adapted to it, what is missing stands there instead.
    """
    sites = [str(s) for s in cache.sites(data).index]
    if cache.entry(data).kind != "observation" or not sites:
        return
    run, adapt = compare_sources.lacking(data), transfer_live.lacking(data)
    with st.container(horizontal=True):
        if st.button("Show on the map", icon=":material/map:", key=f"data.map.{data}"):
            state.put("sites", sites[:1])
            state.put(controls.EXTENT, "all")
            st.switch_page("pages/sites.py")
        seen = "See day by day" if run else "Compare with models"
        if compare.variables(data) and st.button(
            seen, icon=":material/stacked_line_chart:", key=f"data.compare.{data}"
        ):
            state.put("sites", sites[:1])
            state.put(compare.WHERE, data)
            st.switch_page("pages/compare.py")
        if not adapt and st.button("Adapt a model", icon=":material/sync_alt:", key=f"data.adapt.{data}"):
            state.put(transfer.VIEW, "live")
            state.put(transfer_live.MEASURED, data)
            st.switch_page("pages/transfer.py")
    for what, missing in (("run on its weather", run), ("adapted to it", adapt)):
        if missing:
            st.caption(f"No model can be {what}. Missing: {show.written(missing)}.")


def _remove(entry: "Entry") -> None:
    if not entry.own:
        return
    from agroflux.data import importing

    with st.popover("Remove", icon=":material/delete:", type="tertiary"):
        st.markdown(f"Delete **{show.plain(entry.id)}** from the data folder, for everyone who uses this app?")
        if st.button("Delete it", type="primary", key=f"data.remove.{entry.id}"):
            importing.remove(entry.id)
            st.rerun()


def _coverage(data: str) -> None:
    st.subheader("Coverage", anchor=False)
    options = site_names(data)
    site = next(iter(options))
    with controls.row():
        if len(options) > 1:
            st.selectbox(
                "Site", list(options), format_func=options.__getitem__, width=340,
                **state.bind(SITE, default=site, options=list(options)),
            )  # fmt: skip
            site = str(state.get(SITE, site))
    shares, gaps = _cover(data, cache.version(data), site)
    if shares.empty or not shares.shape[1]:
        show.empty("No daily variable to show.")
        return
    show.figure(coverage_figure.coverage(shares), f"coverage-{data}-{site}")
    empty = [schema.get(n).title for n in shares.columns if not shares[n].any()]
    if empty:
        st.caption(f"Without any value here: {show.plain(', '.join(empty))}.")
    if len(gaps):
        with st.expander(f"Longest gaps ({len(gaps)})", icon=":material/space_bar:"):
            shown = gaps.assign(variable=[schema.get(v).label for v in gaps["variable"]])
            for column in ("first", "last"):
                shown[column] = shown[column].dt.strftime("%Y-%m-%d")
            show.table(shown, f"gaps-{data}-{site}", hide_index=True)


def site_names(data: str) -> dict[str, str]:
    """What the sites of a data set are called in a list, by id: ``17003 · Alexander, IL``."""
    sites = cache.sites(data)
    told = {}
    for site, name, region in zip(sites.index, sites["name"], sites["state"], strict=True):
        known = [str(part) for part in (name if name != site else "", region) if part]
        told[str(site)] = f"{site} · {', '.join(known)}" if known else str(site)
    return told


@st.cache_data(show_spinner=False, max_entries=64)
def _facts(data: str, version: str) -> dict[str, Any]:
    from agroflux.data import catalog

    return catalog.describe(catalog.get(data))


@st.cache_data(show_spinner="Reading the variables", max_entries=32)
def _statistics(data: str, version: str) -> list[dict[str, Any]]:
    from agroflux.data import summary

    return summary.statistics(cache.dataset(data))


@st.cache_data(show_spinner="Counting days", max_entries=64)
def _cover(data: str, version: str, site: str) -> "tuple[pd.DataFrame, pd.DataFrame]":
    from agroflux.data import coverage

    ds = cache.dataset(data)
    return coverage.by_month(ds, site), coverage.gaps(ds, site)


def own_observations() -> "dict[str, Entry]":
    """The user's own measurements that open, by id."""
    return {entry.id: entry for entry in cache.entries("observation") if entry.own}


@contextmanager
def on_disk(name: str, content: bytes) -> Iterator[Path]:
    """An upload as a file while the block runs: readers take a path, and the name tells site and product."""
    with tempfile.TemporaryDirectory(prefix="agroflux-upload-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def mend(lines: Iterable[str]) -> None:
    """One box on what is wrong with a file or table, all of it, so that it can be mended in one go."""
    _listed(lines, st.error, ":material/error:")


def doubt(lines: Iterable[str]) -> None:
    """One box on what may not be as it was meant."""
    _listed(lines, st.warning, ":material/warning:")


def _listed(lines: Iterable[str], box: Any, icon: str) -> None:
    told = [show.plain(show.written(line)) for line in dict.fromkeys(lines)]
    if not told:
        return
    more = [f"{len(told) - _MOST_LINES:,} more of the kind"] if len(told) > _MOST_LINES else []
    with st.container(height=_TALLEST_BOX if len(told) > _TALL else "content", border=False):
        box(told[0] if len(told) == 1 else "".join(f"\n- {line}" for line in (*told[:_MOST_LINES], *more)), icon=icon)


def safe_name(name: str, endings: Sequence[str]) -> str:
    """A file name for an upload: its last part, plain characters, one of ``endings``."""
    import re

    last = re.split(r"[\\/]", name)[-1]
    stem, dot, ending = last.rpartition(".")
    ending = ending.lower() if dot and ending.lower() in endings else endings[0]
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '_', stem)[:120].strip('.') or 'upload'}.{ending}"
