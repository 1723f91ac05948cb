"""Lists as the command line takes them: values with commas between, and years with a dash."""

import re

from agroflux.errors import SelectionError


def words(text: str) -> tuple[str, ...]:
    """``a, b,a`` as (a, b): what is named, each once, in the order in which it was named."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def numbers(text: str) -> tuple[int, ...]:
    """``4,1`` as (1, 4); SelectionError where a part is no whole number, or none is given."""
    named = words(text)
    if not named or not all(part.isdecimal() for part in named):
        raise SelectionError(f"{text!r} is no list of whole numbers: write them with commas, as in 1,2,4")
    return tuple(sorted({int(part) for part in named}))


def year_list(text: str) -> list[int] | None:
    """``2015``, ``2015-2018`` or ``2015,2017`` to years; None for an empty text; SelectionError otherwise."""
    spans = [year_span(part) for part in words(text)]
    if text and not spans:
        raise SelectionError(f"--years {text!r} holds no year: write 2015, 2015-2018 or 2015,2017")
    return sorted({year for first, last in spans for year in range(first, last + 1)}) or None


def year_span(text: str) -> tuple[int, int]:
    """First and last year of ``2015-2018`` or ``2015``; SelectionError for anything else, half a span too."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    if dash and bool(first) != bool(last):
        lacking = "last" if first else "first"
        raise SelectionError(f"--years {text!r} has no {lacking} year: write both, as 2015-2018")
    ends = (first, last if dash else first)
    if not all(re.fullmatch(r"\d{4}", end) for end in ends):
        raise SelectionError(f"--years {text!r} is not understood: write a year as 2015, several as 2015-2018")
    if int(ends[1]) < int(ends[0]):
        raise SelectionError(f"--years {text!r} holds no year: write the first year first, as 2015-2018")
    return int(ends[0]), int(ends[1])
