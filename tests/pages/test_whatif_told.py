"""What "What if" tells of a change: its share, its years crop by crop, and which crop the means lean to."""

from functools import partial

import pandas as pd
import pytest

from agroflux.simulation import effects
from agroflux.ui import whatif_told

_NAN = float("nan")


def _table(*rows: tuple[str, int, str, float, float]) -> pd.DataFrame:
    """Baseline and scenario of county-years: county, year, crop, and N2O under either; each with a yield of 10."""
    parts = []
    for site, year, crop, *n2o in rows:
        grain = {f"{one}_yield": 10.0 if one == crop else _NAN for one in ("corn", "soybean")}
        for label, value in zip(("Baseline", "Scenario 1"), n2o, strict=True):
            told = {"site": site, "label": label, "year": year, "crop": crop}
            parts.append(told | dict.fromkeys(effects.MEASURES, 1.0) | grain | {"n2o": value})
    return pd.DataFrame(parts)


def _told(table: pd.DataFrame, key: str) -> str:
    return whatif_told.told(table, effects.means(table), "Scenario 1", key)


def test_a_change_is_told_with_its_share_and_the_ends_of_its_years() -> None:
    table = _table(("1", 2001, "corn", 4.0, 2.0), ("1", 2003, "corn", 2.0, 1.5))
    table.loc[(table["year"] == 2001) & (table["label"] == "Scenario 1"), "corn_yield"] = 10.01
    told = partial(_told, table)
    assert told("n2o") == "N₂O emission: \u22121.2 kg N ha⁻¹ yr⁻¹, \u221242 % (corn years \u22122 to \u22120.5)"
    assert told("corn_yield") == "Corn yield: changes by less than 0.5 % (0 to +0.01)"
    assert told("soybean_yield") == "", "it grew in no year"


def test_the_ends_are_those_of_one_crop_as_the_crops_take_turns() -> None:
    """Over all years they would be the difference between corn and soybean, whatever the weather was."""
    changes = {2001: -2.7, 2002: -0.1, 2003: -1.9, 2004: -0.6}
    table = _table(*(("1", year, "corn" if year % 2 else "soybean", 5.0, 5.0 + by) for year, by in changes.items()))
    ends = "(corn years \u22122.7 to \u22121.9, soybean years \u22120.6 to \u22120.1)"
    assert _told(table, "n2o").endswith(ends)
    three_years = table[table["year"] < 2004]
    assert _told(three_years, "n2o").endswith("(corn years \u22122.7 to \u22121.9)"), "soybean grew in one"
    assert _told(table[table["year"] < 2003], "n2o").endswith("%"), "each grew in one"


def test_the_ends_of_several_counties_are_the_mean_of_each_ones_own() -> None:
    """Two counties that grow corn in turn: what sets the fields apart is no weather."""
    one = [("1", 2001, "corn", 5.0, 4.0), ("1", 2003, "corn", 5.0, 3.0)]
    other = [("2", 2002, "corn", 5.0, 2.0), ("2", 2004, "corn", 5.0, 1.0)]
    assert _told(_table(*one, *other), "n2o").endswith("(corn years \u22123 to \u22122)")
    assert _told(_table(*one, other[0]), "n2o").endswith("(corn years \u22122 to \u22121)"), "one year has no ends"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("1", 2001, "corn"), ("1", 2002, "soybean")], ""),
        ([("1", 2001, "corn"), ("2", 2001, "soybean")], ""),
        ([("1", 2001, "corn"), ("1", 2002, "soybean"), ("1", 2003, "corn")], "2 of 3 years grew corn: means of both"),
        ([("1", 2001, "corn"), ("2", 2001, "soybean"), ("3", 2001, "soybean")], "2 of 3 years of the counties grew"),
        ([("1", 2001, "soybean")], "Only soybean grew: this is not the mean of the rotation"),
    ],
)
def test_means_that_lean_to_a_crop_say_so(rows: list[tuple[str, int, str]], said: str) -> None:
    found = whatif_told.leaning(_table(*((*row, 5.0, 4.0) for row in rows)))
    assert found.startswith(said) and bool(found) == bool(said)
    assert not found or found.endswith("an even number of years has both crops alike.")
