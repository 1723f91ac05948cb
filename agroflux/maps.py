"""Folium maps that need no network. The one place that owns map assets and the escaping of map text.

Leaflet comes from the app's own ``static/`` folder by a path relative to the map component's frame, so that it is
found under any base path. No tile is loaded unless asked for: state and county lines are the base map. Colours
come from :mod:`agroflux.figures.colours`; lines are a grey that reads on light and dark pages.

Whatever reaches a tooltip passes :func:`safe`: folium writes tooltips as HTML inside JavaScript templates,
where escaping HTML alone still lets ``${...}`` and backticks run.
"""

import html
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import folium
from branca.element import MacroElement
from folium.template import Template

from agroflux.figures import colours

Kind = Literal["measured", "synthetic", "simulated", "nodata"]

VENDOR = "../../app/static/vendor/leaflet-1.9.3"
CORN_BELT = ((36.9, -96.8), (43.6, -84.6))
#: The ring around what is selected; told from every colour of the two scales.
SELECTED = "#E0218A"
_NO_VALUE = "rgba(128,136,144,0.25)"
_ENTITIES = str.maketrans({"`": "&#96;", "$": "&#36;", "{": "&#123;", "}": "&#125;", "\\": "&#92;"})

KIND_LABELS: dict[Kind, str] = {
    "measured": "Measured",
    "synthetic": "Synthetic",
    "simulated": "Simulated",
    "nodata": "Benchmark tower without data",
}
# Constant drawings: circle, diamond, triangle and hollow square differ in shape as well as in colour.
_SHAPES: dict[Kind, str] = {
    "measured": f'<circle cx="9" cy="9" r="6.5" fill="{colours.GREEN}" stroke="#FFF" stroke-width="2"/>',
    "synthetic": f'<path d="M9 1.5 16.5 9 9 16.5 1.5 9z" fill="{colours.AMBER}" stroke="#FFF" stroke-width="2"/>',
    "simulated": f'<polygon points="9,2 16.5,15.5 1.5,15.5" fill="{colours.BLUE}" stroke="#FFF" stroke-width="2"/>',
    "nodata": '<rect x="3.5" y="3.5" width="11" height="11" fill="#FFF" stroke="#5A6268" stroke-width="2.5"/>',
}
#: Sites less apart are of one place [degrees]: a few pixels on a map of the corn belt.
_PLACE = 0.1
#: Pixels between neighbours of a place, about: a little less than a shape is wide.
_ASIDE = 14
_CHOSEN_RING = f'<circle cx="9" cy="9" r="11" fill="none" stroke="{SELECTED}" stroke-width="3"/>'
_STYLE = """<style>
html, body, .leaflet-container { background: transparent !important; }
.leaflet-container { font-family: "Source Sans", "Source Sans Pro", Helvetica, Arial, sans-serif; }
.leaflet-div-icon, .agro-marker { background: none; border: none; }
.leaflet-interactive:focus { outline: none; }
.agro-marker:focus-visible { outline: 3px solid #E0218A; outline-offset: 2px; }
</style>"""


@dataclass(frozen=True, slots=True)
class Scale:
    """Colours for the values of one variable between ``low`` and ``high`` [``unit``]."""

    variable: str
    label: str
    unit: str
    low: float
    high: float

    @classmethod
    def of(cls, variable: str, label: str, unit: str, values: Iterable[float]) -> "Scale":
        """The scale that spans ``values`` (NaN left out); about zero where the variable diverges."""
        low, high = colours.limits(values, variable)
        return cls(variable, label, unit, low, high)

    @property
    def stops(self) -> Sequence[str]:
        """Colours from low to high."""
        return colours.stops(self.variable, self.low, self.high)

    def colour(self, value: float | None) -> str:
        """CSS colour of ``value``; a translucent grey for a missing one."""
        if value is None or not math.isfinite(value):
            return _NO_VALUE
        return colours.at((value - self.low) / ((self.high - self.low) or 1.0), self.stops)


@dataclass(frozen=True, slots=True)
class Marker:
    """A site that is a point: a tower, a chamber, or a simulated place that is no county.

    ``text`` is said beside its name in the tooltip.
    """

    id: str
    name: str
    lat: float
    lon: float
    kind: Kind
    text: str = ""


def safe(text: object) -> str:
    """``text`` for HTML inside a JavaScript template: HTML, backtick, ``$``, braces and backslash as entities."""
    return html.escape(str(text), quote=True).translate(_ENTITIES)


class _StillFocus(MacroElement):
    """The map takes the keyboard at a click without scrolling the page.

    Leaflet focuses its map when the mouse goes down; a browser then scrolls a map that is partly out of sight into
    view, and the button comes up over another county than the one that was clicked.
    """

    _template = Template(
        """{% macro script(this, kwargs) %}
        {{ this._parent.get_name() }}.getContainer().focus = function () {
            HTMLElement.prototype.focus.call(this, {preventScroll: true});
        };
        {% endmacro %}"""
    )


def base_map(
    states: Mapping[str, Any],
    outlines: Sequence[Mapping[str, Any]] = (),
    *,
    tiles: bool = False,
    bounds: tuple[tuple[float, float], tuple[float, float]] = CORN_BELT,
) -> folium.Map:
    """A map of state lines (GeoJSON feature collection) and faint county ``outlines`` (features).

    ``tiles`` adds OpenStreetMap's online tiles; ``bounds`` is the first view, ((south, west), (north, east))
    [degrees]. The same arguments give the same map, which the browser keeps while layers change.
    """
    # On a telephone the sites of two continents need a smaller map than those of two states.
    least = 3 if bounds == CORN_BELT else 1
    board = folium.Map(
        tiles=None, zoom_control=True, attributionControl=tiles, zoomSnap=0.25, minZoom=least, maxZoom=12
    )
    board.default_js = [("leaflet", f"{VENDOR}/leaflet.js")]
    board.default_css = [("leaflet_css", f"{VENDOR}/leaflet.css")]
    root: Any = board.get_root()  # a Figure; folium types it as its base class
    root.header.add_child(folium.Element(_STYLE))
    if tiles:
        folium.TileLayer("OpenStreetMap", control=False).add_to(board)
    if outlines:
        _lines(outlines, weight=1.0, opacity=0.35).add_to(board)
    _lines(states["features"], weight=1.4, opacity=0.9).add_to(board)
    board.fit_bounds(bounds)
    board.add_child(_StillFocus())
    return board


def choropleth(
    values: Mapping[str, float],
    shapes: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    scale: Scale,
    selected: Collection[str] = (),
) -> folium.FeatureGroup:
    """Counties coloured by value, clickable, with a tooltip of name and value.

    ``values`` and ``names`` are keyed by FIPS, ``shapes`` holds GeoJSON features by FIPS; a county without a
    shape is left out. Selected counties get a ring and are drawn last, so that neighbours do not cover it.
    """
    group = folium.FeatureGroup(name="counties")
    order = sorted(
        (fips for fips in values if fips in shapes and _drawn(shapes[fips])), key=lambda fips: fips in selected
    )
    features = [
        {
            "type": "Feature",
            "id": fips,
            "geometry": shapes[fips]["geometry"],
            "properties": {
                "id": fips,
                "name": safe(names.get(fips, fips)),
                "value": safe(_value_text(values[fips], scale)),
                "fill": scale.colour(values[fips]),
                "chosen": fips in selected,
            },
        }
        for fips in order
    ]
    if features:
        folium.GeoJson(
            {"type": "FeatureCollection", "features": features},
            style_function=_county_style,
            highlight_function=_county_hover,
            tooltip=folium.GeoJsonTooltip(fields=["name", "value"], labels=False, sticky=True),
        ).add_to(group)
    return group


def markers(points: Iterable[Marker], selected: Collection[str] = ()) -> folium.FeatureGroup:
    """Towers and chambers as clickable shapes by kind; a ring marks those selected."""
    group = folium.FeatureGroup(name="sites")
    every = list(points)
    layers: dict[tuple[Kind, bool, tuple[int, int]], list[Marker]] = {}
    for point, aside in zip(every, _aside(every), strict=True):
        layers.setdefault((point.kind, point.id in selected, aside), []).append(point)
    for kind, chosen, aside in sorted(layers, key=lambda layer: (layer[1], list(_SHAPES).index(layer[0]))):
        _marker_layer(layers[kind, chosen, aside], kind, chosen, aside).add_to(group)
    return group


def crowded(points: Sequence[Marker]) -> bool:
    """Whether :func:`markers` draws some of ``points`` beside where they are."""
    return any(aside != (0, 0) for aside in _aside(points))


def _aside(points: Sequence[Marker]) -> list[tuple[int, int]]:
    """How far [pixels right, down] each point is drawn aside, so that none of a place hides another from a click.

    Points of a place follow one another on a spiral (Vogel 1979, doi 10.1016/0025-5564(79)90080-4) from its first.
    """
    places: list[tuple[Marker, int]] = []
    found = []
    for point in points:
        at = next((k for k, (p, _) in enumerate(places) if _together(p, point)), len(places))
        first, before = places[at] if at < len(places) else (point, 0)
        places[at : at + 1] = [(first, before + 1)]
        far, turn = _ASIDE * math.sqrt(before), before * math.pi * (3 - math.sqrt(5))
        found.append((round(far * math.cos(turn)), round(far * math.sin(turn))))
    return found


def _together(one: Marker, other: Marker) -> bool:
    return abs(one.lat - other.lat) < _PLACE and abs(one.lon - other.lon) < _PLACE


def legend(scale: Scale | None, kinds: Collection[Kind] = (), *, missing: bool = False, note: str = "") -> str:
    """The legend as HTML with nothing unescaped: colour ramp with its ends, the shapes in use, and a ``note``."""
    parts = ['<div class="agro-legend">']
    if scale is not None:
        ramp = ", ".join(scale.stops)
        unit = f" [{safe(scale.unit)}]" if scale.unit else ""
        middle = "<span>0</span>" if colours.crosses_zero(scale.variable, scale.low, scale.high) else ""
        parts.append(
            f"<div>{safe(scale.label)}{unit}</div>"
            f'<div class="ramp" style="background:linear-gradient(to right, {ramp})"></div>'
            f'<div class="ends"><span>{number(scale.low)}</span>{middle}<span>{number(scale.high)}</span></div>'
        )
    # The page's HTML filter drops inline SVG: the style sheet draws the same shapes.
    keys = [f'<span><i class="{kind}"></i>{safe(KIND_LABELS[kind])}</span>' for kind in _SHAPES if kind in kinds]
    if missing:
        keys.append('<span><i class="missing"></i>No value</span>')
    keys += [f"<span>{safe(note)}</span>"] if note else []
    parts.append(f'<div class="keys">{"".join(keys)}</div></div>')
    return "".join(parts)


def clicked(result: Mapping[str, Any] | None) -> str | None:
    """Id of the county or site last clicked, from what the map component returned; None without a click."""
    feature = (result or {}).get("last_active_drawing") or {}
    chosen = (feature.get("properties") or {}).get("id")
    return str(chosen) if chosen else None


def number(value: float, digits: int = 3) -> str:
    """``digits`` significant digits without an exponent, more before the point, with a true minus sign."""
    if not math.isfinite(value):
        return "no value"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{min(places, 8)}f}".replace("-", "\u2212")


def _value_text(value: float, scale: Scale) -> str:
    return f"{number(value)} {scale.unit}".strip() if math.isfinite(value) else "no value"


def _lines(features: Sequence[Mapping[str, Any]], *, weight: float, opacity: float) -> folium.GeoJson:
    style = {"color": colours.NEUTRAL, "weight": weight, "opacity": opacity, "fill": False}
    bare = [{"type": "Feature", "properties": {}, "geometry": f["geometry"]} for f in features if _drawn(f)]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": bare}, style_function=lambda _: style, interactive=False
    )


def _drawn(feature: Mapping[str, Any]) -> bool:
    """False for a feature without a shape of its own, which folium cannot bound."""
    return bool((feature.get("geometry") or {}).get("coordinates"))


def _county_style(feature: Mapping[str, Any]) -> dict[str, Any]:
    given = feature["properties"]
    ring = given["chosen"]
    return {
        "fillColor": given["fill"],
        "fillOpacity": 1.0 if given["fill"] == _NO_VALUE else 0.92,
        "color": SELECTED if ring else colours.NEUTRAL,
        "weight": 3.0 if ring else 1.0,
        "opacity": 1.0 if ring else 0.6,
    }


def _county_hover(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"weight": 2.5, "color": "#1B2421", "fillOpacity": 1.0}


def _marker_layer(points: Sequence[Marker], kind: Kind, chosen: bool, aside: tuple[int, int]) -> folium.GeoJson:
    features = [
        {
            "type": "Feature",
            "id": p.id,
            "geometry": {"type": "Point", "coordinates": [p.lon, p.lat]},
            "properties": {"id": p.id, "name": safe(p.name), "text": safe(p.text or KIND_LABELS[kind])},
        }
        for p in points
    ]
    anchor = (9 - aside[0], 9 - aside[1])
    icon = folium.DivIcon(html=_svg(kind, chosen), icon_size=(18, 18), icon_anchor=anchor, class_name="agro-marker")
    icon.options["tooltipAnchor"] = list(aside)
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        marker=folium.Marker(icon=icon),
        tooltip=folium.GeoJsonTooltip(fields=["name", "text"], labels=False, sticky=False),
    )


def _svg(kind: Kind, chosen: bool = False) -> str:
    ring = _CHOSEN_RING if chosen else ""
    return f'<svg width="18" height="18" viewBox="0 0 18 18" style="overflow:visible">{ring}{_SHAPES[kind]}</svg>'
