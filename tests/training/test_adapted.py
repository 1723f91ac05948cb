"""The shipped adapted models: one for each bundled data set of measurements, by what scores best."""

from collections import defaultdict

import numpy as np
import pytest

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.data import catalog
from agroflux.evaluation import gain_rows, gains
from agroflux.inference.region import available_models, run_region

MEASURED = ("towers-sample", "chambers-synthetic")


def best(data: str) -> tuple[str, str]:
    """Model and recipe by mean R2 over targets and ways of testing, where most site-years were given."""
    told = (gains.REFERENCE, gains.UNTRAINED)
    rows = [
        r for r in gain_rows.read() if (r["data"], r["site"], r["by"]) == (data, "all", "all") and len(r["seeds"]) > 1
    ]
    most = max(row["n_site_years"] for row in rows)
    r2 = defaultdict(list)
    for row in rows:
        if row["n_site_years"] == most and row["recipe"] not in told:
            r2[row["model"], row["recipe"]].append(row["r2"])
    return max(r2, key=lambda key: np.mean(r2[key]))


@pytest.mark.parametrize("data", MEASURED)
def test_each_bundled_data_set_has_an_adapted_model_by_what_does_best(data: str) -> None:
    (card,) = [card for card in cards.available(paths.adapted_models()) if card["data"]["id"] == data]
    assert (card["training"]["source_model"]["id"], card["training"]["recipe"]) == best(data)
    assert card["synthetic"] is data.endswith("synthetic")
    years = card["data"]["site_years"]
    assert not set(years["test"]) & {*years["train"], *years["validate"]}
    assert set(years["test"])


def test_an_adapted_model_is_found_by_its_id_and_runs_on_counties() -> None:
    ids = [card["id"] for card in available_models()]
    adapted = [card["id"] for card in cards.available(paths.adapted_models())]
    assert ids[-len(adapted) :] == adapted
    assert cards.weights_path(adapted[0]).parent == paths.adapted_models()
    ds = catalog.open_dataset("cornbelt-century")
    found = run_region(adapted[0], ds, sites=["19015"], years=[2018], n_rate=168.0)
    plain = run_region("lstm-cornbelt-century", ds, sites=["19015"], years=[2018], n_rate=168.0)
    assert float(abs(found["N2O_FLUX"] - plain["N2O_FLUX"]).max()) > 0
