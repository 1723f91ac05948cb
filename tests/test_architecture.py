"""The house rules, checked on the source: each checker first on a bad sample, then on the project."""

import ast
import importlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests import architecture as house

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = sorted((ROOT / "agroflux").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
APP = [ROOT / "app.py", *PAGES]
TOOLS = sorted([*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "assets").rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
STDLIB = sorted(sys.stdlib_module_names)


@cache
def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _name(path: Path) -> str:
    return house.module_name(path, ROOT)


@cache
def _known() -> frozenset[str]:
    return frozenset(_name(p) for p in PACKAGE)


@cache
def _imports(path: Path) -> tuple[house.Import, ...]:
    return tuple(house.imports(_source(path), _name(path), _known(), package=path.name == "__init__.py"))


# -- the checkers catch what they are for -------------------------------------------------------------


def _found(source: str, module: str) -> list[house.Import]:
    return house.imports(source, module, {"agroflux.schema", "agroflux.data.store", "agroflux.ui.state"})


def test_imports_are_found_wherever_they_hide() -> None:
    source = (
        "import a.b as c\nfrom agroflux import schema, __version__\nfrom . import store\n"
        "from ..ui.state import pick\nif TYPE_CHECKING:\n    import never\n"
        "def f():\n    import late\ntry:\n    import early\nexcept ImportError:\n    pass\n"
    )
    found = {i.name: i.at_load for i in _found(source, "agroflux.data.catalog")}
    assert found == {
        "a.b": True,
        "agroflux.schema": True,
        "agroflux": True,
        "agroflux.data.store": True,
        "agroflux.ui.state": True,
        "late": False,
        "early": True,
    }


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("agroflux.data.store", "import streamlit as st"),
        ("agroflux.maps", "from streamlit_folium import st_folium"),
        ("agroflux.ui.cache", "def f():\n    import torch.nn"),
        ("agroflux.inference.predict", "import lightning"),
        ("agroflux.ui.show", "import plotly.graph_objects as go"),
        ("agroflux.figures.maps", "from folium import Map"),
        ("agroflux.simulation.dssat", "import DSSATTools"),
        ("pages.sites", "import folium"),
    ],
)
def test_a_misplaced_package_is_caught(module: str, line: str) -> None:
    assert house.misplaced(module, _found(line, module))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("agroflux.ui.cache", "import streamlit as st"),
        ("app", "import streamlit as st"),
        ("agroflux.training.supervised", "import torch\nimport lightning as L"),
        ("agroflux.figures.map", "import plotly.graph_objects as go"),
        ("agroflux.maps", "import folium"),
        ("agroflux.data.store", "import torchlike"),
    ],
)
def test_a_package_in_its_place_is_left_alone(module: str, line: str) -> None:
    assert house.misplaced(module, _found(line, module)) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("agroflux.data.select", "from agroflux.baselines.registry import models"),
        ("agroflux.simulation.dssat", "def f():\n    from agroflux.inference import predict"),
        ("agroflux.emissions.totals", "import agroflux.training.supervised"),
        ("agroflux.figures.series", "from agroflux.data.store import open_store"),
        ("agroflux.maps", "from agroflux.geo import counties"),
        ("agroflux.schema", "from agroflux.errors import DataError"),
        ("agroflux.cli.data", "from agroflux.ui import state"),
    ],
)
def test_knowing_too_much_is_caught(module: str, line: str) -> None:
    assert house.blind_spots(module, _found(line, module))


def test_a_page_that_reaches_past_the_ui_is_caught() -> None:
    found = _found("import numpy\nfrom agroflux.data.store import open_store\nimport datetime", "pages.sites")
    assert len(house.page_imports("pages.sites", found, STDLIB)) == 2
    assert house.page_imports("pages.sites", _found("from agroflux.ui import show", "pages.sites"), STDLIB) == []


def test_a_page_that_computes_is_caught() -> None:
    assert house.page_computes("pages.sites", "total = flux.sum() * area\nst.write(total / 1e6)")
    assert house.page_computes("pages.sites", "st.write('a' + 'b', f'{n:.2f}')") == []


@pytest.mark.parametrize(
    "line",
    [
        "open('a')",
        "Path('a').read_text()",
        "pd.read_csv(f)",
        "xr.open_zarr(f)",
        "gpd.read_file(f)",
        "figure.to_file(f)",
    ],
)
def test_an_opened_file_is_caught(line: str) -> None:
    assert house.file_access("agroflux.figures.series", line)
    assert house.file_access("agroflux.figures.series", "go.Figure().update_layout(title=opening)") == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "def f():\n    from joblib import load",
        "eval('1')",
        "exec(text)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(p, allow_pickle=True)",
        "yaml.load(text)",
        "yaml.unsafe_load(text)",
        "subprocess.run(text, shell=True)",
        "pd.read_pickle(p)",
        "resources.files('DSSATTools')",
    ],
)
def test_code_that_runs_what_it_reads_is_caught(line: str) -> None:
    assert house.unsafe("agroflux.x", line)


def test_safe_relatives_are_left_alone() -> None:
    lines = (
        "model.eval()\nnp.load(p)\ntorch.load(p, weights_only=True)\n"
        "yaml.load(t, Loader=yaml.SafeLoader)\nsubprocess.run(['a'])\nre.compile('a')"
    )
    assert house.unsafe("agroflux.x", lines) == []


def test_rings_are_caught() -> None:
    ring = {"a": ["b"], "b": ["c"], "c": ["a", "d"], "d": [], "e": ["e"], "f": ["d"]}
    assert sorted(house.cycles(ring)) == [["a", "b", "c"], ["e"]]
    assert house.cycles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_vague_names_and_missing_docstrings_are_caught() -> None:
    assert house.vague("agroflux.data.utils") and not house.vague("agroflux.data.store")
    assert len(house.undocumented("m", "def a(): ...\nclass B: ...\ndef _c(): ...")) == 3
    assert house.undocumented("m", '"""M."""\ndef a():\n    """A."""') == []
    assert house.machine_paths("f", "x\nsee C:/me", ["C:/"]) == ["f:2 mentions 'C:/'"]


# -- the project keeps the rules ----------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PACKAGE, *APP], ids=_name)
def test_packages_stay_in_their_place(path: Path) -> None:
    assert house.misplaced(_name(path), _imports(path)) == []


@pytest.mark.parametrize("path", PACKAGE, ids=_name)
def test_nothing_walks_back(path: Path) -> None:
    assert house.blind_spots(_name(path), _imports(path)) == []


def test_no_circle_between_modules() -> None:
    graph = {_name(p): [i.name for i in _imports(p) if i.name in _known()] for p in PACKAGE}
    assert house.cycles(graph) == []


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_pages_only_show(path: Path) -> None:
    assert house.page_imports(_name(path), _imports(path), STDLIB) == []
    assert house.page_computes(_name(path), _source(path)) == []


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_pages_return_and_never_stop(path: Path) -> None:
    """``st.stop`` ends app.py as well, before the link is written and what it asked for in vain is told."""
    assert ".stop(" not in _source(path)


@pytest.mark.parametrize("path", APP, ids=_name)
def test_pages_are_short(path: Path) -> None:
    assert len(_source(path).splitlines()) < (80 if path.name == "app.py" else 100)


@pytest.mark.parametrize("path", [*PACKAGE, *TOOLS, *TESTS], ids=_name)
def test_modules_are_short_and_well_named(path: Path) -> None:
    assert len(_source(path).splitlines()) <= 400
    assert house.vague(_name(path)) == []


@pytest.mark.parametrize("path", [p for p in PACKAGE if house.within(_name(p), house.PICTURES)], ids=_name)
def test_pictures_open_no_file(path: Path) -> None:
    assert house.file_access(_name(path), _source(path)) == []


@pytest.mark.parametrize("path", [*PACKAGE, *APP, *TOOLS], ids=_name)
def test_nothing_runs_what_it_reads(path: Path) -> None:
    assert house.unsafe(_name(path), _source(path)) == []


@pytest.mark.parametrize("path", PACKAGE, ids=_name)
def test_what_is_public_is_documented(path: Path) -> None:
    assert house.undocumented(_name(path), _source(path)) == []


# -- every list holds what the folders hold -----------------------------------------------------------


def _modules(folder: str) -> set[str]:
    return {p.stem for p in (ROOT / folder).glob("*.py") if p.stem != "__init__"}


def test_each_page_is_in_the_navigation() -> None:
    tables = [
        node.value
        for node in ast.parse(_source(ROOT / "app.py")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES"
    ]
    assert len(tables) == 1 and isinstance(tables[0], ast.Dict)
    assert {ast.literal_eval(key) for key in tables[0].keys if key} == _modules("pages")


def _is_command(path: Path) -> bool:
    """A module of the command line that holds a command (``command``) or a group of them (``app``)."""
    names = [ast.unparse(t) for n in ast.parse(_source(path)).body if isinstance(n, ast.Assign) for t in n.targets]
    names += [n.name for n in ast.parse(_source(path)).body if isinstance(n, ast.FunctionDef)]
    return bool({"command", "app"} & set(names))


def test_each_command_is_registered() -> None:
    from agroflux.cli import COMMANDS

    held = {_name(path) for path in (ROOT / "agroflux" / "cli").glob("[a-z]*.py") if _is_command(path)}
    assert {module for module, _ in COMMANDS.values()} == held


def test_each_baseline_is_registered() -> None:
    from agroflux.baselines import registry
    from agroflux.baselines.network import Network

    modules = [importlib.import_module(_name(path)) for path in (ROOT / "agroflux" / "baselines").glob("[a-z]*.py")]
    networks = {
        made.__module__
        for module in modules
        for made in vars(module).values()
        if isinstance(made, type) and issubclass(made, Network) and made is not Network
    }
    assert networks == {module for module, *_ in registry.NETWORKS.values()}


def test_each_bundled_data_set_is_in_the_catalog() -> None:
    from agroflux.data import catalog

    listed = {Path(str(entry.path)).name for entry in catalog.entries()}
    assert {p.name for p in (ROOT / "assets" / "data").iterdir() if ".zarr" in p.name} <= listed


@pytest.mark.parametrize("folder", ["models", "models/adapted"])
def test_each_checkpoint_has_its_card(folder: str) -> None:
    weights = {p.stem for p in (ROOT / folder).glob("*.safetensors")}
    cards = {p.stem for p in (ROOT / folder).glob("*.json")} - {"leaderboard", "search", "skill", "transfer"}
    assert weights == cards
    assert weights, "no model is bundled"
    for name in cards:
        assert isinstance(json.loads((ROOT / folder / f"{name}.json").read_text()), dict)


# -- what is light stays light ------------------------------------------------------------------------


def _loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(' '.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=120,
    )
    return set(done.stdout.split())


def test_the_command_line_starts_light() -> None:
    loaded = _loaded_by("import agroflux.cli")
    assert not loaded & {"torch", "xarray", "pandas", "streamlit", "geopandas"}


def test_torch_waits_until_a_model_runs() -> None:
    light = ("agroflux.data", "agroflux.ui", "agroflux.figures", "agroflux.maps", "agroflux.emissions", "agroflux.cli")
    modules = [_name(p) for p in PACKAGE if house.within(_name(p), light)]
    assert "torch" not in _loaded_by("import " + ", ".join(modules))


# -- the repository speaks of no machine --------------------------------------------------------------


def _texts() -> list[Path]:
    endings = {".py", ".md", ".toml", ".txt", ".css", ".json", ".html", ".js", ".sh", ".yml", ".cfg", ""}
    skip = {".git", ".venv", "__pycache__", "screenshots", "build", "node_modules", "vendor"}
    found = []
    for folder, names, files in os.walk(ROOT):
        names[:] = [n for n in names if n not in skip and not n.endswith(("_cache", ".zarr", ".egg-info"))]
        names[:] = [n for n in names if n != ".hypothesis"]
        found += [Path(folder) / f for f in files if Path(f).suffix in endings]
    return [p for p in found if p.stat().st_size < 500_000]


def test_nothing_is_left_lying_at_the_top() -> None:
    """What an engine run in the wrong folder leaves, for one."""
    made = {"build", "dist", "screenshots", "lightning_logs", "__pycache__"}
    ours = {"LICENSE", "Makefile", "NOTICE", "README.md", "app.py", "pyproject.toml", "requirements.txt"}
    ours |= {"agroflux", "assets", "benchmarks", "models", "pages", "static", "tests"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.suffix != ".egg-info"}
    assert found - made == ours


def test_no_place_on_a_machine_is_mentioned() -> None:
    # Put together here, so that this file does not mention them either.
    words = [f"/{folder}/" for folder in ("work", "root", "home", "Users")]
    words += ["pypi" + ".org", "files.python" + "hosted", "registry." + "npmjs", "deb.debian" + ".org"]
    hits = [
        hit
        for path in _texts()
        for hit in house.machine_paths(str(path.relative_to(ROOT)), path.read_text(errors="replace"), words)
    ]
    assert hits == []


def test_only_tests_look_beside_the_checkout() -> None:
    word = "shared" + "/"
    hits = [
        hit
        for path in _texts()
        if path.relative_to(ROOT).parts[0] != "tests"
        for hit in house.machine_paths(str(path.relative_to(ROOT)), path.read_text(errors="replace"), [word])
    ]
    assert hits == []
