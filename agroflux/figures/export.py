"""A figure as a file: SVG and PNG drawn by a Chrome or Chromium that is already installed, without a network."""

from collections.abc import Mapping
from functools import cache

import plotly.graph_objects as go

from agroflux.errors import AgroFluxError


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
    import kaleido

    try:
        # Without mathjax=False the page that draws would wait for a script from the internet.
        kaleido.start_sync_server(mathjax=False, silence_warnings=True)
        return {name: _draw(fig, form, width, height or fig.layout.height or 600) for name, fig in figures.items()}
    except Exception as error:
        raise AgroFluxError(f"the figure could not be drawn as {form.upper()} ({error}): download HTML") from error
    finally:
        kaleido.stop_sync_server(silence_warnings=True)


def _draw(fig: go.Figure, form: str, width: int, height: int) -> bytes:
    import kaleido

    options = {"format": form, "width": width, "height": height, "scale": 2}
    return bytes(kaleido.calc_fig_sync(fig.to_dict(), opts=options))
