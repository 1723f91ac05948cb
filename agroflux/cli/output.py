"""What a reading command prints: a table for people, or JSON alone for programs."""

import json
import math
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from agroflux.errors import DataError, SelectionError

if TYPE_CHECKING:
    from agroflux.data.report import Report

#: The option that every reading command takes.
JSON = typer.Option(False, "--json", help="Print JSON and nothing else.")
_UNBOUND = 10_000  # characters
_ABSENT = "-"  # in a table where there is no number; of ASCII alone, as not every terminal has more


def plain(value: Any) -> Any:
    """JSON has no NaN and knows no NumPy: NaN becomes null, arrays and scalars plain Python."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def check_folder(folder: Path, option: str = "--out") -> None:
    """Raise DataError where the folder of ``option`` cannot be made or written to: before the work, not after it."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise DataError(f"{there} is no folder that can be written to: name another place with {option}")


def check_file(path: Path, option: str, endings: Sequence[str], *, force: bool) -> None:
    """Raise DataError unless ``path`` has one of the ``endings``, a folder to lie in, and may be written.

    A ``.zarr`` store is a folder, which another store may replace; nothing is replaced without ``force``.
    """
    if not (path.suffix and path.name.endswith(tuple(endings))):
        raise DataError(f"{option} {path}: give a name that ends in {', '.join(endings[:-1])} or {endings[-1]}")
    try:
        path.exists()
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise DataError(f"{option} {path}: {error.strerror}: choose another place") from error
    if not path.parent.exists():
        raise DataError(f"{option} {path}: the folder {path.parent} does not exist: make it first")
    if path.is_dir() and not (path.suffix == ".zarr" and _is_store(path)):
        raise DataError(f"{option} {path} is a folder, which no file can replace: choose another name")
    check_folder(path.parent, option)
    if path.exists() and not force:
        raise DataError(f"{option} {path} exists: choose another name, or replace it with --force")


def _is_store(folder: Path) -> bool:
    """Whether a folder holds a Zarr store, or nothing."""
    return any((folder / name).exists() for name in (".zgroup", ".zmetadata", "zarr.json")) or not any(folder.iterdir())


def write_bytes(content: bytes | memoryview, out: Path) -> None:
    """Write beside ``out`` and rename: a run that is stopped leaves no half file under that name.

    Each writing has a file of its own beside, so that two at once do not take each other's. DataError where the disk
    is full or the place cannot be written to.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".agroflux-", dir=out.parent) as beside:
            part = Path(beside) / "part"
            part.write_bytes(content)
            part.replace(out)
    except OSError as error:
        raise DataError(f"cannot write {out} ({error.strerror or error}): check space, name and permissions") from error


def print_json(value: Any) -> None:
    """Print ``value`` as JSON and nothing else; what stdout cannot hold is spelled as JSON spells it."""
    ready = plain(value)
    text = json.dumps(ready, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(ready, indent=2, default=str)
    typer.echo(text)


def print_rows(
    rows: Sequence[Mapping[str, Any]], *, as_json: bool, title: str = "", columns: Sequence[str] = ()
) -> None:
    """Print ``rows``: all fields as JSON, or ``columns`` (default: all) as a table.

    Where a terminal is too narrow, columns that say the same in every row go below the table; a file or a pipe gets
    every column in full.
    """
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        Console().print("Nothing to show.", markup=False)
        return
    cells = {name: [_text(row.get(name)) for row in rows] for name in (list(columns) or list(rows[0]))}
    console, same = Console(), {}
    if not console.is_terminal:
        console = Console(width=_UNBOUND)
    elif sum(max(map(cell_len, (name, *text))) + 3 for name, text in cells.items()) >= console.width:
        same = {name: text[0] for name, text in cells.items() if len(rows) > 1 and len(set(text)) == 1}
    table = _table({name: text for name, text in cells.items() if name not in same}, title)
    console.print(table, markup=False)
    if same:
        said = ", ".join(f"{name} {text or 'empty'}" for name, text in same.items())
        console.print(f"In every row: {said}", markup=False, highlight=False)


def _table(cells: Mapping[str, Sequence[str]], title: str) -> Table:
    heads = [Column(name, overflow="fold") for name in cells]
    table = Table(*heads, title=escape(title) or None)  # markup is parsed in titles, whatever the print says
    for row in zip(*cells.values(), strict=True):
        table.add_row(*row)
    return table


def _text(value: Any) -> str:
    if isinstance(value, float):
        return _ABSENT if math.isnan(value) else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def say(report: "Report", *, err: bool) -> None:
    """Print the findings, and of which kinds there are more than are kept."""
    for finding in report.findings:
        typer.echo(f"{finding.level}: {finding.sentence()}", err=err)
    for what, count in report.more().items():
        typer.echo(f"… {what}: {count} more", err=err)


def told_of(report: "Report") -> dict[str, Any]:
    """The same as JSON has it."""
    return {"findings": report.rows(), "more": report.more()}


def told(context: typer.Context, *options: str) -> dict[str, bool]:
    """Whether each of ``options`` stands on the command line, be it with the value that it has by default."""
    names = {option: str(one.name) for one in context.command.params for option in one.opts}
    sources = {option: context.get_parameter_source(names[option]) for option in options}
    return {option: source is not None and source.name == "COMMANDLINE" for option, source in sources.items()}


def refuse(given: Mapping[str, object], why: str) -> None:
    """Raise SelectionError for options that are ``given`` but would not be heeded."""
    names = [option for option, value in given.items() if value]
    if names:
        raise SelectionError(f"{why}: leave out {', '.join(names)}")
