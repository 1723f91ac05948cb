"""What the page says of a gain follows from the row: its interval decides, and causes come from the numbers."""

import json
from pathlib import Path
from typing import Any

import pytest

from agroflux.errors import DataError
from agroflux.evaluation import gains


def row(gain: float, low: float | None, high: float | None, r2: float = 0.5, **more: Any) -> dict[str, Any]:
    bounds = {"gain": gain, "gain_low": low, "gain_high": high}
    return {"recipe": "finetune", "r2": r2, "n_test_site_years": 6} | bounds | more


@pytest.mark.parametrize(
    ("made", "kind", "says"),
    [
        (row(0.2, 0.1, 0.3), "gains", "beats scratch by 0.20 R2 (95 % interval +0.10 to +0.30, 6 test site-years)"),
        (row(-0.2, -0.3, -0.001), "loses", "is worse than scratch by 0.20 R2 (95 % interval -0.30 to -0.001"),
        (row(0.2, -0.1, 0.4), "open", "does not beat scratch beyond doubt: +0.20 R2"),
        (row(0.2, None, None, n_test_site_years=1), "open", "(no interval: 1 test site-year)"),
        (row(0.2, float("nan"), float("nan")), "open", "(no interval: 6 test site-years)"),
    ],
)
def test_the_interval_decides(made: dict[str, Any], kind: str, says: str) -> None:
    assert gains.verdict(made) == kind
    assert says in gains.sentence(made).replace("\u2212", "-")


def test_a_gain_that_is_still_worse_than_the_mean_is_said() -> None:
    assert "mean of the measurements" in gains.caveat(row(1.4, 0.4, 3.0, r2=-0.4))
    assert gains.caveat(row(0.1, 0.0, 0.2, r2=0.4)) == ""
    assert "too narrow" in gains.caveat(row(0.1, 0.05, 0.2, n_test_site_years=2))


def test_causes_follow_the_numbers_and_a_gain_needs_none() -> None:
    others = [{"recipe": "scratch", "r2": 0.85}, {"recipe": "zero-shot", "r2": -1.2}]
    lost = row(0.0, -0.1, 0.1, n_test_site_years=2)
    told = " ".join(gains.causes(lost, others, management=0.1, curve=[(1, 0.2), (4, -0.05)]))
    for part in (
        "R2 \u22121.20",
        "reaches R2 0.85",
        "10 % of the days",
        "falls from +0.20 with 1",
        "Only 2 site-years",
    ):
        assert part in told
    assert gains.causes(lost | {"n_test_site_years": 9}, [{"recipe": "scratch", "r2": 0.3}], management=0.9) == []
    assert gains.causes(row(0.2, 0.1, 0.3), others, management=0.0) == []
    hybrid = gains.causes(lost | {"recipe": "hybrid"}, others, management=0.1, curve=[(1, 0.2), (4, -0.05)])
    assert [cause.split(" ")[0] for cause in hybrid] == ["Scratch", "Only"], "it takes nothing from the source"
    unknown = gains.causes(lost, [], curve=[(1, float("nan")), (2, 0.2), (4, -0.05)])
    assert "falls from +0.20 with 2" in unknown[0]


def test_absent_rows_are_none_and_damaged_ones_an_error(tmp_path: Path) -> None:
    assert gains.read(tmp_path) == []
    for text in ("[{", "{}", json.dumps([{"model": "x"}])):
        (tmp_path / gains.NAME).write_text(text)
        with pytest.raises(DataError, match="make transfer"):
            gains.read(tmp_path)


def test_rows_of_an_older_file_are_of_all_days(tmp_path: Path) -> None:
    old = dict.fromkeys(("model", "data", "source", "protocol", "site", "target", "n_site_years", "seeds"), 0)
    new = row(0.1, 0.0, 0.2) | old | {"by": "crop", "group": "corn"}
    (tmp_path / gains.NAME).write_text(json.dumps([row(0.1, 0.0, 0.2) | old, new]))
    assert [(r["by"], r["group"]) for r in gains.read(tmp_path)] == [("all", "all"), ("crop", "corn")]
    assert {r["by"] for r in gains.read()} >= {"all"}, "the shipped rows can be read"


def test_rows_that_a_run_did_not_make_stay_unless_model_or_data_changed() -> None:
    def row(recipe: str = "finetune", n: int = 2, **more: Any) -> dict[str, Any]:
        usual = {"model": "lstm", "source": "century", "data": "towers", "weights": "w1", "data_sha256": "d1"}
        return usual | {"protocol": "years", "recipe": recipe, "n_site_years": n, "target": "GPP", "r2": 0.0} | more

    old = [row(), row(n=8), row("pooled"), row(model="tcn"), row(target="NEE")]
    new = [row(r2=0.5), row("scratch", r2=0.1)]
    assert gains.merge(old, new) == [*old[1:], *new]
    for change in ({"weights": "w2"}, {"data_sha256": "d2"}):
        again = [row(**change)]
        assert gains.merge(old, again) == [row(model="tcn"), *again], "what no longer follows goes"
    written_before_weights = [{k: v for k, v in row(n=8).items() if k != "weights"}]
    assert gains.merge(written_before_weights, new) == new


def test_gains_against_another_scratch_are_not_mixed() -> None:
    def row(recipe: str, seeds: list[int], command: str = "", **more: Any) -> dict[str, Any]:
        usual = {"model": "lstm", "source": "century", "data": "towers", "weights": "w1", "data_sha256": "d1"}
        usual |= {"protocol": "years", "n_site_years": 2, "target": "GPP", "command": command}
        return usual | {"recipe": recipe, "seeds": seeds} | more

    def rows(recipe: str, seeds: list[int], command: str = "") -> list[dict[str, Any]]:
        return [row(recipe, [seed], command) for seed in seeds] + [row(recipe, seeds, command)]

    old = [*rows("scratch", [0, 1]), *rows("pooled", [0, 1])]
    same = [*rows("scratch", [0, 1]), *rows("finetune", [0, 1])]
    assert gains.merge(old, same) == [*rows("pooled", [0, 1]), *same]
    other = [*rows("scratch", [0]), *rows("finetune", [0])]
    with pytest.raises(DataError, match=r"lstm on towers \(years, 2 site-years, GPP\).*--seeds 0,1, not --seeds 0:"):
        gains.merge(old, other)
    anew = [*other, *rows("pooled", [0])]
    assert gains.merge(old, anew) == anew, "nothing stays that another scratch would belong to"
    elsewhere = [one | {"n_site_years": 4} for one in other]
    assert gains.merge(old, elsewhere) == [*old, *elsewhere]
    longer = [
        *rows("scratch", [0], "agroflux transfer --epochs 9"),
        *rows("finetune", [0], "agroflux transfer --epochs 9"),
    ]
    with pytest.raises(DataError, match="not --seeds 0 --epochs 9"):
        gains.merge([one | {"command": "agroflux transfer --epochs 5"} for one in rows("pooled", [0])], longer)
