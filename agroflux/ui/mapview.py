"""The county map as pages show it: drawn once, new colours and rings without a reload, a click told once."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from agroflux import maps
from agroflux.figures.theme import pretty
from agroflux.ui import cache

if TYPE_CHECKING:
    import pandas as pd

_HEIGHT = 520  # px


def county_map(
    values: "pd.Series",
    *,
    variable: str,
    label: str,
    unit: str,
    names: Mapping[str, str],
    selected: Collection[str] = (),
    points: Sequence[maps.Marker] = (),
    key: str = "map",
    tiles: bool = False,
    bounds: tuple[tuple[float, float], tuple[float, float]] = maps.CORN_BELT,
) -> str | None:
    """Show counties coloured by ``values`` (indexed by FIPS, in ``unit``) and site markers, with the legend.

    Values of what is no county are left out.
    ``names`` maps FIPS to what the tooltip says; ``bounds``: the first view (others redraw the map). Returns the id of
    a county or site clicked since the last run, once, else None. Panning and zooming run nothing.
    """
    from streamlit_folium import st_folium

    shapes = cache.county_shapes()
    table = {str(fips): float(value) for fips, value in values.items() if fips in shapes}
    scale = maps.Scale.of(variable, label, pretty(unit), table.values())
    # A first view beyond the Corn Belt holds sites of other states and countries.
    states = cache.state_shapes() if bounds == maps.CORN_BELT else cache.outlines_about(bounds)
    board = maps.base_map(states, cache.county_outlines(), tiles=tiles, bounds=bounds)
    groups = [maps.choropleth(table, shapes, names, scale, selected), maps.markers(points, selected)]
    result = st_folium(
        board,
        key=key,
        height=_HEIGHT,
        use_container_width=True,
        returned_objects=["last_active_drawing", "last_object_clicked_count"],
        feature_group_to_add=groups,
    )
    missing = any(map(math.isnan, table.values()))
    note = "Sites of one place are drawn side by side" if maps.crowded(points) else ""
    st.html(maps.legend(scale if table else None, {p.kind for p in points}, missing=missing, note=note))
    return _new_click(result, key)


def _new_click(result: dict[str, Any] | None, key: str) -> str | None:
    """The clicked id, if this click was not told before: the component repeats its last one in every run."""
    count = (result or {}).get("last_object_clicked_count")
    seen = f"{key}.seen"
    if count is None or count == st.session_state.get(seen):
        return None
    st.session_state[seen] = count
    return maps.clicked(result)
