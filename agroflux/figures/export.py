"""A figure as a file: SVG and PNG drawn by a Chrome or Chromium that is already installed, without a network."""

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
    if not can_draw():
        raise AgroFluxError(f"no Chrome or Chromium found to draw {form.upper()}: install one, or download HTML")
    try:
        picture: bytes = fig.to_image(format=form, width=width, height=height or fig.layout.height or 600, scale=2)
    except Exception as error:
        raise AgroFluxError(f"the figure could not be drawn as {form.upper()} ({error}): download HTML") from error
    return picture
