"""What an adapted model has seen: its card tells it, through a second adaptation too, and no test may fall on it."""

import dataclasses

import pytest

from agroflux.baselines.checkpoint import Checkpoint
from agroflux.errors import SelectionError
from agroflux.training import lineage, transfer
from agroflux.training.folds import Fold
from agroflux.training.prepared import prepare
from agroflux.training.request import Request
from agroflux.training.site_years import SiteYears, parse
from agroflux.training.transfer import Adapted, Origin, Run

FOLD = Fold("chosen", "US-Tw3", (("US-Tw3", 2014),), (("US-Tw3", 2015),), (("US-Tw3", 2016),))
OTHER = Fold("chosen", "US-AR1", (("US-AR1", 2009),), (("US-AR1", 2010),), (("US-AR1", 2011),))


def adapted(source: Checkpoint, towers: SiteYears, fold: Fold, data: str, recipe: str = "finetune") -> Checkpoint:
    """What an adaptation that changes no weight would give."""
    run, origin = Run(recipe, ("NEE",), fold), Origin(data, f"hash of {data}", {}, "none")
    return transfer.finished(source, Adapted(source.network, source.targets, None), run, towers, origin)


def test_site_years_of_an_earlier_adaptation_stay_on_the_card(small: Checkpoint, towers: SiteYears) -> None:
    assert lineage.adaptations(small.card) == []
    once = adapted(small, towers, FOLD, "a")
    twice = adapted(once, towers, OTHER, "b")
    assert "earlier" not in once.card.data
    assert [one["id"] for one in lineage.adaptations(twice.card)] == ["b", "a"]
    for told in (("a", "-"), ("renamed", "hash of a")):
        assert lineage.seen(twice.card, *told, {"US-Tw3"}) == ["US-Tw3:2014", "US-Tw3:2015"]
    assert lineage.seen(twice.card, "a", "-", {"US-Ne1"}) == []
    lineage.check_unseen(twice.card, "a", "-", [("US-Tw3", 2016), ("US-AR1", 2011)])
    with pytest.raises(SelectionError, match=r"US-Tw3:2015, which cannot test it: .* source lstm-cornbelt"):
        lineage.check_unseen(twice.card, "a", "-", [("US-Tw3", 2015), ("US-Tw3", 2016)])
    with pytest.raises(SelectionError, match="compare its own source lstm-cornbelt"):
        lineage.check_new(twice.card, "a", "-", {"US-Tw3"})
    lineage.check_new(small.card, "a", "-", {"US-Tw3"})


def test_a_tower_is_the_same_in_every_data_set_a_plot_is_not(small: Checkpoint, towers: SiteYears) -> None:
    once = adapted(small, towers, FOLD, "a").card
    assert lineage.seen(once, "mine", "hash of mine", {"US-Tw3", "US-AR1"}) == ["US-Tw3:2014", "US-Tw3:2015"]
    with pytest.raises(SelectionError, match=r"adapted to US-Tw3:2015, which cannot test it"):
        lineage.check_unseen(once, "mine", "hash of mine", [("US-Tw3", 2015), ("US-Tw3", 2016)])
    with pytest.raises(SelectionError, match=r"adapted to US-Tw3:2014, US-Tw3:2015, and a comparison"):
        lineage.check_new(once, "mine", "hash of mine", {"US-Tw3"})
    lineage.check_new(once, "other", "hash of other", {"US-Ne1"})
    plots = {"train": ["CH-1:2014"], "validate": ["CH-1:2015"], "test": ["CH-1:2016"]}
    chambers = dataclasses.replace(once, data=once.data | {"site_years": plots})
    assert lineage.seen(chambers, "a", "-", {"CH-1"}) == ["CH-1:2014", "CH-1:2015"]
    assert lineage.seen(chambers, "mine", "hash of mine", {"CH-1"}) == [], "another field may have a plot of that name"


def test_a_card_without_earlier_ones_and_a_model_as_it_was_are_known_too(small: Checkpoint, towers: SiteYears) -> None:
    twice = adapted(adapted(small, towers, FOLD, "a"), towers, OTHER, "b")
    older = {key: value for key, value in twice.card.data.items() if key != "earlier"}
    assert [one["id"] for one in lineage.adaptations(dataclasses.replace(twice.card, data=older))] == ["b"]
    untrained = adapted(adapted(small, towers, FOLD, "a"), towers, OTHER, "b", "zero-shot")
    assert [one["id"] for one in lineage.adaptations(untrained.card)] == ["a"]


def test_an_adaptation_is_not_tested_on_what_its_source_has_seen(small: Checkpoint, towers: SiteYears) -> None:
    source = adapted(small, towers, FOLD, "towers-sample")
    asked = Request("towers-sample", ("NEE",), "US-Tw3:2013", source.card.id, validate="US-Tw3:2017")
    with pytest.raises(SelectionError, match=r"adapted to US-Tw3:2014, US-Tw3:2015, which"):
        prepare(asked, source)
    made = prepare(dataclasses.replace(asked, test="US-Tw3:2016,US-Tw3:2018"), source)
    assert made.run.fold.test == parse("US-Tw3:2016,US-Tw3:2018")


def test_a_spatial_fold_of_the_source_is_not_that_of_the_adapted_model(small: Checkpoint, towers: SiteYears) -> None:
    card = dataclasses.replace(small.card, experiment="spatial", fold=2, sites={"test": ["19001"]})
    found = adapted(dataclasses.replace(small, card=card), towers, FOLD, "a").card
    assert (found.experiment, found.fold, found.sites) == ("chosen", None, {})
