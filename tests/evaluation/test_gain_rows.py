"""The file of a transfer comparison: nothing is lost on the way, what does not belong together is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from agroflux.errors import DataError
from agroflux.evaluation import gain_rows


def test_absent_rows_are_none_and_damaged_ones_an_error(tmp_path: Path) -> None:
    assert gain_rows.read(tmp_path) == []
    for text in ("[{", "{}", json.dumps([{"model": "x"}])):
        (tmp_path / gain_rows.NAME).write_text(text)
        with pytest.raises(DataError, match="make transfer"):
            gain_rows.read(tmp_path)


def scored(**more: Any) -> dict[str, Any]:
    """A row with everything that the file asks for, and what shipped rows tell beside it."""
    place = {"model": "lstm", "data": "towers", "source": "century", "protocol": "years", "site": "A", "target": "GPP"}
    found = {"r2": 0.5, "gain": 0.1, "gain_low": 0.0, "gain_high": 0.2, "n_test_site_years": 6}
    told = {"recipe": "finetune", "n_site_years": 2, "seeds": [0, 1], "command": "agroflux transfer --seeds 0,1"}
    return place | found | told | {"by": "all", "group": "all"} | more


def test_what_is_written_is_read_in_order_and_told_once_in_the_file(tmp_path: Path) -> None:
    rows = [scored(), scored(recipe="pooled", title="Mine"), scored(site="B", r2=1 / 3, gain=None), scored()]
    path = gain_rows.write_file(rows, tmp_path / "deep" / "rows.json")
    assert gain_rows.read_file(path) == [*rows[:2], rows[2] | {"r2": 0.3333333}, rows[3]]
    assert path.read_text().count("agroflux transfer") == 2, "once for each recipe"
    assert [one.name for one in path.parent.iterdir()] == ["rows.json"]
    held = json.loads(path.read_text())
    for damaged in (held | {"facts": []}, {"rows": held["rows"]}, held | {"rows": [{"r2": 1.0}]}, held | {"rows": [1]}):
        path.write_text(json.dumps(damaged))
        with pytest.raises(DataError, match="make transfer"):
            gain_rows.read_file(path)


def test_rows_of_an_older_file_are_of_all_days(tmp_path: Path) -> None:
    old = {name: value for name, value in scored().items() if name not in ("by", "group")}
    (tmp_path / gain_rows.NAME).write_text(json.dumps([old, scored(by="crop", group="corn")]))
    assert [(r["by"], r["group"]) for r in gain_rows.read(tmp_path)] == [("all", "all"), ("crop", "corn")]
    assert {r["by"] for r in gain_rows.read()} >= {"all"}, "the shipped rows can be read"


def test_rows_that_a_run_did_not_make_stay_unless_model_or_data_changed() -> None:
    def row(recipe: str = "finetune", n: int = 2, **more: Any) -> dict[str, Any]:
        usual = {"model": "lstm", "source": "century", "data": "towers", "weights": "w1", "data_sha256": "d1"}
        return usual | {"protocol": "years", "recipe": recipe, "n_site_years": n, "target": "GPP", "r2": 0.0} | more

    old = [row(), row(n=8), row("pooled"), row(model="tcn"), row(target="NEE")]
    new = [row(r2=0.5), row("scratch", r2=0.1)]
    assert gain_rows.merge(old, new) == [*old[1:], *new]
    for change in ({"weights": "w2"}, {"data_sha256": "d2"}):
        again = [row(**change)]
        assert gain_rows.merge(old, again) == [row(model="tcn"), *again], "what no longer follows goes"
    written_before_weights = [{k: v for k, v in row(n=8).items() if k != "weights"}]
    assert gain_rows.merge(written_before_weights, new) == new


def test_gains_against_another_scratch_are_not_mixed() -> None:
    def row(recipe: str, seeds: list[int], command: str = "", **more: Any) -> dict[str, Any]:
        usual = {"model": "lstm", "source": "century", "data": "towers", "weights": "w1", "data_sha256": "d1"}
        usual |= {"protocol": "years", "n_site_years": 2, "target": "GPP", "command": command}
        return usual | {"recipe": recipe, "seeds": seeds} | more

    def rows(recipe: str, seeds: list[int], command: str = "") -> list[dict[str, Any]]:
        return [row(recipe, [seed], command) for seed in seeds] + [row(recipe, seeds, command)]

    old = [*rows("scratch", [0, 1]), *rows("pooled", [0, 1])]
    same = [*rows("scratch", [0, 1]), *rows("finetune", [0, 1])]
    assert gain_rows.merge(old, same) == [*rows("pooled", [0, 1]), *same]
    other = [*rows("scratch", [0]), *rows("finetune", [0])]
    with pytest.raises(DataError, match=r"lstm on towers \(years, 2 site-years, GPP\).*--seeds 0,1, not --seeds 0:"):
        gain_rows.merge(old, other)
    anew = [*other, *rows("pooled", [0])]
    assert gain_rows.merge(old, anew) == anew, "nothing stays that another scratch would belong to"
    elsewhere = [one | {"n_site_years": 4} for one in other]
    assert gain_rows.merge(old, elsewhere) == [*old, *elsewhere]
    longer = [
        *rows("scratch", [0], "agroflux transfer --epochs 9"),
        *rows("finetune", [0], "agroflux transfer --epochs 9"),
    ]
    with pytest.raises(DataError, match="not --seeds 0 --epochs 9"):
        gain_rows.merge([one | {"command": "agroflux transfer --epochs 5"} for one in rows("pooled", [0])], longer)
