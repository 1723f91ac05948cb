"""Which models answer a question, which stand beside them, and what of them counts: on cards and a small rotation."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import xarray as xr

from agroflux.data.select import select
from agroflux.emissions import coverage, notes, report, workbook
from agroflux.emissions.areas import SURVEY_SOURCE
from agroflux.emissions.assess import assess
from agroflux.emissions.fluxes import yearly_fluxes
from agroflux.emissions.question import Earlier, Question, Sources, kin, of_model, predicts_n2o, unchanged
from agroflux.errors import SelectionError
from agroflux.inference.region import available_models

Rotation = Callable[..., xr.Dataset]
Card = dict[str, Any]

CARBON = ("Reco", "GPP", "CO2_FLUX", "Yield", "Delta_SOC")


def _card(name: str = "lstm-made", **changes: Any) -> Card:
    split = {"train": [2013, 2014], "validate": [2015], "test": [2016], "scaler": [2013, 2014]}
    made = {"id": name, "model": "lstm", "data": {"id": "made"}, "training": {}, "targets": [["N2O_FLUX", ""]]}
    same = {"protocol": "clean", "experiment": "temporal", "fold": None, "sites": {}, "preset": "recommended"}
    return made | same | {"split": split} | changes


def _adapted(*left_alone: str) -> Card:
    source = {"id": "lstm-made", "data": "made"}
    training = {"recipe": "finetune", "source_model": source, "targets_left_alone": list(left_alone)}
    return _card("lstm-made-chambers", data={"id": "chambers"}, training=training)


def _sources(ds: xr.Dataset, *cards: Card) -> Sources:
    """The first card's model on ``ds``: a tenth more N2O than it holds."""

    def run(model: str, rate: float) -> xr.Dataset:
        found = select(ds, n_rate=rate).drop_vars("CROP")
        return found.assign(N2O_FLUX=(found["N2O_FLUX"] * 1.1).assign_attrs(found["N2O_FLUX"].attrs))

    return of_model(str(cards[0]["id"]), "made", ds, lambda name: ds, cards, run, 168.0)


def test_a_model_adapted_to_other_fluxes_gives_no_n2o() -> None:
    card = available_models()[0]
    assert predicts_n2o(card)
    assert not predicts_n2o(card | {"training": card["training"] | {"targets_left_alone": ["ET", "N2O_FLUX"]}})
    assert predicts_n2o(card | {"training": card["training"] | {"targets_left_alone": ["ET"]}})
    assert not predicts_n2o(card | {"targets": [["GPP", "g m-2 d-1"]]})


def test_outputs_that_an_adaptation_left_alone_are_the_sources_where_the_head_alone_was_trained() -> None:
    def made(recipe: str, **data: Any) -> Card:
        card = _adapted(*CARBON)
        return card | {"training": card["training"] | {"recipe": recipe}, "data": card["data"] | data}

    assert set(unchanged(made("finetune-head"))) == {*CARBON, "NEE"} == set(unchanged(made("zero-shot")))
    for recipe in ("finetune", "finetune-gradual", "pooled", "adversarial", "scratch"):
        assert unchanged(made(recipe)) == ()
    assert unchanged(made("finetune-head", earlier=[{"id": "towers"}])) == (), "its source may say nothing of them"
    assert unchanged(_card()) == ()
    n2o = _adapted("N2O_FLUX")
    assert not predicts_n2o(n2o | {"training": n2o["training"] | {"recipe": "finetune-head"}}), "no total of it"


def test_models_beside_each_other_learned_the_same() -> None:
    card = _card()
    beside = [_card("lstm-s1", seed=1), _card("tcn", model="tcn", config={"hidden": 9})]
    others = [
        _card("official", protocol="official"),
        _card("fold", experiment="spatial", fold=2),
        _card("part", data={"id": "made", "subsample": {"rates": [0.0]}}),
        _card("trial", preset="quick"),
        _card("years", split={"train": [2013], "validate": [2014], "test": [2015, 2016]}),
        _card("elsewhere", data={"id": "other"}),
    ]
    assert [one["id"] for one in kin(card, [card, *beside, *others])] == ["lstm-made", "lstm-s1", "tcn"]


def test_bundled_models_of_one_simulator_stand_beside_each_other() -> None:
    cards = available_models()
    found = [str(one["id"]) for one in kin(cards[0], cards)]
    assert {"lstm-cornbelt-century", "lstm-cornbelt-century-s1", "tcn-cornbelt-century"} <= set(found)
    assert not any("ceres" in one for one in found)


def test_outputs_that_adaptation_left_alone_give_no_totals(rotation: Rotation, facts: pd.DataFrame) -> None:
    question = Question(168.0, (2013, 2014), draws=50)
    sources = _sources(rotation(), _adapted(*CARBON), _card())
    made = assess(question, sources, facts)
    gone = {"nee_t_co2", "harvest_t_co2", "necb_t_co2", "soil_carbon_t_co2", "grain_t", "co2e_per_grain"}
    assert not gone & {*made.totals.crops, *made.intervals["quantity"], *made.parts["quantity"], *made.years}
    assert "No totals of what adaptation left alone in the model: NEE, CO2_FLUX, Yield" in " ".join(made.gaps)
    assert gone - {"co2e_per_grain"} <= {*assess(question, _sources(rotation(), _card()), facts).totals.crops}
    assert "adaptation left alone" in report.html(made, {}, [], ["agroflux"])
    assert workbook.to_xlsx(made, synthetic=False)


def test_the_source_of_an_adapted_model_has_seen_what_its_card_holds_out(
    rotation: Rotation, facts: pd.DataFrame
) -> None:
    """Its card keeps two years for validation and test, and its source was trained on them."""
    sources = _sources(rotation(), _adapted(), _card())
    assert sources.held_out is None
    made = assess(Question(168.0, (2013,), draws=50), sources, facts)
    assert "residual" not in made.components
    assert "The error of the model is not in the interval, since the model was adapted" in notes.is_and_is_not(made)[-1]
    with pytest.raises(SelectionError, match="adapted to measurements"):
        coverage.of_sources(sources, "n2o", facts)
    assert (
        "adapted to other data, here synthetic, of other years"
        in _sources(rotation(), _adapted() | {"synthetic": True}, _card()).no_error
    )
    held = _sources(rotation(), _card())
    assert held.held_years == {"validate": (2015,), "test": (2016,)}
    assert "residual" in assess(Question(168.0, (2013,), draws=50), held, facts).components


@pytest.mark.parametrize(
    ("simulated", "chambers", "first"), [(False, False, False), (True, False, False), (False, True, False),
                                         (False, False, True)]
)  # fmt: skip
def test_what_is_synthetic_behind_the_figures_is_named_in_the_report(
    rotation: Rotation, facts: pd.DataFrame, *, simulated: bool, chambers: bool, first: bool
) -> None:
    """The process model, what the model was adapted to, or what its source learned from, which are not these data."""
    source = _card(data={"id": "fields", "title": "Random fields"}, synthetic=first)
    card = _adapted() | {"data": {"id": "chambers", "title": "Six chambers"}, "synthetic": chambers}
    card["training"]["source_model"]["data"] = "fields"
    sources = _sources(rotation(synthetic=simulated), card, source)
    behind = report.data_sources(sources)
    assert [one.title for one in behind] == ["hand-made", "Six chambers", "Random fields"]
    assert [one.synthetic for one in behind] == [simulated, chambers, first]
    assert sources.synthetic == any((simulated, chambers, first))
    text = report.html(assess(Question(168.0, (2013,), draws=50), sources, facts), {}, behind, ["agroflux"])
    titles = report.synthetic_titles(behind)
    assert ("Synthetic data.</strong>" in text) == sources.synthetic
    assert not titles or f"Made by a model, not measured: {titles[0]}." in text
    assert ("other data, here synthetic" in text) == chambers


def test_data_of_a_process_model_that_a_model_learned_from_are_named_once(rotation: Rotation) -> None:
    sources = _sources(rotation(), _card())
    assert [one.id for one in sources.taught] == ["made"]
    assert len(report.data_sources(sources)) == 1


def test_the_models_beside_each_other_are_named(rotation: Rotation, facts: pd.DataFrame) -> None:
    sources = _sources(rotation(), _card(), _card("lstm-s1"), _card("trial", preset="quick"))
    made = assess(Question(168.0, (2013,), draws=50), sources, facts)
    assert made.models == ("lstm-made", "lstm-s1")
    assert "by kind and seed: lstm-made, lstm-s1." in report.html(made, {}, [], ["agroflux"])


def test_areas_are_the_surveys_or_ones_own() -> None:
    areas = pd.DataFrame({"corn_area_ha": [1.0]}, index=["19153"])
    areas.attrs["source"] = f"{SURVEY_SOURCE}; inside drawn.json: 1 whole counties"
    assert Question(168.0, (2013,), areas=areas).on_survey
    areas.attrs["source"] = "own areas (mine.csv); inside drawn.json: 1 whole counties"
    assert not Question(168.0, (2013,), areas=areas).on_survey


def test_farm_nitrogen_is_not_set_against_own_areas(
    rotation: Rotation, facts: pd.DataFrame, answer_of: Callable[..., Any]
) -> None:
    own = facts[["corn_area_ha", "soybean_area_ha"]] / 10
    own.attrs["source"] = "own areas (mine.csv)"
    made = answer_of(rotation(), facts, areas=own)
    assert not made.tier1["estimate"].str.contains("farm N").any()
    assert "farms in 2012 is left out" in " ".join(made.gaps)
    assert answer_of(rotation(), facts).tier1["estimate"].str.contains("farm N").any()


CENTURY, CERES = "cornbelt-century", "cornbelt-ceres"


def _of_two(rotation: Rotation, data: str, learned_from: str) -> Sources:
    """A model of ``learned_from`` on ``data``, of two simulators of which CERES gives half the N2O of CENTURY."""
    whole = rotation()
    half = whole.assign(N2O_FLUX=(whole["N2O_FLUX"] / 2).assign_attrs(whole["N2O_FLUX"].attrs))
    held = {CENTURY: whole, CERES: half}

    def run(model: str, rate: float) -> xr.Dataset:
        return select(half, n_rate=rate).drop_vars("CROP")

    measured = rotation(kind="observation")
    cards = [_card(data={"id": learned_from})]
    return of_model("lstm-made", data, held[data], lambda name: held.get(name, measured), cards, run, 168.0)


@pytest.mark.parametrize(
    ("learned_from", "truth", "above"), [(CERES, 1.0, 2.0), (CENTURY, 2.0, 1.0), (f"{CENTURY}+{CERES}", 1.5, 4 / 3)]
)
def test_a_model_is_held_against_the_simulators_it_learned_from_whatever_data_it_runs_on(
    rotation: Rotation, facts: pd.DataFrame, learned_from: str, truth: float, above: float
) -> None:
    question = Question(168.0, (2013, 2014), draws=400)
    found = []
    for data in (CENTURY, CERES):
        sources = _of_two(rotation, data, learned_from)
        blocks = sources.held_out
        assert blocks is not None
        n2o = blocks[blocks["quantity"] == "n2o"]
        assert (n2o["simulated"] / n2o["predicted"]).to_numpy() == pytest.approx(truth)
        made = assess(question, sources, facts)
        part = made.parts.set_index(["quantity", "component"]).loc[("n2o_t", "simulators")]
        assert part["high80"] == pytest.approx(above * made.interval("n2o_t")["value"])
        found.append((made.interval("n2o_t").drop("label"), made.lever["n2o_t"].iloc[-1]))
    pd.testing.assert_series_equal(found[0][0], found[1][0])
    assert "+" in learned_from or found[0][1] == pytest.approx(found[1][1]), (
        "nitrogen acts as what it learned from says"
    )
    assert set(sources.truth) == set(learned_from.split("+"))


def test_where_a_model_learned_from_none_of_the_simulators_their_difference_is_left_out(
    rotation: Rotation, facts: pd.DataFrame
) -> None:
    made = assess(Question(168.0, (2013, 2014), draws=50), _of_two(rotation, CENTURY, "randomised"), facts)
    assert "simulators" not in made.components and len(made.simulators) == 2
    assert f"process models ({CENTURY}, {CERES}) is not in the interval" in " ".join(made.gaps)
    assert "does not hold that difference" in notes.apart(made)
    assert "simulators" in assess(made.question, _of_two(rotation, CENTURY, CERES), facts).components


def test_years_before_the_data_are_those_of_the_simulator_that_the_model_learned_from(rotation: Rotation) -> None:
    annual = {CENTURY: yearly_fluxes(rotation().isel(scenario=[1]), [2013, 2014])}
    annual[CERES] = annual[CENTURY] / 2
    earlier = Earlier(annual, lambda model: rotation().isel(scenario=[1]))
    for names, share in (((CENTURY,), 1.0), ((CERES,), 0.5), ((CENTURY, CERES), 0.75)):
        found = earlier.of(names)
        assert found is not None
        xr.testing.assert_allclose(found, annual[CENTURY] * share)
    assert earlier.of(("mine",)) is None
