"""What a reading command prints: a table for people, or JSON alone for programs."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

#: The option that every reading command takes.
JSON = typer.Option(False, "--json", help="Print JSON and nothing else.")


def _plain(value: Any) -> Any:
    """JSON has no NaN and knows no NumPy: NaN becomes null, arrays and scalars plain Python."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def print_json(value: Any) -> None:
    """Print ``value`` as JSON and nothing else."""
    typer.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False, default=str))


def print_rows(
    rows: Sequence[Mapping[str, Any]], *, as_json: bool, title: str = "", columns: Sequence[str] = ()
) -> None:
    """Print ``rows``: all fields as JSON, or ``columns`` (default: all) as a table."""
    if as_json:
        print_json(list(rows))
        return
    names = list(columns) or (list(rows[0]) if rows else [])
    table = Table(*names, title=title or None)
    for row in rows:
        table.add_row(*(_text(row.get(name)) for name in names))
    Console().print(table if rows else "Nothing to show.", markup=False)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
