"""The total of a period beside the totals of its years, on the bundled data: what is said is what the figures do."""

import io
import re
from functools import cache

import numpy as np
import openpyxl
import pytest

from agroflux import geo
from agroflux.data import catalog
from agroflux.emissions import notes, report
from agroflux.emissions.assess import Assessment, assess
from agroflux.emissions.question import Question, of_simulator
from agroflux.emissions.workbook import to_xlsx

DATA = "cornbelt-century"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'


@cache
def _answer(*years: int) -> Assessment:
    sources = of_simulator(DATA, catalog.open_dataset(DATA), catalog.open_dataset)
    return assess(Question(168.0, years, draws=50), sources, geo.county_facts())


@pytest.mark.parametrize("years", [(2014, 2015), (2013, 2014, 2015, 2016), (2016, 2017, 2018), (2013, 2018)])
def test_where_the_figure_is_not_the_mean_of_its_years_that_is_said(years: tuple[int, ...]) -> None:
    made = _answer(*years)
    chosen = made.years.loc[made.years["in_period"], made.headline]
    figure = made.interval(made.headline)["value"]
    said = notes.beside_years(made)
    found = re.search(r"it is not the mean of the years, but lies (\d+\.\d) % (above|below) that", said)
    assert found, said
    signed = float(found[1]) * (1 if found[2] == "above" else -1)
    assert signed == pytest.approx(100 * (figure / chosen.mean() - 1), abs=0.051)
    assert ("each of them" in said) == (not chosen.min() <= figure <= chosen.max())
    assert said in notes.trend(made)
    assert "average over" not in notes.what(made), "it is no average of the years"


def test_a_figure_above_all_its_years_is_named_as_such_everywhere() -> None:
    made = _answer(2014, 2015)
    figure = made.interval(made.headline)["value"]
    assert figure > made.years.loc[made.years["in_period"], made.headline].max()
    text = report.html(made, {"years": SVG}, [], ["agroflux"])
    assert "lies 2.5 % above that, and above each of them" in text and notes.BARS in text
    summary = openpyxl.load_workbook(io.BytesIO(to_xlsx(made, synthetic=False)))["Summary"].iter_rows(values_only=True)
    assert any(item == "Years" and "above each of them" in value for item, value in summary)


def test_one_year_is_its_own_period() -> None:
    made = _answer(2014)
    assert notes.beside_years(made) == ""
    assert ", in 2014 (a crop not grown then: in its nearest years), with 168 kg" in notes.what(made)
    year = made.years.set_index("year").loc[2014]
    assert year[made.headline] == pytest.approx(made.interval(made.headline)["value"])


def test_years_tell_how_many_crops_they_borrow_and_claim_nothing_of_the_period() -> None:
    made = _answer(2014, 2015)
    assert "outside_period" not in made.years
    borrowed = made.years.set_index("year")["borrowed_crops"]
    assert borrowed[2014] == int(_answer(2014).totals.crops["outside_period"].sum()) > 50
    assert not made.totals.crops["outside_period"].any(), "in two years every county grows both"


def test_the_weather_of_one_or_two_years_is_less_sure_than_that_of_six() -> None:
    found = {}
    for years in ((2014,), (2013, 2014), tuple(range(2013, 2019))):
        made = _answer(*years)
        row = made.parts.set_index(["quantity", "component"]).loc[("n2o_t", "weather")]
        found[len(years)] = row["sd"] / made.interval("n2o_t")["value"]
    # Two years hold one of each crop; what does not grow in 2014 takes the year before and the year after.
    assert found[2] == pytest.approx(np.sqrt(3) * found[6], rel=0.1)
    assert found[6] < found[1] < found[2]


@pytest.mark.parametrize("years", [(2014,), (2013, 2015)])
def test_a_period_without_years_of_a_crop_says_everywhere_that_it_takes_nearest_years(years: tuple[int, ...]) -> None:
    made = _answer(*years)
    borrowed = int(made.totals.crops["outside_period"].sum())
    said = f"{borrowed} of {len(made.totals.crops)} county crops do not grow in the chosen period"
    assert borrowed > 50 and any(text.startswith(said) for text in made.gaps)
    assert "nearest" in notes.what(made)
    text = report.html(made, {}, [], ["agroflux"])
    assert said in text and "or, without any there, over its nearest years" in text
    whole = _answer(2013, 2014, 2015, 2016)
    assert "nearest" not in notes.what(whole) and not whole.totals.borrowed and whole.gaps == ()
