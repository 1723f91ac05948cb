"""Management tables on the page "Data": edit, upload, template, and the field calendar."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux.data import text_cells
from agroflux.errors import AgroFluxError
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
    known = data.own_observations()
    st.caption(
        "What was planted, fertilised and harvested. An empty cell means unknown: it is masked, never taken for "
        "zero. Nitrogen in kg N ha⁻¹; days as 2005-04-28; a rate of 0 without a day says that none was given."
    )
    if not known:
        show.empty("You have no measurements of your own yet.", "Import a file first, then come back.")
        _templates({}, "management")
        return
    chosen = data.pick_set(known, "Your data set")
    sites = [str(s) for s in cache.sites(chosen).index]
    with controls.row():
        _templates({site: cache.years(chosen) for site in sites}, f"management-{chosen}")
    changed = _changed_elsewhere(chosen)
    table = _uploaded(chosen)
    edited = st.data_editor(
        (_table(chosen) if table is None else table).astype(str),
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config=_columns(sites),
        key=f"data.rows.{chosen}.{cache.version(chosen)}.{table is not None}",
    )
    seasons, problems = _read(edited, sites)
    for problem in problems[:8]:
        st.error(show.plain(problem), icon=":material/error:")
    lost = _untold(chosen, cache.version(chosen))
    force = bool(lost) and _to_be_replaced(chosen, lost)
    halted = bool(problems) or (bool(lost) and not force)
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


def _templates(sites: dict[str, Sequence[int]], name: str) -> None:
    def made() -> "pd.DataFrame":
        from agroflux.data import management_table

        return management_table.template(sites)

    def book() -> bytes:
        from agroflux.data import management_table

        return management_table.xlsx(made())

    with st.container(horizontal=True):
        show.download("Template (CSV)", lambda: text_cells.to_csv(made(), index=False), f"{name}.csv", "text/csv")
        sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        show.download("Template (Excel)", book, f"{name}.xlsx", sheet)


def _uploaded(chosen: str) -> "pd.DataFrame | None":
    """Rows of an uploaded table, to look at before they are saved; None where there is none or it is wrong."""
    from agroflux.data import management_table
    from agroflux.data.report import Report

    with st.expander("Fill in from a file", icon=":material/upload_file:"):
        # Of one version of the data set: once saved, what is saved is shown, later edits included.
        key = f"data.management.{chosen}.{cache.version(chosen)}"
        sent = st.file_uploader("Management table", type=list(_ENDINGS), key=key, max_upload_size=_MOST_MB)
        if sent is None:
            return None
        report, rows = Report(), None
        try:
            with data.on_disk(data.safe_name(sent.name, _ENDINGS), sent.getvalue()) as path:
                rows = management_table.frame(management_table.read(path, report))
        except AgroFluxError as error:
            st.error(show.plain(error), icon=":material/error:")
        for finding in report.findings:
            if finding.level == "warning":
                st.warning(f"{show.plain(finding.sentence())}.", icon=":material/warning:")
        return rows


def _table(chosen: str) -> "pd.DataFrame":
    """The rows that the data set carries, then an empty row for each site and year that has none."""
    from agroflux.data import management, management_table

    ds = cache.dataset(chosen)
    held = management_table.of(ds)
    have = {(s.site, s.year) for s in held}
    sites = [str(s) for s in ds["site"].to_numpy()]
    blank = [management.Season(s, y) for s in sites for y in cache.years(chosen) if (s, y) not in have]
    rows = sorted([*held, *blank], key=lambda s: (s.site, s.year))
    return management_table.frame(rows)


def _columns(sites: list[str]) -> dict[str, Any]:
    config = st.column_config
    day = "A day as 2005-04-28"
    return {
        "site": config.SelectboxColumn("site", options=sites, required=True, pinned=True),
        "year": config.TextColumn("year", help="Year of the harvest", pinned=True, width="small"),
        "crop": config.TextColumn("crop", help="corn, soybean, winter wheat, …"),
        "planting": config.TextColumn("planting", help=f"{day}, or none for a perennial"),
        "emergence": config.TextColumn("emergence", help=day),
        "harvest": config.TextColumn("harvest", help=day),
        "tillage": config.TextColumn("tillage", help="Days separated by ; or none"),
        "irrigation_mm": config.TextColumn("irrigation [mm]", help="Of the season; 0 is rainfed"),
        "n_total_kg_ha": config.TextColumn("N of the year [kg ha⁻¹]", help="Where its days are not known"),
    }


def _read(edited: "pd.DataFrame", sites: list[str]) -> "tuple[list[Season], list[str]]":
    """Seasons of the edited rows, and what is wrong with them in one sentence each; blank rows say nothing."""
    from agroflux.data import management_table
    from agroflux.data.report import Report

    report = Report()
    rows = {number: row for number, row in enumerate(edited.to_dict("records"), 1) if _told(row)}
    seasons = management_table.from_rows(list(rows.values()), report, "table", list(rows))
    found = [f.sentence() for f in report.errors]
    return seasons, found + [f"there is no site {s.site} in this data set" for s in seasons if s.site not in sites]


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
    marks = [field_calendar.Mark(*told) for s in here for told in management.season_days(s)]
    stands = [
        field_calendar.Stand(s.crop, s.planting, s.harvest)
        for s in here
        if isinstance(s.planting, date) and s.harvest and s.harvest >= s.planting
    ]
    st.subheader("Field calendar", anchor=False)
    if not marks:
        show.empty("No day is known yet.", "Fill in planting, harvest or nitrogen above.")
        return
    show.figure(field_calendar.field_calendar(years, marks, stands), f"calendar-{site}")
