"""A file that the user sent and a page found right: kept for the session, as an uploader forgets at a page change."""

from typing import Any

import streamlit as st

from agroflux.ui import show


def upload(label: str, key: str, **options: Any) -> tuple[bytes, str] | None:
    """Control: content and name of the file sent now, else of the one that was kept (:func:`keep`).

    Another file, or none, in the uploader ends what was kept. ``options`` go to ``st.file_uploader``.
    """
    # Another key empties the uploader, as Remove must.
    turn = st.session_state.get(_turn(key), 0)
    sent = st.file_uploader(label, key=f"{key}.{turn}", on_change=_forget, args=(key,), **options)
    return (sent.getvalue(), str(sent.name)) if sent is not None else kept(key)


def keep(key: str, raw: bytes, name: str) -> None:
    """Keep a file for the session, on whichever page its user is."""
    st.session_state[_kept(key)] = (raw, name)


def kept(key: str) -> tuple[bytes, str] | None:
    """Content and name of the file that is kept; None for none."""
    found: tuple[bytes, str] | None = st.session_state.get(_kept(key))
    return found


def removable(key: str, said: str = "In use") -> None:
    """What is kept, by name, with a button that takes it out; nothing where nothing is kept."""
    found = kept(key)
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{said}: **{show.plain(found[1])}**", width="content")
        st.button("Remove", on_click=_remove, args=(key,), icon=":material/close:", key=f"{key}.remove")


def _forget(key: str) -> None:
    st.session_state.pop(_kept(key), None)


def _remove(key: str) -> None:
    _forget(key)
    st.session_state[_turn(key)] = st.session_state.get(_turn(key), 0) + 1


def _kept(key: str) -> str:
    return f"agroflux.kept.{key}"


def _turn(key: str) -> str:
    return f"agroflux.turn.{key}"
