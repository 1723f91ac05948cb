"""Recipes by network, and the names and commands of what they train."""

import itertools
import shlex
from typing import Any

import pytest
import typer

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.baselines import registry
from agroflux.cli import train
from agroflux.data.splits import Split
from agroflux.data.subsample import Subsample, parse_rates
from agroflux.training import recipes, study

TEMPORAL = Split((2000,), (2001,), (2002,), (2000,))
FOLD = Split((2000,), (2001,), (2002,), (2000,), fold=2)


def test_every_network_has_its_line_and_the_lstm_keeps_the_defaults() -> None:
    assert set(recipes.DEFAULTS) == set(registry.names())
    assert recipes.recipe("lstm") == recipes.Recipe()
    assert recipes.Recipe().learning_rate == 4e-3
    assert recipes.recipe("transformer").learning_rate < recipes.recipe("lstm").learning_rate
    assert recipes.recipe("transformer", learning_rate=1.0).learning_rate == 1.0


def test_an_id_names_what_differs_from_the_shipped_kind() -> None:
    lstm = recipes.recipe("lstm")
    assert recipes.identifier(lstm, "corn-full", "clean", "temporal", TEMPORAL) == "lstm-corn"
    other = recipes.recipe("tcn", seed=2, preset="official")
    part = Subsample((0.0, 168.0), "one")
    assert (
        recipes.identifier(other, "corn", "official", "spatial", FOLD, part)
        == "tcn-corn-official-official-protocol-spatial-f2-2rates-1phase-s2"
    )


def test_changed_settings_make_another_id() -> None:
    def named(**more: Any) -> str:
        return recipes.identifier(recipes.recipe("lstm", **more), "corn", "clean", "temporal", TEMPORAL)

    assert named(config={"hidden": 16}) == "lstm-corn-set-hidden-16"
    changed = {"memory_days": 0.5, "hidden": 30, "dilations": [1, 3]}
    name = named(config=changed, unknown_management=0.3, seed=1)
    assert name == "lstm-corn-hidden30-set-dilations-1-3-hidden-30-memory-days-0-5-s1"
    assert not any("-set-" in run.id for run in study.plan())


def test_windows_that_start_otherwise_than_a_network_s_make_another_id_and_are_in_the_command() -> None:
    for name, kept, other in (("itransformer", True, "january"), ("lstm", False, "any-day")):
        usual, changed = recipes.recipe(name), recipes.recipe(name, any_day=not kept)
        assert usual.any_day is kept
        said = [recipes.identifier(r, "corn", "clean", "temporal", TEMPORAL) for r in (usual, changed)]
        assert said == [f"{name}-corn", f"{name}-corn-{other.replace('-', '')}"]
        plain, told = (recipes.command(r, "corn.zarr", "clean", "temporal", TEMPORAL) for r in (usual, changed))
        assert f"--{other}" not in plain
        app = typer.Typer()
        app.command()(train.command)
        command = typer.main.get_command(app)
        seen = [command.make_context("train", shlex.split(text)[2:]).params["any_day"] for text in (plain, told)]
        assert seen == [None, not kept]


def test_another_learning_rate_makes_another_id_and_is_in_the_command() -> None:
    rates = (2e-3, 1e-3, 5e-4)  # of new ones, of those that ship, and neither
    tried = [recipes.recipe("pyraformer", learning_rate=rate) for rate in rates]
    said = [recipes.identifier(one, "corn", "clean", "temporal", TEMPORAL) for one in tried]
    assert said == ["pyraformer-corn", "pyraformer-corn", "pyraformer-corn-rate-0-0005"]
    commands = [recipes.command(one, "corn.zarr", "clean", "temporal", TEMPORAL) for one in tried]
    assert [f"--learning-rate {rate:g}" in text for rate, text in zip(rates, commands, strict=True)] == [
        False,
        True,
        True,
    ]
    faster = recipes.recipe("lstm", learning_rate=1e-3)
    assert recipes.identifier(faster, "corn", "clean", "temporal", TEMPORAL) == "lstm-corn-rate-0-001"


def test_the_commands_of_shipped_cards_train_what_was_trained() -> None:
    """A default that changes later leaves the commands of older models behind."""
    for entry in cards.available(paths.MODELS):
        card = cards.read(cards.weights_path(entry["id"]))
        told = dict(itertools.pairwise(shlex.split(card.command)))
        rate = float(told.get("--learning-rate", recipes.recipe(card.model).learning_rate))
        assert card.training["learning_rate"] == rate, card.id
        assert card.training["batch"] == recipes.recipe(card.model).batch, card.id


def test_the_study_trains_the_models_that_ship() -> None:
    """By their ids and commands: else it would train them anew and put others in their place."""
    runs = [run for run in study.plan() if run.shipped]
    shipped = {run.id: cards.read(cards.weights_path(run.id)).command for run in runs}
    assert shipped == {run.id: run.command(f"{run.data}.zarr") for run in runs}


@pytest.mark.parametrize("part", [Subsample(), Subsample((0.0, 84.5), "one")])
def test_the_command_of_a_card_is_one_that_train_takes(part: Subsample) -> None:

    recipe = recipes.recipe("tcn", seed=1, preset="official", max_minutes=2.5, config={"hidden": 8})
    words = shlex.split(recipes.command(recipe, "corn.zarr", "clean", "spatial", FOLD, part))
    app = typer.Typer()
    app.command()(train.command)
    command = typer.main.get_command(app)
    context = command.make_context("train", words[2:])
    seen = context.params
    assert (seen["model"], seen["preset"], seen["fold"], seen["seed"]) == ("tcn", "official", 2, 1)
    assert (seen["max_minutes"], seen["settings"], seen["phases"]) == (2.5, ["hidden=8"], part.phases)
    assert parse_rates(seen["rates"]) == part.rates
