"""What the page says of a gain follows from the row: its interval decides, and causes come from the numbers."""

from typing import Any

import pytest

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


def test_a_source_that_does_better_untrained_is_named_if_it_had_the_same_test_days() -> None:
    won = row(0.2, 0.1, 0.3, r2=0.5, n_test_days=900)
    source = {"recipe": "zero-shot", "r2": 0.71, "n_test_days": 900}
    assert gains.untrained(won, [{"recipe": "scratch", "r2": 0.3, "n_test_days": 900}, source]) is source
    assert gains.caveat(won, source) == "The source model as it is does better (R2 0.71)."
    for r2 in (0.3, 0.5, 0.5 + 1e-6, None):
        said = gains.caveat(won, source | {"r2": r2})
        assert "The source model as it is does better" not in said, "the same but for rounding is not better"
    assert gains.untrained(won, [source | {"n_test_days": 1200}]) is None, "a hybrid is tested on fewer days"
    of_job = {"recipe": "finetune", "r2": -0.5, "gain": None, "n": 80, "n_test_site_years": 2}
    said = gains.caveat(of_job, gains.untrained(of_job, [{"recipe": "zero-shot", "r2": -0.2, "n": 80}]))
    assert said.startswith("The source model as it is does better (R2 \u22120.20). Its R2 is \u22120.50")


def test_an_adaptation_that_is_the_source_as_it_was_is_no_gain_of_its_own() -> None:
    said = "It is the source model as it was: no epoch of the training did better."
    won = row(0.23, 0.1, 0.4, r2=0.5, n_test_days=900)
    source = {"recipe": "zero-shot", "r2": 0.5 + 5e-7, "n_test_days": 900}
    assert gains.caveat(won, source) == said and gains.outcome(won, source) == "unchanged"
    for other in (None, source | {"r2": 0.5 + 3e-6}, source | {"r2": None}, source | {"r2": float("nan")}):
        assert gains.caveat(won, other) == "" and gains.outcome(won, other) == "gains"
    assert gains.outcome(won, gains.untrained(won, [source | {"n_test_days": 899}])) == "gains", "of other days"


def test_whose_data_replace_the_source_follows_from_the_protocol() -> None:
    lost, curve = row(0.0, -0.1, 0.1), [(1, 0.2), (4, -0.05)]
    for protocol, whose in (("leave-years-out", "the site's own"), ("leave-one-site-out", "the other sites'")):
        (cause,) = gains.causes(lost | {"protocol": protocol}, [], curve=curve)
        assert cause.endswith(f"{whose} data replace what the source brought.")
    assert "the site's own data" in gains.causes(lost, [], curve=curve)[0], "a job names no protocol"


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


def test_a_loss_that_grows_is_no_gain_that_falls() -> None:
    lost = row(-0.3, -0.5, -0.1)
    assert gains.causes(lost, [], curve=[(1, -0.1), (3, -0.3)]) == []
    (said,) = gains.causes(lost, [], curve=[(1, 0.1), (3, -0.3)])
    assert said.startswith("The gain falls from +0.10 with 1 to")
