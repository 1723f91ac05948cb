"""Text in tables that a spreadsheet will open: no cell can run as a formula (OWASP, CSV injection).

Site ids, names and titles come from files of others. Numbers are left as they are, negative ones too.
"""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: First characters that spreadsheets take for a formula.
FORMULA = ("=", "+", "-", "@", "|", "%")
#: Kinds of dtype that hold no text: truth, integers, floats, times.
_NO_TEXT = "biufcmM"
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")


def text_cell(value: object) -> str:
    """Text of a cell on one line, with an apostrophe before what a spreadsheet would run as a formula."""
    line = "".join(c if c.isprintable() else " " for c in str(value))
    return f"'{line}" if line.lstrip().startswith(FORMULA) else line


def as_told(cell: str) -> str:
    """``cell`` without the apostrophe that :func:`text_cell` put before it; any other text as it is."""
    return cell[1:] if cell.startswith("'") and text_cell(cell[1:]) == cell else cell


def to_csv(table: "pd.DataFrame", **options: Any) -> str:
    """``table`` as CSV with its text, text index and headers safe for a spreadsheet; ``options`` of pandas' ``to_csv``.

    Numbers, days and text that is a plain number stay as they are.
    """
    safe = table.copy(deep=False)
    for place, (_, column) in enumerate(table.items()):
        if column.dtype.kind not in _NO_TEXT and any(isinstance(value, str) for value in column):
            safe.isetitem(place, column.astype(object).map(_safe))
    safe.columns, safe.index = _labels(table.columns), _labels(table.index)
    return str(safe.to_csv(**options))


def _labels(labels: "pd.Index") -> "pd.Index":
    made = labels
    if labels.nlevels > 1:
        made = labels.map(lambda key: tuple(map(_safe, key))) if len(labels) else labels
    elif labels.dtype.kind not in _NO_TEXT:
        made = labels.map(_safe)
    return made.set_names([_safe(name) for name in labels.names])


def _safe(value: Any) -> Any:
    return text_cell(value) if isinstance(value, str) and not _NUMBER.fullmatch(value) else value
