"""Groups of days that scores are given for, as pages offer and name them (:mod:`agroflux.data.field_days`)."""

from collections.abc import Iterable

import streamlit as st

from agroflux.data import field_days
from agroflux.ui import state

#: What days are grouped by, and how a single kind of group is called.
BY = {"all": "All days", "crop": "By crop", "management": "By management"}
KINDS = {"crop": "Crop", "management": "Management"}
_HELP = (
    "The crop is the one that a management table, or the data's own crop flag, names. Management is known on days of "
    "which crop, planting and nitrogen are all told."
)


def pick_by(kinds: Iterable[str], name: str) -> str:
    """Control: scores of all days, by crop or by management, of which ``kinds`` there are; ``name`` in the link."""
    options = [by for by in field_days.BY if by in set(kinds)]
    bound = state.bind(name, default=field_days.ALL, options=options)
    st.selectbox("Scored on", options, format_func=BY.__getitem__, width=170, help=_HELP, **bound)
    return str(state.get(name, field_days.ALL))


def title(by: str, group: str) -> str:
    """What a group is called in pickers, legends and tables; plain text, not escaped."""
    return field_days.words(by, group).capitalize()
