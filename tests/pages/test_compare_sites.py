"""Names and files on "Simulated against observed": sources can be read and taken out; scores name what they are of."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from agroflux.ui import compare_panels
from tests.pages import untrained
from tests.pages.opened import open_page, said

TWO = "19027,17019"
_open = partial(open_page, "compare", years="2016-2016", var="GPP")


@pytest.fixture(scope="module", autouse=True)
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one small untrained model."""
    with untrained.installed(tmp_path_factory.mktemp("models")) as folder:
        yield folder


def test_scores_call_counties_as_the_picker_does_and_their_file_holds_the_id_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(compare_panels.show, "csv", lambda frame, name, *_, **__: files.__setitem__(name, frame))
    app = _open(sites=TWO)
    assert not app.exception and not app.error
    assert app.dataframe[0].value["Site"].drop_duplicates().tolist() == ["all", "Champaign, IL", "Carroll, IA"]
    assert "Site name" not in app.dataframe[0].value
    file = files["GPP-daily-counties-n168-scores"]
    pairs = file[["Site", "Site name"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["all", "all"], ["17019", "Champaign, IL"], ["19027", "Carroll, IA"]]


def test_one_county_needs_no_column_of_sites() -> None:
    app = _open(sites="19027")
    assert not app.exception and not app.error
    assert "Site" not in app.dataframe[0].value


def test_sources_stand_on_as_many_lines_as_they_need() -> None:
    app = _open(sites="19027")
    assert app.multiselect(key="w.compare-sources").proto.wrap, "on one line most of them are out of sight"


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """Tables that the page offers as CSV, by name."""
    found: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(compare_panels.show, "csv", lambda frame, name, *_, **__: found.__setitem__(name, frame))
    return found


def test_of_few_values_no_score_of_agreement_is_given_and_the_page_says_why(files: dict[str, pd.DataFrame]) -> None:
    app = _open(sites=TWO, years="2016-2017", agg="annual")
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert set(table["n"]) == {2, 4}, "two years of a county, four of both"
    assert table[["R²", "NSE", "KGE"]].isna().all(axis=None)
    assert table[["RMSE [g C m⁻² yr⁻¹]", "MAE [g C m⁻² yr⁻¹]", "Bias [g C m⁻² yr⁻¹]"]].notna().all(axis=None)
    assert "R², NSE and KGE are left empty where fewer than 10 values are scored" in said(app)
    file = files["GPP-annual-counties-n168-scores"]
    assert file[["R²", "NSE", "KGE"]].isna().all(axis=None)
    assert set(file["left_empty"]) == {"R², NSE, KGE: fewer than 10 values"}


def test_scores_of_enough_values_are_given_beside_those_of_too_few(files: dict[str, pd.DataFrame]) -> None:
    app = _open(sites=TWO, years="2013-2018", agg="annual")
    table = app.dataframe[0].value.set_index("Site")
    assert set(table.loc["all", "n"]) == {12} and table.loc["all", ["R²", "NSE", "KGE"]].notna().all(axis=None)
    assert table.drop("all")[["R²", "NSE", "KGE"]].isna().all(axis=None)
    file = files["GPP-annual-counties-n168-scores"].set_index("Site")
    assert (file.loc["all", "left_empty"] == "").all() and (file.drop("all")["left_empty"] != "").all()
    assert "are left empty" not in said(_open(sites=TWO, agg="monthly"))


def test_files_tell_the_step_what_was_scored_and_the_year_of_a_value_a_year(files: dict[str, pd.DataFrame]) -> None:
    for step, scored_on in (("daily", "common days"), ("monthly", "common months"), ("annual", "common years")):
        _open(sites=TWO, agg=step)
        scores, values = (files[f"GPP-{step}-counties-n168{end}"] for end in ("-scores", ""))
        assert set(scores["step"]) == set(values["step"]) == {step}
        assert set(scores["scored_on"]) == {scored_on}
        assert values[["site", "site_name"]].drop_duplicates().to_numpy().tolist() == [
            ["17019", "Champaign, IL"],
            ["19027", "Carroll, IA"],
        ]
        assert ("year" in values) == (step == "annual") and ("time" in values) == (step != "annual")
    assert values["year"].tolist() == [2016, 2016]
    _open(sites=TWO, var="Yield")
    assert set(files["Yield-annual-counties-n168"]["year"]) == {2016}
    assert set(files["Yield-annual-counties-n168-scores"]["scored_on"]) == {"common years"}


def test_measured_days_are_told_with_the_step_that_they_were_averaged_to(files: dict[str, pd.DataFrame]) -> None:
    at = {"compare_where": "towers-sample", "sites": "US-AR1", "years": "2010-2010", "compare_days": "measured"}
    for step, scored_on in (("daily", "measured days"), ("weekly", "weeks of measured days")):
        app = _open(agg=step, **at)
        assert not app.exception and not app.error
        assert set(files[f"GPP-{step}-towers-sample-scores"]["scored_on"]) == {scored_on}


@pytest.mark.parametrize("crop", ["corn", "soybean"])
def test_a_file_says_what_the_model_was_told_at_a_tower(crop: str, files: dict[str, pd.DataFrame]) -> None:
    app = _open(compare_where="towers-sample", sites="US-AR1", var="GPP", compare_crop=crop)
    assert not app.exception and not app.error
    mine = [file for name, file in files.items() if name.startswith("GPP-")]  # the first page is run before it
    assert len(mine) == 2
    for file in mine:
        (told,) = set(file["assumed"])
        assert crop in told
