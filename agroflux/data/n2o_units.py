"""Units in which N2O fluxes of chambers are reported, and their factors to g N m-2 d-1.

Molar masses: N 14.007 g mol-1 (N2O-N 28.014), N2O 44.013. A flux in moles counts molecules of N2O.
"""

import re

from agroflux.errors import DataError

_N2, _N2O = 2 * 14.007, 44.013
_HA = 1e-4  # ha m-2
_SECONDS, _HOURS = 86_400.0, 24.0

#: unit as it is written here -> g N m-2 d-1 in one of it.
TO_HOUSE: dict[str, float] = {
    "g N ha-1 d-1": _HA,
    "kg N ha-1 d-1": 1e3 * _HA,
    "mg N m-2 d-1": 1e-3,
    "mg N m-2 h-1": 1e-3 * _HOURS,
    "ug N m-2 h-1": 1e-6 * _HOURS,
    "mg N2O m-2 h-1": 1e-3 * _HOURS * _N2 / _N2O,
    "ug N2O m-2 h-1": 1e-6 * _HOURS * _N2 / _N2O,
    "nmol m-2 s-1": 1e-9 * _SECONDS * _N2,
    "umol m-2 h-1": 1e-6 * _HOURS * _N2,
    "g N m-2 d-1": 1.0,
}
_WORDS = (
    (r"[µμ]", "u"),
    (r"[\u2212\u2013]", "-"),
    (r"n2o[-_ ]?n\b", "n"),
    (r"\b(days?|day)\b", "d"),
    (r"\b(hours?|hrs?|hr)\b", "h"),
    (r"\b(seconds?|secs?|sec)\b", "s"),
    (r"\^", ""),
    (r"/\s*(ha|m2|d|h|s)\b", r" \1-1"),
    (r"\bm2-1", "m-2"),
    (r"nmol n2o|nmoln2o", "nmol"),
    (r"umol n2o|umoln2o", "umol"),
)


def _compact(text: str) -> str:
    told = text.strip().lower()
    for pattern, word in _WORDS:
        told = re.sub(pattern, word, told)
    return re.sub(r"[\s.·*]", "", told)


_BY_TEXT = {_compact(unit): unit for unit in TO_HOUSE}


def unit(text: str) -> str:
    """The unit of :data:`TO_HOUSE` that ``text`` means (``gN/ha/day``, ``µg N2O m-2 h-1``); DataError names them."""
    found = _BY_TEXT.get(_compact(text))
    if found is None:
        raise DataError(f"{text[:40]!r} is no known unit of an N2O flux: use one of {', '.join(TO_HOUSE)}")
    return found


#: A whole unit in a name: prefix, grams of N or N2O or moles, area, time; powers and separators as people put them.
_IN_NAME = re.compile(
    r"(?P<prefix>[kmun]?)(?:g_?(?P<mass>n2o_?n|n2o|n)|(?P<mol>mol)(?:_?n2o)?)"
    r"_?(?:per_)?1?(?P<area>ha|m_?2)_?1?_?(?:per_)?(?P<time>d|h|s)(?:ays?|(?:ou)?rs?|ecs?)?(?![a-z])"
)


def in_name(column: str) -> str:
    """The unit that a column's name tells in full (``gnha_day``, ``flux_nmol_1m_2s_1``), or empty text.

    Part of a unit is none: ``kgN_ha`` may be a pool in the soil, and ``kgN_ha_yr`` a sum that is no daily flux.
    """
    found = _IN_NAME.search(re.sub(r"[^a-z0-9]+", "_", re.sub("[µμ]", "u", column.lower())))
    if found is None:
        return ""
    what = "mol" if found["mol"] else f"g {'N2O' if found['mass'] == 'n2o' else 'N'}"
    area = "ha-1" if found["area"] == "ha" else "m-2"
    told = f"{found['prefix']}{what} {area} {found['time']}-1"
    return told if told in TO_HOUSE else ""
