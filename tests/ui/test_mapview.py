"""A click on the map is told once, whatever the component repeats."""

from typing import Any

import streamlit as st

from agroflux.ui import mapview


def _clicked(fips: str, count: int) -> dict[str, Any]:
    return {"last_active_drawing": {"properties": {"id": fips}}, "last_object_clicked_count": count}


def test_a_click_is_told_once_and_a_second_one_on_the_same_county_again() -> None:
    st.session_state.clear()
    told = [mapview._new_click(_clicked("19027", count), "map") for count in (1, 1, 2, 2)]
    assert told == ["19027", None, "19027", None]
    assert mapview._new_click(None, "map") is None
    assert mapview._new_click(_clicked("19027", 2), "another") == "19027", "each map for itself"
