"""Which models may be asked for N2O."""

from agroflux.emissions.question import predicts_n2o
from agroflux.inference.region import available_models


def test_a_model_adapted_to_other_fluxes_gives_no_n2o() -> None:
    card = available_models()[0]
    assert predicts_n2o(card)
    assert not predicts_n2o(card | {"training": card["training"] | {"targets_left_alone": ["ET", "N2O_FLUX"]}})
    assert predicts_n2o(card | {"training": card["training"] | {"targets_left_alone": ["ET"]}})
    assert not predicts_n2o(card | {"targets": [["GPP", "g m-2 d-1"]]})
