"""Lists as the command line takes them: values with commas between."""

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
