"""A report to hand on: one HTML file without links to anything outside, which prints on A4 and on Letter.

Pictures come in as SVG or PNG (whoever may draw draws them); every text goes through Jinja's autoescape.
"""

import base64
import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from agroflux import __version__
from agroflux.data.calendar_days import years_text
from agroflux.data.catalog import stem
from agroflux.emissions import export, indirect, notes, tier1, words
from agroflux.emissions.assess import Assessment
from agroflux.emissions.coverage import Coverage
from agroflux.emissions.question import Question, Sources
from agroflux.emissions.totals import COLUMNS, REGION

TITLE = "Greenhouse-gas emissions of corn and soybean fields"
_KINDS = ((b"\x89PNG", "image/png"), (b"<svg", "image/svg+xml"))
_PACKAGES = ("numpy", "pandas", "xarray", "scipy", "shapely", "globalwarmingpotentials")
_COUNTY = ("county", "state", "n2o_t", "n2o_kg_n_ha", "nee_t_co2", "necb_t_co2")
_NARROW = ("span", "eighty", "wide", "share")  # columns of figures written as text
_LEVER = "The same fields and years at each nitrogen rate of the data, as the process model gives them."
_TIER1 = {
    "estimate": "Estimate",
    "n2o_t": "N2O [t N2O yr-1]",
    "low_t": "Low [t N2O yr-1]",
    "high_t": "High [t N2O yr-1]",
}
#: Part of the report -> what its picture shows, for readers who cannot see it.
PICTURES = {
    "drivers": "Interval that each source of uncertainty alone would give",
    "map": "Map of counties",
    "counties": "Counties with most emissions and their intervals",
    "years": "Emissions by year",
    "months": "Emissions by month and crop",
    "lever": "Emissions and grain by nitrogen rate",
    "tier1": "The figure beside IPCC Tier 1",
    "reliability": "Share of held-out totals inside their intervals",
}


@dataclass(frozen=True)
class Source:
    """A data set behind the figures, as its catalog entry tells."""

    title: str
    citation: str
    licence: str
    synthetic: bool = False


def data_sources(sources: Sources) -> list[Source]:
    """The data sets behind an answer: the process models, as their attributes tell, and what a model learned from."""
    found = []
    for ds in sources.simulators.values():
        title, citation, licence = (str(ds.attrs.get(name, "unknown")) for name in ("title", "citation", "licence"))
        found.append(Source(title, citation, licence, bool(ds.attrs.get("synthetic"))))
    held = {stem(Path(name)) for name in sources.simulators}
    more = [one for one in sources.taught if not set(one.id.split("+")) <= held]
    return [*found, *(Source(one.title, one.citation, one.licence, one.synthetic) for one in more)]


def synthetic_titles(sources: Sequence[Source]) -> list[str]:
    """Titles of those of the data sets that are synthetic."""
    return list(dict.fromkeys(source.title for source in sources if source.synthetic))


def command_line(
    question: Question, data: str, *, model: str = "", place: str = "all", polygon: str = "", areas: str = ""
) -> list[str]:
    """Words of the command that makes the report again; ``polygon`` and ``areas`` name the user's own files."""
    years = years_text(question.years).replace(", ", ",")
    said = ["agroflux", "emissions", "--data", data, *(["--model", model] if model else [])]
    said += ["--n-rate", f"{question.n_rate:g}", "--years", years, "--gwp", question.gwp]
    said += ["--horizon", str(question.horizon), *(["--indirect"] if question.indirect else [])]
    said += ["--polygon", polygon] if polygon else ["--place", place]
    said += ["--areas", areas] if areas else []
    return [*said, "--area-sd", f"{question.area_sd:g}", "--seed", str(question.seed), "--report", "report.html"]


@dataclass
class _Section:
    title: str
    texts: list[str] = field(default_factory=list)
    pictures: list[dict[str, str]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    points: list[str] = field(default_factory=list)


def html(
    answer: Assessment,
    pictures: Mapping[str, bytes],
    sources: Sequence[Source],
    command: Sequence[str],
    coverage: Coverage | None = None,
) -> str:
    """The report as one HTML document.

    ``pictures``: name of :data:`PICTURES` -> SVG or PNG; those absent are left out. ``command``: words of the command
    line that makes it again. ``coverage``: of the model, where a model gives the fluxes.
    """
    made = answer.totals
    text = _template().render(
        title=TITLE,
        subtitle=f"{made.data}, {made.period}. Made with AgroFlux Explorer {__version__}.",
        synthetic="; ".join(synthetic_titles(sources)),
        headline=notes.headline(answer),
        what=notes.what(answer),
        apart=notes.apart(answer),
        sections=[section for section in _sections(answer, pictures, sources, coverage) if section is not None],
        command=shlex.join(command),
        versions=f"Python {platform.python_version()}, " + ", ".join(f"{n} {version(n)}" for n in _PACKAGES),
    )
    return str(text)


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.get_template("report.html.j2")


def _sections(
    answer: Assessment, pictures: Mapping[str, bytes], sources: Sequence[Source], coverage: Coverage | None
) -> list[_Section | None]:
    here = answer.tier1[answer.tier1["place"] == REGION]
    return [
        _Section("Figures and their intervals", tables=[_quantities(answer)]),
        _Section(
            "What drives the uncertainty", [notes.drivers(answer)], _images(pictures, "drivers"), [_parts(answer)]
        ),
        _reliability(coverage, pictures),
        _Section("Where", pictures=_images(pictures, "map", "counties"), tables=[_counties(answer)]),
        _years(answer, pictures),
        _Section("The nitrogen lever", [_LEVER], _images(pictures, "lever"), tables=[_lever(answer)]),
        _Section(
            "Beside IPCC Tier 1",
            [f"{tier1.LEFT_OUT} {tier1.WITH_INDIRECT if answer.question.indirect else ''} Factors: {tier1.SOURCE}."],
            _images(pictures, "tier1"),
            [_table(here[list(_TIER1)], _TIER1)],
        ),
        _Section("What this number is, and what it is not", points=notes.is_and_is_not(answer)),
        _Section("Methods", points=_methods(answer)),
        _Section("Data", points=[f"{s.title}. {s.citation} Licence: {s.licence}." for s in sources]),
    ]


def _years(answer: Assessment, pictures: Mapping[str, bytes]) -> _Section:
    texts = [notes.trend(answer), *([notes.BARS] if "years" in pictures else [])]
    return _Section("Years and months", texts, _images(pictures, "years", "months"))


def _images(pictures: Mapping[str, bytes], *names: str) -> list[dict[str, str]]:
    found = []
    for name in names:
        if name in pictures:
            raw = pictures[name]
            kind = next((mime for mark, mime in _KINDS if raw.lstrip().startswith(mark)), "image/svg+xml")
            data = f"data:{kind};base64,{base64.b64encode(raw).decode()}"
            found.append({"data": data, "alt": PICTURES[name]})
    return found


def _quantities(answer: Assessment) -> dict[str, Any]:
    rows = answer.intervals[answer.intervals["level"] == "region"]
    table = rows.assign(
        name=[COLUMNS[q].axis for q in rows["quantity"]],
        eighty=[_span(a, b) for a, b in zip(rows["low80"], rows["high80"], strict=True)],
        wide=[_span(a, b) for a, b in zip(rows["low95"], rows["high95"], strict=True)],
    )
    names = {"name": "Quantity, a year", "value": "Value", "eighty": "80 % interval", "wide": "95 % interval"}
    return _table(table[list(names)], names)


def _parts(answer: Assessment) -> dict[str, Any]:
    parts = answer.parts[answer.parts["quantity"] == answer.headline]
    unit = COLUMNS[answer.headline].unit
    table = parts.assign(share=[words.percent(share) for share in parts["share"]])
    names = {"label": "Source of uncertainty", "low80": f"80 % from [{unit}]", "high80": f"to [{unit}]",
             "share": "Share of variance"}  # fmt: skip
    return _table(table[list(names)], names)


def _counties(answer: Assessment) -> dict[str, Any]:
    table = export.with_intervals(answer, "county")
    unit = COLUMNS[answer.headline].unit
    spans = [_span(*ends) for ends in zip(*(table[f"{answer.headline}_{e}80"] for e in ("low", "high")), strict=True)]
    shown = table[[c for c in _COUNTY if c in table]].assign(headline=table[answer.headline], span=spans)
    names = {c: COLUMNS[c].axis for c in shown if c in COLUMNS}
    return _table(shown, names | {"headline": COLUMNS[answer.headline].axis, "span": f"80 % interval [{unit}]"})


def _lever(answer: Assessment) -> dict[str, Any]:
    names = {"n_rate": "Nitrogen to corn [kg N ha-1]"} | {c: COLUMNS[c].axis for c in answer.lever if c in COLUMNS}
    return _table(answer.lever, names)


def _reliability(coverage: Coverage | None, pictures: Mapping[str, bytes]) -> _Section | None:
    if coverage is None:
        return None
    told = coverage.summary()
    held = ", ".join(
        f"{words.percent(float(level))}: {words.percent(share, 1)}" for level, share in told["coverage"].items()
    )
    text = (
        f"Of {told['county_years']} held-out county-years, the model-error part of the interval, for single years, "
        f"held ({held}). {told['how']}"
    )
    return _Section("Does the interval hold?", [text], _images(pictures, "reliability"))


def _methods(answer: Assessment) -> list[str]:
    made = answer.totals
    said = [
        "Totals: flux per hectare of each county's crop, mean over its years in the period or, without any there, over "
        "its nearest years, times harvested area; masses by 44/28 (N2O) and 44/12 (CO2).",
        f"CO2 equivalents: {made.gwp} GWP-{made.horizon} of N2O.",
        f"Intervals: {answer.question.draws:,} draws, seed {answer.question.seed}; components in them: "
        f"{', '.join(answer.components) or 'none'}; relative error of areas {words.percent(answer.question.area_sd)}.",
    ]
    if answer.models:
        said.append(f"Trained models beside each other, by kind and seed: {', '.join(answer.models)}.")
    if answer.question.indirect:
        said.append(f"Indirect N2O: Tier 1 with the factors of a wet climate ({indirect.SOURCE}).")
    if len(made.left_out):
        named = "; ".join(f"{r.crop} in {r.county}, {r.state} ({r.reason})" for r in made.left_out.itertuples())
        said.append(f"Left out of every sum: {named}.")
    return said


def _table(frame: pd.DataFrame, names: Mapping[str, str]) -> dict[str, Any]:
    kinds = [pd.api.types.is_numeric_dtype(frame[c]) or c in _NARROW for c in frame]
    head = [{"name": names.get(str(c), str(c)), "text": not number} for c, number in zip(frame, kinds, strict=True)]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return {"head": head, "rows": rows, "note": ""}


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def _span(low: float, high: float) -> str:
    return f"{_cell(low)} to {_cell(high)}"
