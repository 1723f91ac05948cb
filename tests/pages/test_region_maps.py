"""The maps of "Run on a region": all counties in sight beside one another, and files that say what they show."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from agroflux import paths
from agroflux.figures import choropleth
from agroflux.ui import region_models
from tests.pages import untrained
from tests.pages.opened import open_page

NAMES = ("first", "second", "third", "fourth")
TWO = "19027,17019"
_open = partial(open_page, "region", sites=TWO, years="2015-2016", rate="84", var="ET")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four untrained models that differ in their weights."""
    made = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(NAMES):
        untrained.save(made, name, seed)
    return made


@pytest.fixture(autouse=True)
def models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page sees this folder of models alone."""
    monkeypatch.setattr(paths, "MODELS", folder)
    yield folder


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Every figure that the page offers as a file, by the file's name."""
    held: dict[str, Any] = {}
    monkeypatch.setattr(region_models.show, "figure_files", lambda fig, name: held.update({name: fig}))
    return held


def _run(app: AppTest) -> AppTest:
    next(button for button in app.button if button.label.startswith("Run")).click().run()
    assert not app.exception and not app.error
    return app


def _said(fig: Any) -> list[str]:
    """Lines above a map; none where it says nothing."""
    return str(fig.layout.title.text or "").split("<br>")


def _charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_each_map_as_a_file_says_what_it_shows_of_which_models_years_rate_and_data(drawn: dict[str, Any]) -> None:
    _run(_open(model="first,second"))
    on = "on cornbelt-century, 84 kg N ha⁻¹ to corn"
    what = "Evapotranspiration [mm yr⁻¹], 2015-2016"
    maps = {name: _said(fig) for name, fig in drawn.items() if "-map-" in name}
    assert maps == {
        "region-first-ET-map-2015-2016-n84": [what, f"first {on}"],
        "region-second-ET-map-2015-2016-n84": [what, f"second {on}"],
        "region-first-minus-second-ET-map-2015-2016-n84": [
            f"{what}: difference", f"first minus second, both {on}",
        ],
        "region-2-models-mean-ET-map-2015-2016-n84": [f"{what}: ensemble mean of 2 models", f"first, second {on}"],
    }  # fmt: skip
    assert all(fig.data[0].showscale for name, fig in drawn.items() if "-map-" in name)
    assert all(name.endswith("-2015-2016-n84") or "-2015-2016-n84-" in name for name in drawn if "region" in name)


def test_what_of_the_ensemble_is_shown_is_in_its_file(drawn: dict[str, Any]) -> None:
    app = _run(_open(model="second,third", region_spread="range"))
    file = drawn["region-2-models-range-ET-map-2015-2016-n84"]
    assert _said(file)[0].endswith(": highest less lowest of 2 models")
    app.selectbox(key="w.region-first").set_value("third").run()
    app.selectbox(key="w.region-second").set_value("second").run()
    assert _said(drawn["region-third-minus-second-ET-map-2015-2016-n84"])[1].startswith("third minus second, both on")


def test_many_names_are_wrapped_above_a_map(drawn: dict[str, Any]) -> None:
    app = _run(_open(model="first"))
    done = app.session_state["agroflux.region.result"]
    lines = region_models.titles(done, region_models.schema.get("ET"), ", ".join(["a-model-of-some-length"] * 12))
    assert len(lines) == 5 and max(map(len, lines)) <= 140
    assert lines[-1] == "on cornbelt-century, 84 kg N ha⁻¹ to corn"
    assert " ".join(lines[1:]).count("a-model-of-some-length") == 12


def test_the_map_of_one_model_as_a_file_does_too(drawn: dict[str, Any]) -> None:
    _run(_open(model="first"))
    file = drawn["region-first-ET-map-2015-2016-n84"]
    assert _said(file) == [
        "Evapotranspiration [mm yr⁻¹], 2015-2016",
        "first on cornbelt-century, 84 kg N ha⁻¹ to corn",
    ]


def test_maps_side_by_side_never_get_narrower_than_their_counties() -> None:
    app = _run(_open(model=",".join(NAMES)))
    assert len(_charts(app)) == 9  # picker, four models, difference, ensemble, two of series

    def widths(block: Any, held: int = 0) -> list[int]:
        """Width in pixels of the nearest block of one around each figure; 0 for none."""
        if block.type == "plotly_chart":
            return [held]
        config = getattr(getattr(block, "proto", None), "width_config", None)
        held = getattr(config, "pixel_width", 0) or held
        return [found for child in getattr(block, "children", {}).values() for found in widths(child, held)]

    around = widths(app.main)[1:]  # the picker is as wide as the page
    assert len(around) == 8 and min(around) >= choropleth.NARROWEST


def test_the_caption_says_what_the_band_of_the_ensemble_shows() -> None:
    def told(models: str) -> tuple[list[str], str]:
        app = _run(_open(model=models))
        names = [trace.get("name") for trace in _charts(app)[-1]["data"] if trace.get("showlegend") is not False]
        return names, next(str(one.value) for one in app.caption if one.value.startswith("The band"))

    names, text = told("first,second")
    assert names == ["Lowest to highest model", "Mean of the models"] and "of the 2 models" in text
    names, text = told(",".join(NAMES))
    assert "Mean ± standard deviation, within that range" in names and "cut off" in text


@pytest.mark.parametrize(("chosen", "end"), [("first", "1 site-year in"), ("first,second", "1 site-year each")])
def test_one_county_in_one_year_is_one_site_year(chosen: str, end: str) -> None:
    app = _run(open_page("region", sites="19027", years="2015-2015", var="ET", model=chosen))
    told = [str(one.value).replace("\\", "") for one in app.caption]
    assert any(end in text for text in told), told
