"""What the user chose, once for every page and in the URL, so that a view can be shared.

A page binds a name to the options it can offer and gives the result to a widget::

    st.selectbox("Variable", options, **state.bind("var", default="GPP", options=options))
    variable = state.get("var")

``bind`` decides, in this order: a value in the URL that this app did not write itself (a shared link),
what the user chose on any page before, the default. A value in a link that is no option here is left out,
and a note says so and what is kept or used instead (:func:`notes`); a choice from another page that this page
cannot offer is set aside without a note and comes back where it can be offered. A click on a map calls ``put``.

Names in use: ``data`` (data set id), ``var``, ``sites`` (FIPS and tower ids), ``years`` (first, last),
``rate`` [kg N ha-1], ``agg``, ``model``. A page may bind names of its own, prefixed by its url path.
Values in the URL: options as text; several joined by commas; a span of years as ``2013-2018``. A list that was emptied
stands there without a value, or the link would open with what it holds by default.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal

import streamlit as st

Many = Literal["one", "many", "span"]

_CHOSEN = "agroflux.chosen"  # name -> what the user (or a link) asked for; outlives pages
_NOW = "agroflux.now"  # name -> what holds on this page in this run
_WRITTEN = "agroflux.written"  # name -> what this app last wrote into the URL
_EMPTIED = "agroflux.emptied"  # names of lists that are empty on this page though their default is not
_NOTES = "agroflux.notes"
_PAGE = "agroflux.page"
_RUNNING = "agroflux.running"
_SHOWN = 40  # characters of a value that a note shows; the longest id of a shipped model has about as many
_LONGEST = 4000  # characters of one URL value that are read; all 99 counties take about 600


def start(page: str) -> None:
    """Begin a run of ``page``: what held in the last run is kept only as the user's choice."""
    _ready()
    session = st.session_state
    session[_NOW], session[_EMPTIED] = {}, set()
    if session.get(_PAGE, page) != page:
        session[_NOTES] = []
    session[_PAGE] = page
    session[_RUNNING] = True


def started() -> bool:
    """Whether app.py has begun this run; False where a page is run alone."""
    return bool(st.session_state.get(_RUNNING))


def end() -> None:
    """End a run that :func:`start` began: what holds goes into the URL.

    A page returns where it has nothing more to show. ``st.stop`` would end the whole run before this, and the link
    would keep what held before.
    """
    publish()
    st.session_state[_RUNNING] = False


def bind(
    name: str,
    *,
    default: Any,
    options: Sequence[Hashable],
    kind: Many = "one",
    most: int | None = None,
    then: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Keyword arguments (``key``, ``on_change``; ``value`` for a span) that tie a widget to ``name``.

    ``kind``: ``one`` of the options, ``many`` of them (a list, may be empty), or a ``span`` (first, last) of
    ordered options. ``then`` runs after a change. ``most``: of many no more than so many hold; a note says that more
    were asked for.
    With no options at all the value is None, an empty list, or None.
    """
    _ready()
    session = st.session_state
    asked, vain = _from_url(name, options, kind)
    if asked is not None:
        session[_CHOSEN][name] = asked
    value = _usable(session[_CHOSEN].get(name, default), options, kind)
    if value is None:
        value = _usable(default, options, kind)
    if value is None:
        value = _fallback(options, kind)
    if kind == "many" and most is not None and len(value) > most:
        note(f"{name}: of {len(value)} the first {most} are used, as no more fit at once")
        value = list(value)[:most]
    if vain:
        note(f"{name} = {_some(vain)}; {_instead(value, rest=asked is not None)}")
    session[_NOW][name] = value
    (session[_EMPTIED].add if kind == "many" and not value and default else session[_EMPTIED].discard)(name)
    key = _key(name)
    if value is not None:
        session[key] = value

    def changed() -> None:
        put(name, session[key])
        if then is not None:
            then()

    tied: dict[str, Any] = {"key": key, "on_change": changed}
    # A slider learns from its first value that it has two ends; the one in session state still decides.
    return tied | {"value": value} if kind == "span" and value is not None else tied


def get(name: str, default: Any = None) -> Any:
    """What holds now: the value bound on this page, else the user's last choice, else ``default``."""
    _ready()
    session = st.session_state
    value = session[_NOW].get(name)
    return value if value is not None else session[_CHOSEN].get(name, default)


def put(name: str, value: Any) -> None:
    """Choose ``value`` for ``name`` on every page; clears notes about an earlier link."""
    _ready()
    session = st.session_state
    session[_CHOSEN][name] = list(value) if isinstance(value, list | set | frozenset) else value
    session[_NOW].pop(name, None)
    session[_NOTES] = []


def toggle(name: str, value: Hashable) -> None:
    """Add ``value`` to the list chosen for ``name``, or take it out (a click on a map)."""
    chosen = list(get(name, []) or [])
    put(name, [v for v in chosen if v != value] if value in chosen else [*chosen, value])


def note(text: str) -> None:
    """Remember what could not be had as it was asked for, shown at the top of the page until the next choice."""
    _ready()
    if text not in st.session_state[_NOTES]:
        st.session_state[_NOTES].append(text)


def notes() -> list[str]:
    """Each name and value that a link asked for in vain, what is kept or used instead; plain text, not escaped."""
    _ready()
    return list(st.session_state[_NOTES])


def publish() -> None:
    """Write what holds on this page into the URL: at the end of a run, and of a fragment that binds widgets.

    All at once: each writing is a message to the browser, and an entry of its history.
    """
    _ready()
    session = st.session_state
    before = st.query_params.to_dict()
    now = dict(before)
    for name, value in session[_NOW].items():
        text = _to_text(value)
        if text or name in session[_EMPTIED]:
            now[name] = text
        else:
            now.pop(name, None)
        session[_WRITTEN][name] = text
    if now != before:
        st.query_params.from_dict(now)


def _ready() -> None:
    session = st.session_state
    for name in (_CHOSEN, _NOW, _WRITTEN):
        session.setdefault(name, {})
    session.setdefault(_NOTES, [])
    session.setdefault(_EMPTIED, set())


def _key(name: str) -> str:
    return f"w.{name}"


def _from_url(name: str, options: Sequence[Hashable], kind: Many) -> tuple[Any, list[str]]:
    """The URL's value for ``name`` as options, None where it says nothing new or usable; and what is no option."""
    text = st.query_params.get(name)
    if text is None or text == st.session_state[_WRITTEN].get(name):
        return None, []
    st.session_state[_WRITTEN][name] = text
    parts = _split(text[:_LONGEST], kind)
    by_text = {_to_text(option): option for option in options}
    known = [by_text[part] for part in parts if part in by_text]
    unknown = [part for part in parts if part not in by_text]
    if kind == "span" and (unknown or options.index(known[0]) > options.index(known[1])):
        unknown, known = [text], []
    if kind == "many":
        return (list(dict.fromkeys(known)) if known or not parts else None), unknown
    if kind == "span":
        return (tuple(known) if len(known) == 2 else None), unknown
    return (known[0] if known else None), unknown


def _instead(value: Any, *, rest: bool) -> str:
    """What a note says of ``value``, which holds where a link asked in vain: for it too if ``rest``, or for others."""
    texts = [_to_text(one) for one in value] if isinstance(value, list) else [_to_text(value)]
    used = [text for text in texts if text]
    if not used:
        return "left out"
    return f"left out; kept of what was asked for: {_some(used)}" if rest else f"used instead: {_some(used)}"


def _some(texts: list[str]) -> str:
    """The first three of ``texts``, cut where long."""
    shown = [text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…" for text in texts[:3]]
    return ", ".join(shown) + (" and more" if len(texts) > 3 else "")


def _split(text: str, kind: Many) -> list[str]:
    if kind == "one":
        return [text]
    if kind == "many":
        return [part for part in text.split(",") if part]
    first, dash, last = text.partition("-")
    return [first, last if dash else first]


def _usable(value: Any, options: Sequence[Hashable], kind: Many) -> Any:
    """``value`` cut down to ``options``; None where nothing of it is left."""
    if value is None:
        return None
    if kind == "one":
        return value if value in options else None
    if kind == "many":
        kept = [v for v in value if v in options]
        return kept if kept or not list(value) else None
    if not isinstance(value, tuple | list) or len(value) != 2:
        return None
    first, last = value
    return (first, last) if first in options and last in options else None


def _fallback(options: Sequence[Hashable], kind: Many) -> Any:
    if kind == "many":
        return []
    if not options:
        return None
    return (options[0], options[-1]) if kind == "span" else options[0]


def _to_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "-".join(_to_text(v) for v in value)
    if isinstance(value, list):
        return ",".join(_to_text(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
