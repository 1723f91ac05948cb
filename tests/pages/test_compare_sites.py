"""Names on "Simulated against observed": every chosen source can be read and taken out; scores name their sites."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from agroflux.ui import compare_panels
from tests.pages import untrained
from tests.pages.opened import open_page

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
