"""Management tables on the page "Data": edit, upload, template, and the field calendar."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux.data import text_cells
from agroflux.data.calendar_days import years_text
from agroflux.errors import AgroFluxError, DataError
from agroflux.figures import field_calendar
from agroflux.ui import cache, controls, data, show, state

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.data.management import Season

_ENDINGS = ("csv", "xlsx")
_MOST_MB = 2
_SHOWN = "data.management.shown"  # data set -> version of its file when its table was last shown


def show_management() -> None:
    """Table and calendar of one of the user's own data sets; saving it sets planting, crop and fertiliser."""
    from agroflux.data import management_table

    known = data.own_observations()
    st.caption(
        "What was planted, fertilised and harvested. An empty cell means unknown: it is masked, never taken for "
        "zero. Nitrogen in kg N ha⁻¹; days as 2005-04-28; a rate of 0 without a day says that none was given."
    )
    if not known:
        show.empty("You have no measurements of your own yet.", "Import a file first, then come back.")
        _templates(management_table.template(), "management")
        return
    chosen = data.pick_set(known, "Your data set")
    sites = [str(s) for s in cache.sites(chosen).index]
    table = _table(chosen)
    with controls.row():
        _templates(table, f"management-{chosen}")
    changed = _changed_elsewhere(chosen)
    sent = _uploaded(chosen)
    shown = (table if sent.rows is None else sent.rows).astype(str)
    edited = st.data_editor(
        shown,
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config=_columns(sites, shown.columns),
        key=f"data.rows.{chosen}.{cache.version(chosen)}.{sent.key}",
    )
    seasons, problems, doubts = _read(edited, sites)
    data.mend(problems)
    days = cache.dataset(chosen).indexes["time"]
    if beyond := management_table.outside(seasons, days):
        doubts.append(f"{beyond}: check the year")
    data.doubt(doubts)
    agreed, force = _agreed(chosen, seasons, sent)
    halted = sent.wrong or bool(problems) or not agreed
    if st.button("Save the table", type="primary", icon=":material/save:", disabled=halted) and not changed:
        _save(chosen, seasons, force=force)
    _calendar(seasons, sites, cache.years(chosen))


def _changed_elsewhere(chosen: str) -> bool:
    """Whether the data set was written since this session last showed its table; says so, as edits are then gone."""
    last, now = st.session_state.get(_SHOWN, {}), cache.version(chosen)
    st.session_state[_SHOWN] = {**last, chosen: now}
    changed = last.get(chosen, now) != now
    if changed:
        st.warning(
            "This data set was changed elsewhere since its table was last shown here. This is what is saved now; "
            "edits that were not saved are gone.",
            icon=":material/sync_problem:",
        )
    return changed


def _agreed(chosen: str, seasons: "list[Season]", sent: "_Upload") -> tuple[bool, bool]:
    """Whether all that saving the table would lose may go, and whether what no table tells of is among it."""
    from agroflux.data import management_table

    lost = _untold(chosen, cache.version(chosen))
    agreed = not lost or _to_be_replaced(chosen, lost)
    rows = management_table.gone(cache.dataset(chosen), seasons) if sent.rows is not None else []
    if rows:  # what is deleted by hand in the table above is seen to go
        agreed = _to_go(chosen, rows, sent) and agreed
    return agreed, bool(lost) and agreed


def _to_go(chosen: str, rows: "list[Season]", sent: "_Upload") -> bool:
    """Control: whether saved rows that a file does not hold may go; names them."""
    from agroflux.data import replaced

    many = f"{len(rows)} saved rows are" if len(rows) > 1 else "1 saved row is"
    st.warning(
        f"{many} not in this file and will go: {show.plain(replaced.named(rows))}. To keep what is saved, add your "
        "rows to the template above, which holds it, and upload that.",
        icon=":material/warning:",
    )
    label = f"Drop {len(rows)} saved rows" if len(rows) > 1 else "Drop 1 saved row"
    return bool(st.checkbox(label, key=f"data.drop.{chosen}.{cache.version(chosen)}.{sent.key}.{len(rows)}"))


@st.cache_data(show_spinner=False, max_entries=8)
def _untold(chosen: str, version: str) -> dict[str, int]:
    """Values of planting, crop and nitrogen that no table tells of (:func:`agroflux.data.management_table.untold`)."""
    from agroflux.data import management_table

    return management_table.untold(cache.dataset(chosen))


def _to_be_replaced(chosen: str, lost: dict[str, int]) -> bool:
    """Control: whether the table may replace what it cannot show; says what would be lost."""
    named = ", ".join(f"{name} {count:,}" for name, count in lost.items())
    st.warning(
        f"This data set holds management that no table tells of: {show.plain(named)} values. Saving a table replaces "
        "all of it at every site for good. Keep a copy of the file that you imported.",
        icon=":material/warning:",
    )
    key = f"data.replace.{chosen}.{cache.version(chosen)}"
    return bool(st.checkbox("Replace it by the table", key=key))


def _templates(table: "pd.DataFrame", name: str) -> None:
    from agroflux.data import management_table

    with st.container(horizontal=True):
        show.download("Template (CSV)", lambda: text_cells.to_csv(table, index=False), f"{name}.csv", "text/csv")
        show.download("Template (Excel)", lambda: management_table.xlsx(table), f"{name}.xlsx", show.XLSX)


@dataclass(frozen=True, slots=True)
class _Upload:
    """A file that fills in the table: its rows (None without a file, or where it is wrong), and a key of its own."""

    rows: "pd.DataFrame | None" = None
    wrong: bool = False
    key: str = ""


def _uploaded(chosen: str) -> _Upload:
    """An uploaded table, to look at before it is saved; says what is wrong with it, all at once."""
    from agroflux.data import management_table
    from agroflux.data.report import Report

    with st.expander("Fill in from a file", icon=":material/upload_file:"):
        st.caption("A file takes the place of the whole table. The template holds what is saved: add your rows to it.")
        # Of one version of the data set: once saved, what is saved is shown, later edits included.
        key = f"data.management.{chosen}.{cache.version(chosen)}"
        sent = st.file_uploader("Management table", type=list(_ENDINGS), key=key, max_upload_size=_MOST_MB)
        if sent is None:
            return _Upload()
        report, rows = Report(), None
        try:
            with data.on_disk(data.safe_name(sent.name, _ENDINGS), sent.getvalue()) as path:
                rows = management_table.frame(management_table.read(path, report))
        except AgroFluxError as error:
            data.mend([f.sentence() for f in report.errors] or [str(error)])
            st.caption("Mend the file and upload it again, or take it away to go on with what is saved.")
        # What concerns a row is told below the table, of the row as it stands there.
        data.doubt(f.sentence() for f in report.findings if f.level == "warning" and f.row is None)
        return _Upload(rows, rows is None, str(sent.file_id))


def _table(chosen: str) -> "pd.DataFrame":
    """The rows that the data set carries, and an empty row for each site and year that has none."""
    from agroflux.data import management_table

    ds = cache.dataset(chosen)
    try:
        held = management_table.of(ds)
    except DataError:
        held = []
        st.warning("What is saved as its management table cannot be read. Save one in its place.")
    return management_table.template({str(s): cache.years(chosen) for s in ds["site"].to_numpy()}, held)


def _columns(sites: list[str], columns: Iterable[str]) -> dict[str, Any]:
    config = st.column_config
    day = "A day as 2005-04-28"
    events = {c: config.TextColumn(c, help=day, width=110) for c in columns if c.startswith("n_date_")}
    return events | {
        "site": config.SelectboxColumn("site", options=sites, required=True, pinned=True),
        "year": config.TextColumn("year", help="Year of the harvest", pinned=True, width="small"),
        "crop": config.TextColumn("crop", help="corn, soybean, winter wheat, …", width=130),
        "planting": config.TextColumn("planting", help=f"{day}, or none for a perennial", width=110),
        "emergence": config.TextColumn("emergence", help=day, width=110),
        "harvest": config.TextColumn("harvest", help=day, width=110),
        "tillage": config.TextColumn("tillage", help="Days separated by ; or none", width=120),
        "irrigation_mm": config.TextColumn("irrigation [mm]", help="Of the season; 0 is rainfed"),
        "n_total_kg_ha": config.TextColumn("N of the year [kg ha⁻¹]", help="Where its days are not known"),
    }


def _read(edited: "pd.DataFrame", sites: list[str]) -> "tuple[list[Season], list[str], list[str]]":
    """Seasons of the edited rows, what is wrong with them, and what is doubtful; blank rows say nothing."""
    from agroflux.data import management_table
    from agroflux.data.report import Report

    report = Report()
    rows = {number: row for number, row in enumerate(edited.to_dict("records"), 1) if _told(row)}
    seasons = management_table.from_rows(list(rows.values()), report, "", list(rows))
    wrong = [f.sentence() for f in report.errors]
    wrong += [f"there is no site {s.site} in this data set" for s in seasons if s.site not in sites]
    return seasons, wrong, [f.sentence() for f in report.findings if f.level == "warning"]


def _told(row: dict[Any, Any]) -> bool:
    """Whether a row says more than where and when."""
    import pandas as pd

    return any(pd.notna(v) and str(v).strip() for name, v in row.items() if name not in ("site", "year"))


def _save(chosen: str, seasons: "list[Season]", *, force: bool) -> None:
    from agroflux.data import importing

    with st.spinner("Saving"):
        importing.set_management(chosen, seasons, force=force)
    st.session_state[_SHOWN][chosen] = cache.version(chosen)
    state.put(data.SET, chosen)
    st.toast(f"Management of {show.plain(chosen)} is saved.", icon=":material/check:")
    st.rerun()


def _calendar(seasons: "list[Season]", sites: list[str], years: list[int]) -> None:
    from datetime import date

    from agroflux.data import management

    site = sites[0]
    if len(sites) > 1:
        site = str(st.selectbox("Calendar of", sites, width=340, key="data.calendar"))
    here = [s for s in seasons if s.site == site]
    told = [field_calendar.Mark(*told) for s in here for told in management.season_days(s)]
    marks = [mark for mark in told if mark.day.year in years]
    stands = [
        field_calendar.Stand(s.crop, s.planting, s.harvest)
        for s in here
        if isinstance(s.planting, date) and s.harvest and s.harvest >= s.planting
    ]
    st.subheader("Field calendar", anchor=False)
    if not marks:
        known = f"The days told lie outside the record {years_text(years)}." if told else "No day is known yet."
        show.empty(known, "Fill in planting, harvest or nitrogen above.")
        return
    show.figure(field_calendar.field_calendar(years, marks, stands), f"calendar-{site}")
