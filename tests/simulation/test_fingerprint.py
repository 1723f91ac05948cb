"""What parts were made with: every source that decides a part counts, and each change of it shows."""

import sys
from pathlib import Path

import pytest

from agroflux.simulation import dssat, fingerprint
from tests import architecture as house

FOLDER = Path(fingerprint.__file__).parent
PACKAGE = "agroflux.simulation."
#: Loaded with the others, but nothing in a part depends on them.
WITHOUT_INFLUENCE = {"balance", "dataset", "fingerprint", "parts", "workspace"}


def _loaded_with(name: str, found: set[str]) -> set[str]:
    """Modules of the simulation that ``name`` imports, itself and those of those included."""
    if name not in found:
        found.add(name)
        known = {PACKAGE + path.stem for path in FOLDER.glob("*.py")}
        source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        for one in house.imports(source, PACKAGE + name, known):
            if one.name in known:
                _loaded_with(one.name.removeprefix(PACKAGE), found)
    return found


@pytest.mark.parametrize(
    ("root", "files", "without"),
    [
        # Of counties no sequence is run.
        ("benchmark", fingerprint.COUNTIES, WITHOUT_INFLUENCE | {"sequence"}),
        ("randomised", fingerprint.FIELDS, WITHOUT_INFLUENCE),
    ],
)
def test_every_source_that_decides_a_part_counts(root: str, files: tuple[Path, ...], without: set[str]) -> None:
    assert {path.stem for path in files if path.suffix == ".py"} == _loaded_with(root, set()) - without
    assert all(path.is_file() for path in files)


def test_a_change_of_a_file_or_of_the_engine_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / "a.py", tmp_path / "b.csv"]
    for file in files:
        file.write_text("1")
    monkeypatch.setattr(dssat, "version", lambda: "engine 1")
    first = fingerprint.made_with(files)
    assert first == fingerprint.made_with(files) and first.startswith("engine 1, sources and facts ")
    files[1].write_text("2")
    assert fingerprint.made_with(files) != first
    files[1].write_text("1")
    monkeypatch.setattr(dssat, "version", lambda: "engine 2")
    assert fingerprint.made_with(files) != first


@pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")
def test_the_engine_is_known_by_its_package() -> None:
    assert dssat.version() == "DSSATTools 3.0.2"
