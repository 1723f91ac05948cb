"""Checks of the house rules on source text. Pure functions: source in, sentences about breaches out.

``tests/test_architecture.py`` runs them over the project, and first over small bad sources that they must catch.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: third-party package -> the only modules that may import it (a name stands for everything below it)
PLACES: dict[str, tuple[str, ...]] = {
    "streamlit": ("app", "pages", "agroflux.ui"),
    "streamlit_folium": ("app", "pages", "agroflux.ui"),
    "torch": ("agroflux.baselines", "agroflux.training", "agroflux.inference"),
    "safetensors": ("agroflux.baselines",),
    "lightning": ("agroflux.training",),
    "plotly": ("agroflux.figures",),
    "folium": ("agroflux.maps",),
    "branca": ("agroflux.maps",),
    "DSSATTools": (),  # GPL: its files are read, its Python is never imported
}

_MODELS = ("agroflux.baselines", "agroflux.training", "agroflux.inference")
_SHOW = ("agroflux.figures", "agroflux.maps", "agroflux.ui", "agroflux.cli")
#: part of the package -> what it must not know
BLIND: dict[str, tuple[str, ...]] = {
    "agroflux.schema": ("agroflux",),
    "agroflux.errors": ("agroflux",),
    "agroflux.contract": (*_MODELS, *_SHOW, "agroflux.data", "agroflux.simulation", "agroflux.emissions"),
    "agroflux.data": (*_MODELS, *_SHOW, "agroflux.simulation", "agroflux.emissions", "agroflux.evaluation"),
    "agroflux.geo": (*_MODELS, *_SHOW, "agroflux.simulation", "agroflux.emissions", "agroflux.evaluation"),
    "agroflux.simulation": (*_MODELS, *_SHOW, "agroflux.emissions"),
    "agroflux.baselines": ("agroflux.training", "agroflux.inference", "agroflux.emissions", *_SHOW),
    "agroflux.training": ("agroflux.inference", "agroflux.emissions", "agroflux.simulation", *_SHOW),
    "agroflux.inference": ("agroflux.training", "agroflux.emissions", "agroflux.simulation", *_SHOW),
    "agroflux.evaluation": ("agroflux.emissions", "agroflux.simulation", *_SHOW),
    "agroflux.emissions": (*_MODELS, *_SHOW, "agroflux.simulation"),
    "agroflux.ui": ("agroflux.cli",),
    "agroflux.cli": ("agroflux.ui", "agroflux.maps"),
}

#: figures and maps go from data to picture: of the package they may know these alone
PICTURES = ("agroflux.figures", "agroflux.maps")
PICTURES_MAY = (*PICTURES, "agroflux.schema", "agroflux.errors", "agroflux.evaluation.metrics", "agroflux.emissions")
PAGES_MAY = ("agroflux.ui", "agroflux.figures", "agroflux.maps", "streamlit")

_OPENERS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "urlopen", "loadtxt", "genfromtxt"}
_READ_PREFIXES = ("read_", "open_", "to_file", "to_csv", "to_parquet", "to_netcdf", "to_zarr")
_UNSAFE_MODULES = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
_VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}


@dataclass(frozen=True)
class Import:
    """One imported module: its full dotted name, where it stands, and whether it runs when the module loads."""

    name: str
    line: int
    at_load: bool


def within(module: str, places: Iterable[str]) -> bool:
    """True when ``module`` is one of ``places`` or lies below one."""
    return any(module == place or module.startswith(place + ".") for place in places)


def module_name(path: Path, root: Path) -> str:
    """``agroflux/data/store.py`` -> ``agroflux.data.store``; a package is its own ``__init__``."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _statements(node: ast.AST, at_load: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, at_load
        elif _is_type_checking(child):
            continue
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _statements(child, at_load and not inside)


def imports(source: str, module: str, known: Iterable[str] = (), *, package: bool = False) -> list[Import]:
    """Everything that ``source`` imports, imports for type checking alone left out.

    ``from agroflux import schema`` is an import of ``agroflux.schema`` when that is among the ``known`` modules.
    """
    names, found = set(known), []
    for node, at_load in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno, at_load) for alias in node.names]
            continue
        base = node.module or ""
        if node.level:
            parts = module.split(".")
            up = parts[: len(parts) - node.level + (1 if package else 0)]
            base = ".".join([*up, base] if base else up)
        for alias in node.names:
            full = f"{base}.{alias.name}"
            found.append(Import(full if full in names else base, node.lineno, at_load))
    return found


def misplaced(module: str, found: Iterable[Import]) -> list[str]:
    """Third-party packages imported where they do not belong."""
    return [
        f"{module}:{i.line} imports {i.name}, which belongs in {', '.join(places) or 'no module'}"
        for i in found
        for name, places in PLACES.items()
        if within(i.name, [name]) and not within(module, places)
    ]


def blind_spots(module: str, found: Iterable[Import]) -> list[str]:
    """Parts of the package that know what they must not know."""
    listed = list(found)
    sentences = [
        f"{module}:{i.line} imports {i.name}: {part} must not know it"
        for part, banned in BLIND.items()
        if within(module, [part])
        for i in listed
        if within(i.name, banned) and not within(i.name, [part])
    ]
    if within(module, PICTURES):
        own = [i for i in listed if within(i.name, ["agroflux"])]
        sentences += [
            f"{module}:{i.line} imports {i.name}: a picture is made from data handed to it"
            for i in own
            if not within(i.name, PICTURES_MAY)
        ]
    return sentences


def page_imports(module: str, found: Iterable[Import], stdlib: Iterable[str]) -> list[str]:
    """A page knows the ui, figures and maps, Streamlit and the standard library."""
    may = (*PAGES_MAY, *stdlib)
    return [f"{module}:{i.line} imports {i.name}: a page must not" for i in found if not within(i.name, may)]


def page_computes(module: str, source: str) -> list[str]:
    """A page shows, it does not compute: no arithmetic beyond joining text."""
    bad = (ast.Mult, ast.Div, ast.FloorDiv, ast.Pow, ast.Sub, ast.MatMult)
    return [
        f"{module}:{node.lineno} computes: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.BinOp) and isinstance(node.op, bad)
    ]


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def file_access(module: str, source: str) -> list[str]:
    """Calls that read or write a file, for modules that must not."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        f"{module}:{c.lineno} opens a file: {ast.unparse(c.func)}"
        for c in calls
        if _called(c) in _OPENERS or _called(c).startswith(_READ_PREFIXES)
    ]


def _unsafe_call(node: ast.Call) -> bool:
    text, keywords = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
    last, strings = text.rsplit(".", 1)[-1], [a.value for a in node.args if isinstance(a, ast.Constant)]
    return (
        text in {"eval", "exec", "compile", "os.system", "os.popen", "yaml.unsafe_load", "yaml.full_load"}
        or (text == "torch.load" and keywords.get("weights_only") != "True")
        or (text == "yaml.load" and "Safe" not in ast.unparse(node))
        or last in {"read_pickle", "to_pickle", "load_from_checkpoint"}
        or keywords.get("allow_pickle") == "True"
        or keywords.get("shell") == "True"
        or (last in {"files", "import_module", "__import__"} and "DSSATTools" in strings)
    )


def unsafe(module: str, source: str) -> list[str]:
    """Code that runs what it reads: pickles, eval, unsafe YAML, a shell, the GPL package's Python."""
    tree = ast.parse(source)
    sentences = [
        f"{module}:{i.line} imports {i.name}, which runs what it reads"
        for i in imports(source, module)
        if i.name.split(".")[0] in _UNSAFE_MODULES
    ]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _unsafe_call(node)]
    return sentences + [f"{module}:{c.lineno} is unsafe: {ast.unparse(c.func)}" for c in calls]


def cycles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Rings of modules that import one another, each once (strongly connected parts of two or more)."""
    order: list[str] = []
    seen: set[str] = set()

    def visit(start: str, edges: Mapping[str, Iterable[str]], out: list[str]) -> None:
        stack = [(start, iter(sorted(edges.get(start, ()))))]
        seen.add(start)
        while stack:
            rest = stack[-1][1]
            following = next((n for n in rest if n not in seen), None)
            if following is None:
                out.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(sorted(edges.get(following, ())))))

    for node in sorted(graph):
        if node not in seen:
            visit(node, graph, order)
    backwards: dict[str, list[str]] = {}
    for node, targets in graph.items():
        for target in targets:
            backwards.setdefault(target, []).append(node)
    seen, rings = set(), []
    for node in reversed(order):
        if node not in seen:
            ring: list[str] = []
            visit(node, backwards, ring)
            rings.append(sorted(ring))
    own = [[n] for n, targets in graph.items() if n in set(targets)]
    return [r for r in rings if len(r) > 1] + own


def vague(module: str) -> list[str]:
    """Names that say nothing about what a module holds."""
    return [f"{module}: say what it holds instead" for part in module.split(".") if part in _VAGUE]


def undocumented(module: str, source: str) -> list[str]:
    """Modules, public functions and public classes without a docstring."""
    tree = ast.parse(source)
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    missing = [] if ast.get_docstring(tree) or not tree.body else [f"{module} has no docstring"]
    return missing + [f"{module}.{node.name} has no docstring" for node in public if not ast.get_docstring(node)]


def machine_paths(name: str, text: str, words: Iterable[str]) -> list[str]:
    """Lines that mention a place on somebody's machine."""
    return [
        f"{name}:{number} mentions {word!r}"
        for number, line in enumerate(text.splitlines(), 1)
        for word in words
        if word in line
    ]
