"""By what the parts of a long simulation were made: the engine, and the sources and facts that decide their values.

A hash of the files is strict on purpose: it changes with a comment too. A number kept by hand would be forgotten just
when it matters, and then parts of two versions lie in one data set; one who is refused needlessly is told the way out.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from agroflux.paths import ASSETS
from agroflux.simulation import dssat

_COUNTY_SOURCES = (
    "benchmark", "county", "crops", "dssat", "filex", "outputs", "scenario", "sections", "soil", "weather",
)  # fmt: skip
_FIELD_SOURCES = ("climates", "fields", "randomised", "sequence")
_FACTS = ("climate_normals.csv", "counties.csv", "weather_central_iowa.parquet")


def _sources(names: Iterable[str]) -> tuple[Path, ...]:
    return tuple(Path(__file__).with_name(f"{name}.py") for name in names)


#: What decides the parts of counties: what the engine is given, how it runs, and what is kept of what it gives.
COUNTIES = (*_sources(_COUNTY_SOURCES), *(ASSETS / "facts" / name for name in _FACTS))
#: What decides those of random fields.
FIELDS = (*COUNTIES, *_sources(_FIELD_SOURCES), ASSETS / "data" / "towers-sample.zarr.zip")


def made_with(files: Iterable[Path]) -> str:
    """The engine's version and a hash of ``files``, as ``DSSATTools 3.0.2, sources and facts 1f3a9c0d2b4e``."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"{dssat.version()}, sources and facts {digest.hexdigest()[:12]}"
