"""Cases of a transfer comparison are counted by what their intervals say, one row each."""

from typing import Any

import pytest

from agroflux.data import field_days
from agroflux.errors import SelectionError
from agroflux.evaluation import cases, gain_rows


def row(recipe: str, gain: float | None, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    """A row over all days, three seeds and all sites."""
    case = {"model": "m", "source": "s", "data": "d", "protocol": "p", "target": "NEE", "n_site_years": 2}
    case |= {"recipe": recipe}
    found = {"r2": 0.3, "gain": gain, "gain_low": low, "gain_high": high}
    return case | {"site": "all", "seeds": [0, 1, 2]} | field_days.EVERY | found | more


ROWS = [
    row("finetune", 0.2, 0.1, 0.3),
    row("finetune", 0.9, 0.8, 1.0, site="A"),
    row("finetune", 0.9, 0.8, 1.0, by="crop", group="corn"),
    row("finetune", 0.9, 0.8, 1.0, seeds=[1]),
    row("finetune", -0.2, -0.3, -0.1, target="GPP", r2=-0.5),
    row("pooled", 0.1, -0.1, 0.3),
    row("pooled", None, None, None, target="GPP", r2=None),
    row("scratch", 0.0, 0.0, 0.0),
    row("zero-shot", 0.5, 0.4, 0.6, r2=0.5),
]


def test_a_case_is_one_row_over_all_seeds_sites_and_days() -> None:
    found = cases.of(ROWS)
    assert [(one["recipe"], one["target"], one["gain"]) for one in found] == [
        ("finetune", "NEE", 0.2),
        ("finetune", "GPP", -0.2),
        ("pooled", "NEE", 0.1),
        ("pooled", "GPP", None),
    ]
    single = [row("finetune", 0.4, 0.1, 0.6, site="A", seeds=[0]), row("finetune", 0.2, 0.1, 0.3, site="A")]
    assert [one["gain"] for one in cases.of(single)] == [0.2], "a data set of one site has no row over all sites"


def test_each_source_has_cases_of_its_own() -> None:
    """A better source as it is of one data set says nothing of a model whose source was another."""
    others = [row("finetune", -0.4, -0.5, -0.3, source="t"), row("finetune", 0.2, 0.1, 0.3, source="u")]
    found = cases.count(cases.of([*ROWS, *others]), ["source"])
    assert [(one["source"], one["cases"], one["gains"], one["loses"], one["behind"]) for one in found] == [
        ("s", 4, 1, 1, 1),
        ("t", 1, 0, 1, 0),
        ("u", 1, 1, 0, 0),
    ]


def test_cases_are_counted_by_their_intervals() -> None:
    found = cases.count(cases.of(ROWS), ["recipe"])
    assert found[0] == {
        "recipe": "finetune",
        "cases": 2,
        "gains": 1,
        "loses": 1,
        "open": 0,
        "behind": 1,
        "below_mean": 1,
        "median_gain": 0.0,
        "unchanged": 0,
    }
    assert (found[1]["open"], found[1]["behind"]) == (2, 0), "what does not gain is not counted as behind"
    ahead = [row("finetune", 0.2, 0.1, 0.3, r2=0.5001), *ROWS[1:]]
    assert cases.count(cases.of(ahead), ["recipe"])[0]["behind"] == 0
    kept = [row("finetune", 0.2, 0.1, 0.3, r2=0.5), *ROWS[1:]]
    assert cases.count(cases.of(kept), ["recipe"])[0]["unchanged"] == 1, "it is the source as it was"
    assert found[1]["below_mean"] == 0 and found[1]["median_gain"] == 0.1
    nothing = cases.count([ROWS[6]], ["target"])
    assert nothing[0]["median_gain"] is None
    with pytest.raises(SelectionError, match="counted by sites: use data, protocol"):
        cases.count(ROWS, ["sites"])
    with pytest.raises(SelectionError, match="counted by nothing"):
        cases.count(ROWS, [])


def test_a_value_that_is_nowhere_is_named_with_what_there_is() -> None:
    found = cases.choose(cases.of(ROWS), recipe=("finetune", "pooled"), target=("GPP",), model=())
    assert len(found) == 2
    assert cases.choose(cases.of(ROWS), recipe=("fine*",), n_site_years=(2,)) == cases.of(ROWS)[:2]
    with pytest.raises(SelectionError, match="no case with recipe 'scratch': there is finetune, pooled"):
        cases.choose(cases.of(ROWS), recipe=("finetune", "scratch"))
    with pytest.raises(SelectionError, match="there is none at all"):
        cases.choose([], recipe=("finetune",))


def test_shipped_cases_are_of_every_data_set_and_differ() -> None:
    found = cases.of(gain_rows.read())
    keys = {tuple(one[name] for name in cases.FIELDS) for one in found}
    assert len(keys) == len(found) and {one["data"] for one in found} >= {"towers-sample", "us-arm", "saha"}
    counted = cases.count(found, ["data"])
    assert sum(one["cases"] for one in counted) == len(found)
    assert all(one["gains"] + one["loses"] + one["open"] == one["cases"] for one in counted)
