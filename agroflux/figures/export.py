"""A figure as a file: SVG and PNG drawn by a Chrome or Chromium that is already installed, without a network."""

import asyncio
import os
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cache
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from agroflux.errors import AgroFluxError

if TYPE_CHECKING:
    from kaleido import Kaleido

#: Seconds that a figure may take, the start of the browser with it: some ten times what one takes on a busy machine.
LIMIT = 60.0
#: A browser takes a core and some hundred MB: of several users who download at once each has one in turn.
_ONE_AT_A_TIME = threading.Lock()


@cache
def can_draw() -> bool:
    """True where kaleido finds a Chrome or Chromium to draw with."""
    from choreographer.browsers.chromium import Chromium

    return Chromium.find_browser(skip_local=False) is not None


def image(fig: go.Figure, form: str) -> bytes:
    """``fig`` as ``svg`` or ``png`` (twice the pixels, for print).

    Raises AgroFluxError where no browser is there or it cannot be started.
    """
    return images({"figure": fig}, form)["figure"]


def images(figures: Mapping[str, go.Figure], form: str, *, width: int = 1200) -> dict[str, bytes]:
    """Several figures as :func:`image` draws one, ``width`` [px] wide, with one start of the browser for all.

    Raises AgroFluxError as :func:`image`.
    """
    if not can_draw():
        raise AgroFluxError(f"no Chrome or Chromium found to draw {form.upper()}: install one, or download HTML")
    try:
        with _ONE_AT_A_TIME:
            return _drawn(figures, form, width)
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


def _drawn(figures: Mapping[str, go.Figure], form: str, width: int) -> dict[str, bytes]:
    """Every figure, drawn by a browser in a thread of its own; where it does not answer in time, both are ended."""
    import kaleido

    # Without mathjax=False the page that draws would wait for a script from the internet.
    browser = kaleido.Kaleido(mathjax=False, timeout=None)
    outcome: Future[dict[str, bytes]] = Future()

    def work() -> None:
        try:
            outcome.set_result(asyncio.run(_draw(browser, figures, {"format": form, "width": width})))
        except BaseException as error:
            outcome.set_exception(error)

    # A daemon, as one that hangs must not hold up the end of the program either.
    threading.Thread(target=work, name="agroflux-figures", daemon=True).start()
    limit = LIMIT * len(figures)
    try:
        return outcome.result(limit)
    except TimeoutError:
        _kill(browser)
        raise TimeoutError(f"the browser did not answer within {limit:g} s") from None


async def _draw(browser: "Kaleido", figures: Mapping[str, go.Figure], options: dict[str, Any]) -> dict[str, bytes]:
    made = {}
    async with browser:
        for name, fig in figures.items():
            size = {"height": fig.layout.height or 600, "scale": 2}
            made[name] = bytes(await browser.calc_fig(fig.to_dict(), opts=options | size))
    return made


def _kill(browser: "Kaleido") -> None:
    """End the browser with all its processes, which are a group of their own; its thread then finds it gone."""
    process = getattr(browser, "subprocess", None)  # None: it hung before there was a process
    if process is not None and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
