"""What is wrong with a file, said so that its owner can mend it: file, row, column, what, and what to do.

Readers write findings into a :class:`Report` as they go and stop at errors with :meth:`Report.stop`; ``agroflux
data check`` and the Data page show all of them. Rows are counted as a text editor or spreadsheet counts them, from 1.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from agroflux.errors import DataError

Level = Literal["error", "warning", "note"]
#: A file that is wrong in every row is reported by its first few rows.
MOST_PER_KIND = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a file. ``error`` stops an import, ``warning`` changes values, ``note`` is for the record."""

    level: Level
    file: str
    what: str
    remedy: str = ""
    row: int | None = None
    column: str | None = None

    def sentence(self) -> str:
        """The finding in one sentence that names the place first."""
        place = [self.file] if self.file else []
        place += [f"row {self.row}"] if self.row is not None else []
        place += [f"column {self.column}"] if self.column is not None else []
        return (f"{', '.join(place)}: " if place else "") + self.what + (f": {self.remedy}" if self.remedy else "")


@dataclass
class Report:
    """Findings in the order they were made; ``hidden`` counts repetitions that were left out, by what was found."""

    findings: list[Finding] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        level: Level,
        file: str,
        what: str,
        remedy: str = "",
        *,
        row: int | None = None,
        column: str | None = None,
        kind: str = "",
    ) -> None:
        """Add a finding; of one ``kind`` in one file and column the first five are kept and the rest counted."""
        if kind:
            key = f"{file}, column {column}: {kind}" if column else f"{file}: {kind}"
            seen = self.hidden.get(key, -MOST_PER_KIND) + 1
            self.hidden[key] = seen
            if seen > 0:
                return
        self.findings.append(Finding(level, file, what, remedy, row, column))

    @property
    def errors(self) -> list[Finding]:
        """Findings that stop an import."""
        return [f for f in self.findings if f.level == "error"]

    def more(self) -> dict[str, int]:
        """What was found more often than it is listed, and how many times more."""
        return {key: count for key, count in self.hidden.items() if count > 0}

    def stop(self) -> None:
        """Raise DataError with the first error, and how many follow, if there is any."""
        errors = self.errors
        if errors:
            rest = len(errors) - 1 + sum(self.more().values())
            tail = f" (and {rest} more, which `agroflux data check` and the page Data list)" if rest else ""
            raise DataError(errors[0].sentence() + tail)

    def rows(self) -> list[dict[str, Any]]:
        """Findings as plain dictionaries: level, file, row, column, what, remedy."""
        names = ("level", "file", "row", "column", "what", "remedy")
        return [{name: asdict(f)[name] for name in names} for f in self.findings]
