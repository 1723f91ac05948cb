"""What ``agroflux emissions`` prints for people is what ``--json`` tells programs, in the units that it names."""

import json
import re
from functools import partial

import pytest

from tests.cli.conftest import Call

#: Heading of the table -> field of the JSON, how much of its unit one of the table's is, decimals.
SHOWN = {
    "area [1000 ha]": ("area_ha", 1000, 1),
    "N2O [t yr-1]": ("n2o_t", 1, 0),
    "CO2e [kt yr-1]": ("n2o_t_co2e", 1000, 1),
    "with indirect [kt yr-1]": ("n2o_all_t_co2e", 1000, 1),
    "N2O-N [kg ha-1 yr-1]": ("n2o_kg_n_ha", 1, 2),
    "NEE [kt CO2 yr-1]": ("nee_t_co2", 1000, 1),
    "NECB [kt CO2 yr-1]": ("necb_t_co2", 1000, 1),
}


@pytest.fixture
def run(call: Call) -> Call:
    """Call ``agroflux emissions``."""
    return partial(call, "emissions")


def _table(printed: str) -> list[dict[str, str]]:
    """The rows of a printed table by its headings."""
    lines = [re.split("[│┃|]", line)[1:-1] for line in printed.splitlines() if re.match("[│┃|]", line)]
    head, *rows = [[cell.strip() for cell in line] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.mark.parametrize(
    ("options", "field", "heading"),
    [((), "n2o_t_co2e", "CO2e [kt yr-1]"), (("--indirect",), "n2o_all_t_co2e", "with indirect [kt yr-1]")],
)
def test_the_table_holds_the_figures_of_the_json(run: Call, options: tuple[str, ...], field: str, heading: str) -> None:
    asked = ("--place", "IL", "--by", "crop", *options)
    told = json.loads(run(*asked, "--json")[1])
    code, out, err = run(*asked)
    table = _table(out)
    assert code == 0
    assert [row["place"] for row in table] == [told["place"], "corn", "soybean"]
    assert set(SHOWN) - set(table[0]) == (set() if options else {"with indirect [kt yr-1]"})
    for shown, exact in zip(table, (told["region"], *told["totals"]), strict=True):
        for name, (key, size, places) in SHOWN.items():
            if name in shown:
                assert shown[name] == f"{exact[key] / size:,.{places}f}", (shown["place"], name)
        low, high = map(_number, shown[heading.replace(" [", ", 80 % [")].split(" to "))
        assert low < _number(shown[heading]) < high
        assert (low, high) == pytest.approx([exact[f"{field}_{end}80"] / 1000 for end in ("low", "high")], abs=0.051)
    left_out = [line for line in err.splitlines() if line.startswith("Left out: ")]
    assert len(left_out) == len(told["left_out"]) > 0
    assert "Left out: soybean in Cook, IL (no harvested area)" in left_out


def test_another_seed_draws_another_interval_of_the_same_total(run: Call) -> None:
    usual, other = (json.loads(run("--place", "19027", *more, "--json")[1]) for more in ((), ("--seed", "7")))
    assert (usual["uncertainty"]["seed"], other["uncertainty"]["seed"]) == (0, 7)
    assert other["region"]["n2o_t_co2e"] == usual["region"]["n2o_t_co2e"]
    for end in ("low80", "high80"):
        assert other["region"][f"n2o_t_co2e_{end}"] != usual["region"][f"n2o_t_co2e_{end}"]
