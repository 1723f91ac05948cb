"""Any sequence of crops through the real engine: every crop of the table grows, and what grew when is told."""

import sys

import numpy as np
import pandas as pd
import pytest

from agroflux.simulation import dssat, workspace
from agroflux.simulation.county import county_site
from agroflux.simulation.crops import CROPS
from agroflux.simulation.sequence import CropSequence, Grown, rotation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")
DAY = pd.Timedelta(days=1)


def grown(name: str, year: int, nitrogen: float = 0.0, last: str = "") -> Grown:
    """A crop in the middle of its window, fertilised a month after planting; to be harvested in ``year``."""
    model = CROPS[name]
    planted = pd.Timestamp(year - model.autumn, 1, 1) + sum(model.sown) // 2 * DAY
    ended = pd.Timestamp(last) if last else planted + sum(model.season) // 2 * DAY
    doses = ((planted + 30 * DAY, nitrogen),) if nitrogen else ()
    return Grown(name, model.cultivars[-1], planted, ended, sum(model.plants) / 2, doses, 40 if model.cuts else 0)


def run(*crops: Grown, years: tuple[int, int]) -> dssat.Result:
    sequence = CropSequence(crops, years[0] - 1, *years)
    with workspace.scratch() as folder:
        return dssat.run_sequence(sequence, county_site("17107"), folder / "r", dssat.prepare_home(folder))


@pytest.mark.parametrize("name", CROPS)
def test_every_crop_of_the_table_grows(name: str) -> None:
    crop = grown(name, 2004, nitrogen=sum(CROPS[name].nitrogen) / 2, last="2004-11-20" if CROPS[name].cuts else "")
    result = run(crop, years=(2004, 2004))
    daily = result.daily
    assert not daily.isna().any().any()
    inside = (daily.index >= crop.planted) & (daily.index <= crop.ended + DAY)
    assert daily["GPP"][inside].sum() > 300  # g C m-2
    assert daily["GPP"][~inside].sum() == pytest.approx(0, abs=1)
    np.testing.assert_allclose(daily["NEE"], daily["Reco"] - daily["GPP"], atol=1e-9)
    grain = result.annual.loc[2004, "Yield"]
    assert np.isnan(grain) if CROPS[name].cuts else 20 < grain < 700


def test_alfalfa_lives_through_winter_and_is_cut() -> None:
    stand = grown("alfalfa", 2003, last="2005-11-01")
    daily = run(stand, years=(2004, 2005)).daily
    assert daily.loc["2005-05":"2005-09", "GPP"].sum() > 400
    summer = daily.loc["2004-06":"2004-08", "GPP"].rolling(7).mean().dropna()
    assert summer.min() < 0.5 * summer.max()  # hardly a leaf is left after a cut


def test_a_sequence_says_what_grew() -> None:
    sequence = CropSequence(
        (grown("wheat", 2004), grown("alfalfa", 2005, last="2006-10-01"), grown("wheat", 2007)), 2003, 2004, 2008
    )
    assert sequence.crop_of_year() == {2004: "wheat", 2005: "alfalfa", 2006: "alfalfa", 2007: "wheat", 2008: ""}
    use = pd.Series(sequence.carbon_use(), index=sequence.days())
    assert use["2005-07-01"] == CROPS["alfalfa"].carbon_use
    text, components = rotation(sequence)
    assert components == 7
    assert text.count(" 1 FA IB0001 FALLOW") == 1
    assert [line for line in text.splitlines() if " MA  " in line][-1].endswith("Y")  # alfalfa is cut every 40 days
