"""What every page shows alike: errors with the way out, banners, empty states, figures, downloads, sources.

Text that came from a file, a link or a user goes through :func:`plain` before Streamlit reads it as Markdown.
"""

import html
import logging
import os
import re
import runpy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from agroflux import schema
from agroflux.data import text_cells
from agroflux.errors import AgroFluxError
from agroflux.figures import theme
from agroflux.paths import ROOT
from agroflux.ui import cache, state

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.data.catalog import Entry

log = logging.getLogger(__name__)

_ABSENT = "–"  # noqa: RUF001 # an en dash
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~$:])")
_ROW, _TALLEST = 35, 280  # px of a row of a table, and of a table
#: MIME type of a workbook.
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KIND_NAMES = {"simulation": "simulated", "observation": "measured"}


def written(text: str) -> str:
    """A sentence or a name with formulas and units as people write them: N₂O, CO₂, ha⁻¹; a unit alone: theme.pretty."""
    return schema.written(text).replace("ha-1", "ha⁻¹").replace("yr-1", "yr⁻¹")


def with_unit(label: str, unit: str) -> str:
    """``label`` and the unit behind it, as an option or a header of a table: ``N₂O [t N₂O yr⁻¹]``."""
    return f"{written(label)} [{theme.pretty(unit)}]"


def with_units(rows: "pd.DataFrame") -> "pd.DataFrame":
    """``rows`` with the unit of each target (of its values, RMSE, MAE and bias) in a column behind ``target``."""
    made = rows.copy()
    made.insert(made.columns.get_loc("target") + 1, "unit", [schema.get(str(name)).unit for name in rows["target"]])
    return made


def plain(text: object) -> str:
    """``text`` with every character that Markdown, HTML or LaTeX would read escaped, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def apart(names: Mapping[str, str], told: Callable[[str], object] = str) -> dict[str, str]:
    """``names`` by key, with the key (as ``told`` writes it) behind those that several have: one would hide another."""
    times = Counter(names.values())
    return {key: f"{name} {told(key)}" if times[name] > 1 else name for key, name in names.items()}


def called(entry: "Entry") -> str:
    """Title of a data set as plain text; a synthetic one says so."""
    title = schema.written(entry.title)
    return f"{title} (synthetic)" if entry.synthetic and "(synthetic)" not in title.lower() else title


def titles(entries: "Iterable[Entry]") -> dict[str, str]:
    """What data sets are called (:func:`called`), by id, apart from one another."""
    return apart({entry.id: called(entry) for entry in entries}, lambda data: f"({data})")


@contextmanager
def guard(what: str = "This part of the page") -> Iterator[None]:
    """Turn an error into one message and let the app go on.

    An AgroFluxError says itself what was wrong and what to do; anything else is logged in full for whoever
    runs the server, and the reader gets a short apology without a traceback.
    """
    try:
        yield
    except AgroFluxError as error:
        st.error(plain(error), icon=":material/error:")
    except Exception:
        log.exception("%s failed", what)
        st.error(
            f"{plain(what)} could not be shown because of a fault in the app, not of your input. "
            "Try another selection; whoever runs the app finds the details in its log.",
            icon=":material/bug_report:",
        )


def style() -> None:
    """The app's own style sheet (spacing on small screens, legend), and one entry a page in the browser's history."""
    st.html(ROOT / "assets" / "style.css")
    st.html(ROOT / "assets" / "history.html", unsafe_allow_javascript=True)


def notes() -> None:
    """One box on all that a link asked for and that is not there (:func:`agroflux.ui.state.notes`)."""
    lines = "".join(f"\n- {plain(text)}" for text in state.notes())
    if lines:
        st.warning(f"Not everything that was asked for is available here:{lines}", icon=":material/link_off:")


def _through_app() -> None:
    """Run app.py around a page that was started alone.

    A server that has just started takes ``pages/`` for Streamlit's older kind of multipage app until it meets
    ``st.navigation``: a link to a page, opened first, would show that page without the app around it.
    """
    if not state.started():
        runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
        st.stop()


def unreadable(entries: Iterable[Any]) -> None:
    """One message on data sets that cannot be opened (catalog entries); the rest of the app goes on.

    Files are named without their folder, which is nobody's business but the machine's owner's.
    """
    broken = [f"- {plain(entry.status.replace(f'{entry.path.parent}{os.sep}', ''))}" for entry in entries]
    if broken:
        st.warning("Left out because they cannot be opened:\n" + "\n".join(broken), icon=":material/broken_image:")


def title(text: str, lead: str = "") -> None:
    """Heading of a page and one sentence on what it is for. Every page calls it first."""
    _through_app()
    st.title(text, anchor=False)
    if lead:
        st.caption(lead)


def banner(entries: Iterable[Any]) -> None:
    """A banner where synthetic data is in view; ``entries`` are catalog entries (title, synthetic)."""
    made = list(dict.fromkeys(plain(schema.written(entry.title)) for entry in entries if entry.synthetic))
    if made:
        st.warning(
            f"**Synthetic data in view:** {'; '.join(made)}. Made by a model, not measured.",
            icon=":material/science:",
        )


def empty(text: str, way_out: str = "") -> None:
    """An empty state: what is missing, and what to do about it."""
    st.info(f"{text} {way_out}".strip(), icon=":material/touch_app:")


def sources(entries: Iterable[Any]) -> None:
    """Source and licence of each data set in view, one line each (catalog entries)."""
    lines = []
    for entry in entries:
        kind = "synthetic" if entry.synthetic else _KIND_NAMES.get(entry.kind, entry.kind)
        lines.append(
            f"- **{plain(schema.written(entry.title))}** ({kind}). "
            f"{plain(entry.citation)} Licence: {plain(entry.licence)}."
        )
    if lines:
        with st.expander("Sources and licences", icon=":material/menu_book:"):
            st.markdown("\n".join(dict.fromkeys(lines)))


def facts(rows: Mapping[str, object] | Sequence[tuple[str, object]]) -> None:
    """A two-column list of facts; labels and values are shown as text, never as HTML."""
    pairs = list(rows.items()) if isinstance(rows, Mapping) else list(rows)
    cells = "".join(f"<tr><th>{html.escape(str(k))}</th><td>{html.escape(str(v))}</td></tr>" for k, v in pairs)
    st.html(f'<table class="agro-facts">{cells}</table>')


def keys(lines: Iterable[tuple[str, str, str]]) -> None:
    """A legend above small figures: name, colour (``#rrggbb``) and style of the line (solid, dotted, dashed)."""
    chips = "".join(
        f'<span><i class="line" style="border-top:3px {style} {html.escape(colour)}"></i>{html.escape(name)}</span>'
        for name, colour, style in lines
    )
    st.html(f'<div class="agro-legend"><div class="keys">{chips}</div></div>')


def figure(fig: Any, name: str, *, key: str = "", downloads: bool = True, **options: Any) -> Any:
    """Show a Plotly figure that follows the theme, full width, and offer it as HTML, SVG and PNG.

    ``name`` is the file name without suffix. ``options`` go to ``st.plotly_chart`` (``on_select``,
    ``selection_mode``); its result is returned.
    """
    config = {"displaylogo": False, "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2}}
    result = st.plotly_chart(
        fig, width="stretch", theme="streamlit", key=key or f"fig.{name}", config=config, **options
    )
    if downloads:
        figure_files(fig, name)
    return result


def figure_files(fig: Any, name: str) -> None:
    """A button that opens the downloads of a figure: HTML, and SVG and PNG where a browser is there to draw."""
    with st.popover("Download figure", icon=":material/download:", type="tertiary"):
        _figure_files(fig, name)


def _figure_files(fig: Any, name: str) -> None:
    from agroflux.figures import export

    with st.container(horizontal=True):
        _figure_button("HTML", lambda: _whole(fig).to_html(include_plotlyjs=True), f"{name}.html", "text/html")
        if export.can_draw():
            _figure_button("SVG", lambda: export.image(_whole(fig), "svg"), f"{name}.svg", "image/svg+xml")
            _figure_button("PNG", lambda: export.image(_whole(fig), "png"), f"{name}.png", "image/png")
    if export.can_draw():
        # Of a download that fails Streamlit says so for five seconds, and never why.
        st.caption("Made when you click: dark on white, ready for print. Should none come within a minute, take HTML.")
    else:
        st.caption("For PNG use the camera above the figure; SVG needs Chrome or Chromium where the app runs.")


def _whole(fig: Any) -> Any:
    """``fig`` as a file needs it: with the shapes of a map inside, where the page has them from the app's address."""
    from agroflux.figures import export

    if not export.names_shapes(fig):
        return fig
    return export.self_contained(fig, cache.county_shapes(), cache.state_shapes())


def _figure_button(label: str, make: Callable[[], str | bytes], name: str, mime: str) -> None:
    st.download_button(label, make, file_name=name, mime=mime, on_click="ignore", key=f"dl.{name}")


def frame(rows: Any, **options: Any) -> None:
    """Show a data frame full width, a dash where there is no value."""
    st.dataframe(rows, width="stretch", placeholder=_ABSENT, **options)


def height(rows: Sized) -> "int | Literal['content']":
    """Height of a table [px] that scrolls where it is long: a short one has no empty rows below it."""
    return "content" if _ROW * (len(rows) + 1) <= _TALLEST else _TALLEST


def table(rows: Any, name: str, **options: Any) -> None:
    """Show a data frame as :func:`frame` does, with a CSV download below it; both with its index, or neither."""
    frame(rows, **options)
    csv(rows, name, index=not options.get("hide_index"))


def csv(frame: Any, name: str, label: str = "Download CSV", **options: Any) -> None:
    """A button that gives ``frame`` as CSV (made when clicked); no text in it can run as a formula in a spreadsheet."""
    download(label, lambda: text_cells.to_csv(frame, **options), f"{name}.csv", "text/csv")


def netcdf(make: Callable[[], Any], name: str, label: str = "Download NetCDF") -> None:
    """A button that gives the ``xr.Dataset`` returned by ``make`` as NetCDF with units (made when clicked)."""
    download(label, lambda: _netcdf_bytes(make()), f"{name}.nc", "application/x-netcdf")


def download(label: str, make: Callable[[], str | bytes] | str | bytes, name: str, mime: str) -> None:
    """A download button; ``make`` may be a function, called only when clicked."""
    st.download_button(
        label, make, file_name=name, mime=mime, on_click="ignore", icon=":material/download:", key=f"dl.{name}"
    )


def _netcdf_bytes(ds: Any) -> bytes:
    clean = ds.copy()
    for holder in (clean, *clean.variables.values()):
        # NetCDF attributes know neither booleans nor None.
        holder.attrs = {k: int(v) if isinstance(v, bool) else v for k, v in holder.attrs.items() if v is not None}
        if hasattr(holder, "encoding"):
            holder.encoding = {}
    return bytes(clean.to_netcdf(engine="h5netcdf"))
