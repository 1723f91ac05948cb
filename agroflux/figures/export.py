"""A figure as a file: SVG and PNG drawn by a Chrome or Chromium that is already installed, without a network."""

import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

import plotly.graph_objects as go

from agroflux.errors import AgroFluxError

#: Kaleido has one browser and one queue of results in a process: of two users who download at once, each could get
#: the other's figure, or wait for ever for one that the other took.
_ONE_AT_A_TIME = threading.Lock()


@cache
def can_draw() -> bool:
    """True where kaleido finds a Chrome or Chromium to draw with."""
    from choreographer.browsers.chromium import Chromium

    return Chromium.find_browser(skip_local=False) is not None


def image(fig: go.Figure, form: str, *, width: int = 1200, height: int | None = None) -> bytes:
    """``fig`` as ``svg`` or ``png`` (twice the pixels, for print), ``width`` x ``height`` [px].

    Raises AgroFluxError where no browser is there or it cannot be started.
    """
    return images({"figure": fig}, form, width=width, height=height)["figure"]


def images(
    figures: Mapping[str, go.Figure], form: str, *, width: int = 1200, height: int | None = None
) -> dict[str, bytes]:
    """Several figures as :func:`image` draws one, with one start of the browser for all.

    Raises AgroFluxError as :func:`image`.
    """
    if not can_draw():
        raise AgroFluxError(f"no Chrome or Chromium found to draw {form.upper()}: install one, or download HTML")
    try:
        with _ONE_AT_A_TIME:
            return _drawn(figures, form, width, height)
    except Exception as error:
        raise AgroFluxError(f"the figure could not be drawn as {form.upper()} ({error}): download HTML") from error


def names_shapes(fig: go.Figure) -> bool:
    """True for a map whose counties or state lines are named by a URL, which the running app alone answers."""
    return any(isinstance(held, str) for held in (*map(_geojson, fig.data), *_lines(fig).values()))


def self_contained(fig: go.Figure, counties: Mapping[str, Any], states: Mapping[str, Any]) -> go.Figure:
    """A copy of ``fig`` that holds the shapes it named by URL; other figures are copied as they are.

    ``counties``: GeoJSON features by FIPS, of which those in ``locations`` are taken; ``states``: a feature collection.
    """
    made = go.Figure(fig)
    for trace in made.data:
        if isinstance(_geojson(trace), str):
            features = [counties[fips] for fips in map(str, trace.locations) if fips in counties]
            trace.geojson = {"type": "FeatureCollection", "features": features}
    lines = {name: states if isinstance(held, str) else held for name, held in _lines(made).items()}
    if lines:
        sources = {name: {"type": "geojson", "data": held} for name, held in lines.items()}
        made.update_layout(map_style=made.layout.map.style | {"sources": sources})
    return made


def _geojson(trace: Any) -> Any:
    return trace.geojson if trace.type == "choroplethmap" else None


def _lines(fig: go.Figure) -> dict[str, Any]:
    """What the lines of an inline map style are drawn from, by source."""
    style = fig.layout.map.style
    return {name: source["data"] for name, source in style["sources"].items()} if isinstance(style, dict) else {}


def _drawn(figures: Mapping[str, go.Figure], form: str, width: int, height: int | None) -> dict[str, bytes]:
    import kaleido

    try:
        # Without mathjax=False the page that draws would wait for a script from the internet.
        kaleido.start_sync_server(mathjax=False, silence_warnings=True)
        return {name: _draw(fig, form, width, height or fig.layout.height or 600) for name, fig in figures.items()}
    finally:
        kaleido.stop_sync_server(silence_warnings=True)


def _draw(fig: go.Figure, form: str, width: int, height: int) -> bytes:
    import kaleido

    options = {"format": form, "width": width, "height": height, "scale": 2}
    return bytes(kaleido.calc_fig_sync(fig.to_dict(), opts=options))
