"""Bring your own data: upload, preview, what the columns are, a report, and the import."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from agroflux.errors import AgroFluxError, DataError
from agroflux.ui import cache, controls, data, show, state

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.data.checking import Checked
    from agroflux.data.formats import Options

ENDINGS = ("csv", "txt", "xlsx", "zip", "nc")
_DONE = "data.imported"
_TOLD = "data.imported.told"  # what was said of the management table of the data set that it replaced
_MANAGEMENT = "management"
_COUNT = "data.files"  # of imports: another key empties the uploader
_MOST_SITES = 6  # of which contents are listed
_LEVELS = {"error": "must be mended", "warning": "changed", "note": "note"}


def show_import() -> None:
    """The whole way from a file to a data set; each step appears when the one before is done."""
    limit = int(st.get_option("server.maxUploadSize"))
    _done()
    count = st.session_state.get(_COUNT, 0)
    sent = st.file_uploader("File as downloaded", type=list(ENDINGS), key=f"data.file.{count}")
    st.caption(
        f"Up to {limit} MB: a larger file goes through `agroflux data import`. What you import is kept in the data "
        "folder of this app and is seen by everyone who uses it."
    )
    if sent is None:
        _formats()
        return
    if sent.size > limit * 1_048_576:
        raise DataError(f"{sent.name} has {sent.size / 1e6:,.0f} MB, more than {limit}: use `agroflux data import`")
    name, content, key = data.safe_name(sent.name, ENDINGS), sent.getvalue(), str(sent.file_id)
    told, head = _looked_at(key, name, content)
    if told == _MANAGEMENT:
        show.empty(
            "This is a management table, no data set.", "Pick Management above, and fill it in from the file there."
        )
        if not st.checkbox("It holds measurements: pick the format", key=f"data.measured.{key}"):
            return
        told = ""
    if len(head):
        with st.expander("First rows", icon=":material/table_rows:"):
            show.frame(head)
    form = _pick_format(told, key)
    options = _options(form, head, key)
    if options is None:
        return
    with st.spinner("Reading the file"):
        checked = _checked(key, form, repr(options), name, content, options)
    _report(checked, name)
    if checked.ok:
        _import(checked, form, options, name, content, key)


def _done() -> None:
    """What was imported last, with the ways on."""
    last = st.session_state.get(_DONE)
    entry = next((entry for entry in cache.entries() if entry.own and entry.id == last), None)
    if entry is None:
        return
    where = "it is on the map and in the plots" if entry.kind == "observation" else "it is among the simulators"
    st.success(f"**{show.plain(entry.id)}** is imported: {where}.", icon=":material/check:")
    told = "".join(f"\n- {show.plain(sentence)}" for sentence in st.session_state.get(_TOLD, ()))
    if told:
        st.info(f"Management table:{told}", icon=":material/table_rows:")
    data.ways_on(entry.id)


def _formats() -> None:
    import pandas as pd

    from agroflux.data.formats import FORMATS

    st.markdown("**What can be read**")
    rows = [(show.written(f.label), f.licence) for f in FORMATS.values()]
    show.frame(pd.DataFrame(rows, columns=["Format", "Usual licence"]), hide_index=True)


@st.cache_data(show_spinner=False, max_entries=8)
def _looked_at(key: str, name: str, _content: bytes) -> "tuple[str, pd.DataFrame]":
    """Format (empty where it is not recognised; ``management`` for such a table) and first rows of an upload."""
    import pandas as pd

    from agroflux.data import checking, formats

    with data.on_disk(name, _content) as path:
        try:
            head = checking.preview(path)
        except DataError:
            head = pd.DataFrame()  # the check says what is wrong
        try:
            return _MANAGEMENT if checking.is_management(path) else formats.detect(path), head
        except DataError:
            return "", head


@st.cache_resource(show_spinner=False, max_entries=4)
def _checked(key: str, form: str, choice: str, name: str, _content: bytes, _options: "Options") -> "Checked":
    from agroflux.data import checking

    with data.on_disk(name, _content) as path:
        return checking.check(path, form, _options)


def _pick_format(told: str, key: str) -> str:
    from agroflux.data.formats import FORMATS

    names = list(FORMATS)
    return str(
        st.selectbox(
            "Format" if told else "Format (not recognised: pick it)",
            names,
            index=names.index(told) if told else names.index("n2o"),
            format_func=lambda f: show.written(FORMATS[f].label),
            key=f"data.format.{key}",
            width=520,
        )
    )


def _options(form: str, head: "pd.DataFrame", key: str) -> "Options | None":
    """Controls for what a format leaves open; None while a chamber table is not mapped."""
    from agroflux.data.fluxnet import Choice, Partitioning, Threshold
    from agroflux.data.formats import Options

    if form in ("fluxnet", "icos"):
        with controls.row():
            threshold: Threshold = st.selectbox(
                "Friction velocity threshold", get_args(Threshold), key=f"data.ut.{key}", width=220,
                help="VUT: one for each year. CUT: one for all years.",
            )  # fmt: skip
            partitioning: Partitioning = st.selectbox(
                "Partitioning", get_args(Partitioning), key=f"data.part.{key}", width=220,
                help="GPP and respiration from night-time (NT) or daytime (DT) data.",
            )  # fmt: skip
        return Options(Choice(threshold, partitioning))
    return _mapping(head, key) if form == "n2o" else Options()


def _mapping(head: "pd.DataFrame", key: str) -> "Options | None":
    """Which column of a chamber table is what, and the unit of the flux."""
    from agroflux.data import n2o_units
    from agroflux.data.formats import Options
    from agroflux.data.n2o_chambers import Columns, guess
    from agroflux.figures.theme import pretty

    names = [str(c) for c in head.columns]
    if not names:
        return Options()  # the check says why the file is no table
    told = guess(names)
    units = list(n2o_units.TO_HOUSE)
    st.markdown("**What the columns are**")

    def one(label: str, value: str, *, needed: bool) -> str:
        options = names if needed else ["", *names]
        index = options.index(value) if value in options else None if needed else 0
        picked = st.selectbox(
            label, options, index=index, format_func=lambda n: n or "none", key=f"data.map.{label}.{key}", width=220
        )
        return str(picked or "")

    with controls.row():
        day, flux = one("Day", told.date, needed=True), one("N₂O flux", told.flux, needed=True)
        unit = st.selectbox(
            "Unit of the flux", units, index=units.index(told.unit) if told.unit else None, format_func=pretty,
            placeholder="Pick the unit", key=f"data.unit.{key}", width=220,
        )  # fmt: skip
        plot = one("Plot (replicate)", told.plot, needed=False)
        series = st.multiselect(
            "Series (become sites)",
            names,
            list(told.series),
            placeholder="none",
            key=f"data.map.series.{key}",
            width=320,
        )
        first = st.checkbox("1/2/2010 is 1 February", key=f"data.dayfirst.{key}")
    if not (day and flux and unit):
        st.info("Pick the day, the flux and its unit.", icon=":material/touch_app:")
        return None
    return Options(columns=Columns(day, flux, str(unit), plot, tuple(series), bool(first)))


def _report(checked: "Checked", name: str) -> None:
    """Verdict, findings by row and column, and what was read of each site."""
    import pandas as pd

    from agroflux.figures.theme import pretty

    findings = checked.report.rows()
    if checked.ok:
        st.success(f"{show.plain(name)} can be imported.", icon=":material/check:")
    else:
        first = checked.report.errors[0].sentence()  # in full: a cell of the table below cuts it
        st.error(f"{show.plain(name)} cannot be imported as it is. {show.plain(first)}.", icon=":material/error:")
    if findings:
        widths = {"what": st.column_config.TextColumn(width=520), "remedy": st.column_config.TextColumn(width=430)}
        show.table(_findings(findings), f"report-{name}", hide_index=True, column_config=widths)
        for what, count in checked.report.more().items():
            st.caption(f"{show.plain(what)}: {count:,} more.")
    sites = checked.sites()
    for site in sites[:_MOST_SITES]:
        with st.expander(f"{show.plain(site['site'])}: {site['first']} to {site['last']}", icon=":material/analytics:"):
            rows = pd.DataFrame(site["variables"])
            rows["unit"] = rows["unit"].map(pretty)
            rows["missing"] = rows["missing"].map("{:.1%}".format)
            show.frame(rows, hide_index=True)
    if len(sites) > _MOST_SITES:
        st.caption(f"The first {_MOST_SITES} of {len(sites)} sites are listed; all are imported.")


def _findings(findings: "list[dict[str, Any]]") -> "pd.DataFrame":
    """Rows of a report as they are read: what comes first, and no column that is empty or the same file throughout."""
    import pandas as pd

    table = pd.DataFrame(findings)
    table["level"], table["row"] = table["level"].map(_LEVELS), table["row"].astype("Int64")
    told = [c for c in ("what", "remedy", "row", "column", "level") if (table[c].notna() & (table[c] != "")).any()]
    return table[[*told, *(["file"] if table["file"].nunique() > 1 else [])]]


def _import(checked: "Checked", form: str, options: "Options", name: str, content: bytes, key: str) -> None:
    """Site, name and terms of the data set, and the button that imports it."""
    from agroflux.data import importing, replaced
    from agroflux.data.formats import FORMATS
    from agroflux.data.known_sites import SiteFacts
    from agroflux.data.report import Report

    ids = [str(meta["site_id"]) for _, meta in checked.readings]
    with st.form(f"data.describe.{key}", border=True):  # what was written for one file is not for the next
        st.markdown("**Call it**")
        with controls.row():
            data_id = st.text_input("Id", value=_proposed(ids, name), max_chars=64, width=220)
            title = st.text_input("Title", placeholder="made from the file", max_chars=120, width=340)
            replace = st.checkbox("Replace one of that id", help="Its management table stays.")
        site = _place(ids, checked) if ids else SiteFacts()
        with st.expander("Terms", icon=":material/license:"):
            licence = st.text_input("Licence", placeholder=FORMATS[form].licence, max_chars=200)
            citation = st.text_input("Citation", placeholder=FORMATS[form].citation, max_chars=500)
        asked = st.form_submit_button("Import", type="primary", icon=":material/download_done:")
    if not asked:
        return
    report = Report()
    try:
        with st.spinner("Importing"), data.on_disk(name, content) as path:
            importing.import_file(
                form, path, data_id.strip(), site=site, options=options, replace=replace, report=report,
                about=importing.About(title.strip(), licence.strip(), citation.strip()),
                history=f"imported on the Data page from {name}",
            )  # fmt: skip
    except AgroFluxError as error:
        data.mend([str(error)])
        return
    st.session_state[_DONE] = data_id.strip()
    st.session_state[_TOLD] = [found.what for found in report.findings if found.file == replaced.TABLE]
    st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
    state.put(data.SET, data_id.strip())
    st.rerun()


def _place(ids: list[str], checked: "Checked") -> Any:
    """Where it was measured: filled in for known towers, asked for otherwise."""
    from agroflux.data.known_sites import SiteFacts

    meta = checked.readings[0][1]
    series = "series" in meta
    try:
        known = SiteFacts(lat=meta.get("lat"), lon=meta.get("lon")).filled(ids[0])
    except DataError:
        known = SiteFacts()
    if len(ids) > 1 and not series:
        st.caption(f"{len(ids)} sites; their positions come from the tables of known towers.")
        return SiteFacts()
    if known.lat is not None and not series:
        st.caption(f"{show.plain(known.name)}, {show.plain(known.state)}, at {known.lat:g}, {known.lon:g}.")
    st.markdown(f"**Where it was measured**{'' if known.lat is None else ' (known; change it here)'}")
    with controls.row():
        own = st.text_input("Site id", placeholder=ids[0] if len(ids) == 1 else "prefix", max_chars=40, width=160)
        name = st.text_input("Name", placeholder=known.name, max_chars=80, width=220)
        region = st.text_input("State or country", placeholder=known.state, max_chars=20, width=150)
        lat = st.number_input("Latitude [°N]", -90.0, 90.0, None, format="%.4f", width=150)
        lon = st.number_input("Longitude [°E]", -180.0, 180.0, None, format="%.4f", width=150)
    return SiteFacts(own.strip(), name.strip(), region.strip(), lat, lon)


def _proposed(ids: list[str], name: str) -> str:
    """An id for the data set: that of its site in small letters, or the file's name."""
    import re

    told = ids[0] if len(ids) == 1 else Path(name).stem
    return re.sub(r"[^a-z0-9]+", "-", told.lower()).strip("-")[:40] or "mine"
