"""The pictures of an emissions report, for print: the figures of the page, and a map that needs no WebGL."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from agroflux import schema
from agroflux.emissions import notes
from agroflux.emissions.assess import Assessment
from agroflux.emissions.coverage import Coverage
from agroflux.emissions.totals import COLUMNS, REGION
from agroflux.figures import export, intervals, outline_map, ranking, trend

_WIDTH = 760  # px: about the width of a printed page


def figures(answer: Assessment, shapes: Mapping[str, Any], coverage: Coverage | None = None) -> dict[str, go.Figure]:
    """Figures by the names of :data:`agroflux.emissions.report.PICTURES`; ``shapes``: GeoJSON features by FIPS."""
    column, unit = answer.headline, COLUMNS[answer.headline].unit
    label = schema.written(notes.axis(answer))
    parts = answer.parts[answer.parts["quantity"] == column]
    county = answer.totals.by("county").set_index("fips")
    rows = answer.tier1[answer.tier1["place"] == REGION]
    drawn = rows.rename(columns={"n2o_t": "value", "low_t": "low", "high_t": "high"})
    found = {
        "drivers": intervals.contributions(parts, answer.interval(column)["value"], label=label, unit=unit),
        "map": outline_map.county_map(
            county["n2o_kg_n_ha"], shapes, variable="N2O_FLUX", label="N₂O-N", unit=COLUMNS["n2o_kg_n_ha"].unit
        ),
        "counties": intervals.places(answer.ranked(column), label=label, unit=unit),
        "years": trend.years(answer.years, column, label=label, unit=unit),
        "months": trend.months(answer.months, "n2o_t_co2e", label="Direct N₂O as CO₂e", unit=unit),
        "lever": trend.lever(answer.lever, answer.question.n_rate, column, label=label, unit=unit),
        "tier1": ranking.estimates(drawn, label="N₂O", unit=COLUMNS["n2o_t"].unit),
    }
    if coverage is not None:
        found["reliability"] = intervals.reliability(coverage.curve())
    return found


def pictures(answer: Assessment, shapes: Mapping[str, Any], coverage: Coverage | None = None) -> dict[str, bytes]:
    """:func:`figures` as SVG; empty where no Chrome or Chromium is there to draw them."""
    if not export.can_draw():
        return {}
    return export.images(figures(answer, shapes, coverage), "svg", width=_WIDTH)
