"""A data set beside a monthly FLUXNET file of the same site on the page "Data": upload, figures and tables."""

from typing import TYPE_CHECKING

import streamlit as st

from agroflux import schema
from agroflux.contract import unit_of
from agroflux.errors import AgroFluxError
from agroflux.figures import residuals, series
from agroflux.figures.theme import pretty
from agroflux.ui import cache, controls, data, show, state

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.data.catalog import Entry
    from agroflux.data.monthly import Comparison

VARIABLE = "data-monthly"
ENDINGS = ("csv", "xlsx", "zip")
_FILE = "Monthly file"


def show_monthly() -> None:
    """Of a measured data set: upload of a monthly file, and how far its months are from those of the data set."""
    known = {entry.id: entry for entry in cache.entries("observation")}
    entry = known.get(str(state.get(data.SET, "")))
    if entry is None:
        return
    st.subheader("Beside a monthly file", anchor=False)
    st.caption(
        "Monthly means of this data set beside the monthly file (`_MM_`) that FLUXNET, AmeriFlux or ICOS publish for "
        "the same site. Nothing of the file is kept."
    )
    sent = st.file_uploader(
        "Monthly FLUXNET file", type=list(ENDINGS), key=f"data.monthly.{entry.id}", label_visibility="collapsed"
    )
    if sent is None:
        return
    name = data.safe_name(sent.name, ENDINGS)
    try:
        found = _against(entry.id, cache.version(entry.id), str(sent.file_id), name, sent.getvalue())
    except AgroFluxError as error:
        data.mend([str(error)])
        return
    st.markdown(f"**{show.plain(found.source)}** beside **{show.plain(entry.title)}**, site {show.plain(found.site)}")
    for remark in found.remarks:
        st.warning(f"{show.plain(remark)}.", icon=":material/difference:")
    _overview(found, entry)
    variable = _pick(found)
    with st.container(border=True):
        _one(found, variable, entry)
    _left_out(found)


@st.cache_data(show_spinner="Reading the months", max_entries=8)
def _against(data_id: str, version: str, file: str, name: str, _content: bytes) -> "Comparison":
    from agroflux.data import monthly

    with data.on_disk(name, _content) as path:
        return monthly.against(cache.dataset(data_id), path)


def _own(entry: "Entry") -> str:
    """What the data set is called in figures and tables."""
    return "Data set (synthetic)" if entry.synthetic else "Data set"


def _overview(found: "Comparison", entry: "Entry") -> None:
    """All variables: means over the months compared, their difference, and the month that differs most."""
    import pandas as pd

    rows = found.summary()
    shown = pd.DataFrame(
        {
            "Variable": [schema.get(v).title for v in rows["variable"]],
            "Unit": [pretty(u) for u in rows["unit"]],
            "Months": rows["months"],
            _own(entry): rows["data"],
            _FILE: rows["file"],
            "Difference": rows["difference"],
            "Largest": rows["largest"],
            "In": rows["when"].dt.strftime("%Y-%m").fillna(""),
        }
    )
    show.frame(shown, hide_index=True)
    show.csv(filed(found, entry), f"monthly-{entry.id}", "All months as CSV", index=False)


def filed(found: "Comparison", entry: "Entry") -> "pd.DataFrame":
    """All months for a file that can be read alone: units, which site and data set, which monthly file."""
    table = found.months.assign(month=found.months["month"].dt.strftime("%Y-%m"))
    table.insert(1, "unit", [unit_of(str(name)) for name in table["variable"]])
    # "data" and "file" are the values of either.
    told = {"site": found.site, "data_set": entry.id, "monthly_file": found.source}
    return table.assign(**told, synthetic="yes" if entry.synthetic else "no")


def _pick(found: "Comparison") -> str:
    options = list(dict.fromkeys(found.months["variable"]))
    with controls.row():
        return controls.variable(options, default="GPP", name=VARIABLE)


def _one(found: "Comparison", variable: str, entry: "Entry") -> None:
    """Both series of one variable, their difference, and its months in numbers."""
    unit, own = schema.get(variable).unit, _own(entry)
    part = found.months[found.months["variable"] == variable].set_index("month")
    both = part.rename(columns={"data": own, "file": _FILE})[[own, _FILE]].asfreq("MS")
    less = part[["difference"]].rename(columns={"difference": own}).asfreq("MS")
    left, right = st.columns(2, gap="medium")
    with left:
        fig = series.series(
            both,
            {own: "measured", _FILE: "file"},
            label=schema.get(variable).title,
            unit=unit,
            form="%b %Y",
            height=360,
        )
        show.figure(fig, f"monthly-{entry.id}-{variable}")
    with right:
        fig = residuals.residuals(less, {own: "measured"}, reference="monthly file", unit=unit, form="%b %Y")
        show.figure(fig, f"monthly-{entry.id}-{variable}-difference")
    with st.expander(f"Month by month [{pretty(unit)}]", icon=":material/table_rows:"):
        table = part.reset_index()[["month", "days", "data", "file", "difference"]]
        table = table.assign(month=table["month"].dt.strftime("%Y-%m"))
        table.columns = ["Month", "Days", own, _FILE, "Difference"]
        show.frame(table, hide_index=True)


def _left_out(found: "Comparison") -> None:
    """What was not compared, and why."""
    from agroflux.data import monthly

    rows = found.left_out
    if rows.empty:
        return
    with st.expander(f"Left out ({len(rows)})", icon=":material/event_busy:"):
        st.caption(f"Months that the file holds and that are not compared: {monthly.TOO_FEW}.")
        shown = rows.assign(
            variable=[schema.get(v).label for v in rows["variable"]], month=rows["month"].dt.strftime("%Y-%m")
        )
        show.table(
            shown[["variable", "month", "days", "of", "file"]], f"monthly-left-out-{found.site}", hide_index=True
        )
