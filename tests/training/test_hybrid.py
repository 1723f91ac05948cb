"""The hybrid: simulated fluxes as further drivers, of which a site's fluxes can be learnt; left out where none are."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agroflux import schema
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.errors import ModelError
from agroflux.training import comparison, hybrid, transfer
from agroflux.training.adaptation import Budget
from agroflux.training.comparison import Design
from agroflux.training.hybrid import SIMULATED
from agroflux.training.prepared import prepare
from agroflux.training.request import Request
from agroflux.training.site_years import SiteYears

TARGETS = ("NEE",)
NEE = schema.TARGETS.index("CO2_FLUX")


def series(site_years: SiteYears, site: str) -> pd.DataFrame:
    """What a process model that knows the truth would give: the measured NEE, and three constants."""
    days = pd.date_range("2012-01-01", "2018-12-31")
    table = pd.DataFrame(1.0, index=days, columns=list(SIMULATED))
    for (where, year), targets in zip(site_years.keys, site_years.targets, strict=True):
        if where == site:
            own = pd.date_range(f"{year}-01-01", f"{year}-12-31")
            own = own[~((own.month == 2) & (own.day == 29))]
            table.loc[own, "NEE"] = np.nan_to_num(targets[:, NEE])
    return table


@pytest.fixture(scope="module")
def coupled(towers: SiteYears) -> SiteYears:
    return hybrid.with_simulated(towers, {"US-Tw3": series(towers, "US-Tw3")})


def test_simulated_days_stand_beside_the_measured_ones(towers: SiteYears, coupled: SiteYears) -> None:
    assert coupled.simulated is not None
    assert coupled.simulated.shape == (len(towers), 730, len(SIMULATED))
    row = coupled.keys.index(("US-Tw3", 2015))
    measured = towers.targets[row, :, NEE]
    known = np.isfinite(measured)
    np.testing.assert_allclose(coupled.simulated[row, 365:, SIMULATED.index("NEE")][known], measured[known], rtol=1e-6)
    before = coupled.simulated[row, :365, SIMULATED.index("NEE")]
    earlier = coupled.simulated[coupled.keys.index(("US-Tw3", 2014)), 365:, SIMULATED.index("NEE")]
    np.testing.assert_array_equal(before, earlier)
    keys = hybrid.simulated_keys(coupled)
    assert {site for site, _ in keys} == {"US-Tw3"}
    assert hybrid.simulated_keys(towers) == frozenset()
    taken = coupled.take([("US-Tw3", 2015)])
    assert taken.simulated is not None
    np.testing.assert_array_equal(taken.simulated[0], coupled.simulated[row])


def test_they_are_drivers_more_scaled_with_the_training_years(coupled: SiteYears) -> None:
    train = coupled.take([("US-Tw3", 2014), ("US-Tw3", 2015)])
    inputs = hybrid.scaler(train)
    wide = hybrid.widened(train, inputs)
    assert wide.drivers.shape[2] == train.drivers.shape[2] + len(SIMULATED)
    assert wide.known[..., -len(SIMULATED) :].all()
    nee = wide.drivers[..., len(schema.DRIVERS) + SIMULATED.index("NEE")]
    assert nee.mean() == pytest.approx(0, abs=1e-4)
    assert nee.std() == pytest.approx(1, abs=1e-3)
    other = hybrid.widened(coupled.take([("US-AR1", 2010)]), inputs)
    assert not other.known[..., -len(SIMULATED) :].any()
    with pytest.raises(ModelError, match="at every site"):
        hybrid.scaler(coupled.take([("US-AR1", 2010)]))


def test_the_network_learns_from_what_was_simulated(small: Checkpoint, coupled: SiteYears) -> None:
    years = [("US-Tw3", year) for year in (2014, 2015, 2016, 2017)]
    train, validate, test = (coupled.take(part) for part in (years[:2], years[2:3], years[3:]))
    budget = Budget(60, every=5, batch=1)
    fast = dataclasses.replace(transfer.recipe("hybrid"), learning_rate=0.03)
    plain = dataclasses.replace(transfer.recipe("scratch"), learning_rate=0.03)
    scores = {}
    for name, chosen in (("hybrid", fast), ("scratch", plain)):
        adapted = transfer.adapt(small, chosen, train, validate, budget=budget)
        scores[name] = transfer.scores(adapted, TARGETS, test)[0]["r2"]
    assert scores["hybrid"] > max(scores["scratch"], 0) + 0.1


def test_a_comparison_leaves_it_out_where_nothing_was_simulated(
    small: Checkpoint, coupled: SiteYears, tmp_path: Path
) -> None:
    protocols = ("leave-years-out", "leave-one-site-out")
    design = Design(("hybrid",), protocols, (1,), (0,), Budget(1, every=1))
    rows = comparison.compare(small, coupled, design, TARGETS, {"data": "towers-sample"}, tmp_path / "runs.jsonl")
    here = {(row["protocol"], row["site"]) for row in rows if row["recipe"] == "hybrid"}
    assert here == {("leave-years-out", "US-Tw3")}
    assert {row["site"] for row in rows if row["recipe"] == "scratch"} == {"US-Tw3", "US-AR1", "all"}


def test_other_simulations_run_anew(small: Checkpoint, coupled: SiteYears, tmp_path: Path) -> None:
    design = Design(("hybrid",), ("leave-years-out",), (1,), (0,), Budget(1, every=1))
    work = tmp_path / "runs.jsonl"
    here = coupled.take([key for key in coupled.keys if key[0] == "US-Tw3"][:3])
    comparison.compare(small, here, design, TARGETS, {"data": "towers-sample"}, work)
    before = work.read_text().count("\n")
    assert here.simulated is not None
    other = dataclasses.replace(here, simulated=here.simulated + 1)
    comparison.compare(small, other, design, TARGETS, {"data": "towers-sample"}, work)
    assert work.read_text().count("\n") == before + before // 2  # scratch is kept, the hybrid is not


def test_it_cannot_be_kept_as_a_model(small: Checkpoint) -> None:
    with pytest.raises(ModelError, match="agroflux transfer"):
        prepare(Request("towers-sample", TARGETS, "US-Tw3:2014", small.card.id, recipe="hybrid"), small)
