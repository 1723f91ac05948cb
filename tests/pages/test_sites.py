"""The page "Sites and counties" with the bundled data: what it says is what the package computes."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agroflux import geo, maps, paths
from agroflux.data import catalog, store, summary
from agroflux.ui import mapview, sites, sites_skill

ROOT = Path(__file__).resolve().parent.parent.parent
CARROLL = "19027"  # Iowa
DATA = "cornbelt-century"

pytestmark = pytest.mark.skipif(
    DATA not in {entry.id for entry in catalog.entries(only_ok=True)}, reason=f"assets/data holds no {DATA}"
)


def _open(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600)
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    return app


def _html(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def _said(app: AppTest) -> str:
    return " ".join(str(box.value).replace("\\", "") for box in (*app.info, *app.warning, *app.error))


def _figures(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_the_page_opens_with_the_map_in_numbers_and_the_way_on() -> None:
    app = _open()
    values = summary.site_means(catalog.open_dataset(DATA), "GPP", range(2013, 2019), 168.0)
    assert app.title[0].value == "Sites and counties"
    assert f"Mean of {len(values)} counties" in _html(app)
    assert maps.number(values.mean()) in _html(app) and maps.number(values.max()) in _html(app)
    assert "Nothing selected yet" in _said(app)
    assert not app.error and not _figures(app)


def test_a_linked_county_shows_its_facts_and_seasons() -> None:
    app = _open(sites=CARROLL, var="NEE", rate="252", years="2014-2015")
    facts = geo.county_facts().loc[CARROLL]
    assert app.multiselect[0].value == [CARROLL]
    assert f"{facts['corn_yield_t_ha']:.1f} t ha⁻¹" in _html(app)
    figures = _figures(app)
    assert len(figures) == 6
    assert figures[0]["layout"]["title"]["text"] == "Net ecosystem exchange"
    assert {t["name"] for t in figures[0]["data"] if t.get("name")} == {
        f"{entry.title}, {crop} years" for entry in catalog.entries(only_ok=True) if entry.kind == "simulation"
        for crop in ("corn", "soybean")
    }  # fmt: skip


def test_several_sites_share_one_variable() -> None:
    app = _open(sites=f"{CARROLL},17107", var="GPP")
    titles = [figure["layout"]["title"]["text"] for figure in _figures(app)]
    assert titles == ["Carroll, IA", "Logan, IL"]


def test_a_measured_tower_shows_what_was_measured_and_no_banner() -> None:
    app = _open(sites="US-Tw3", var="NEE")
    assert "measured" in _html(app)
    assert len(_figures(app)) >= 3
    assert "Synthetic data in view" not in _said(app)


def _captions(app: AppTest) -> str:
    return " ".join(str(caption.value).replace("\\", "") for caption in app.caption)


def test_a_variable_that_a_tower_lacks_is_named_and_the_others_are_drawn() -> None:
    app = _open(sites=f"US-Tw3,{CARROLL}", var="ET")
    assert [figure["layout"]["title"]["text"] for figure in _figures(app)] == ["Carroll, IA"]
    assert "Without Evapotranspiration: " in _captions(app) and not app.error
    app = _open(sites="US-Tw3", var="N2O_FLUX")
    assert "N₂O flux has no daily value here" in _captions(app) and _figures(app)
    assert "A shade spans" in _captions(app)
    app = _open(sites=CARROLL, var="Yield")
    assert "has one value a year" in _captions(app)
    assert "A shade spans" not in _captions(app), "four lines a panel have none"


def test_a_simulation_without_the_rate_or_the_years_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    one = catalog.open_dataset(DATA)[["GPP"]].sel(site=[CARROLL]).load().drop_encoding()
    few = one.isel(scenario=np.flatnonzero(np.isin(one["n_rate"], [0.0, 168.0])))
    for name, part in (("rates", few), ("early", one.sel(time="2013"))):
        store.write_store(part.assign_attrs(title=f"Of {name}"), tmp_path / "datasets" / f"{name}.zarr")
    app = _open(sites=CARROLL, var="GPP", rate="252", years="2014-2015")
    assert _figures(app) and not app.error
    assert "Of rates is left out: it has no 252 kg N ha⁻¹ (it has 0, 168)" in _captions(app)
    assert "Of early is left out: it has no year of 2014-2015 (it has 2013)" in _captions(app)


def test_synthetic_chambers_bring_the_banner() -> None:
    chamber = str(catalog.open_dataset("chambers-synthetic")["site"].to_numpy()[0])
    app = _open(sites=chamber, var="N2O_FLUX")
    assert "Synthetic data in view" in _said(app)
    assert _figures(app)


def test_a_benchmark_tower_says_bring_your_data() -> None:
    app = _open(sites="US-Ne1", var="NEE")
    assert "No measurements of this tower are bundled" in _said(app)
    assert "10.17190/AMF/1246084" in _html(app)
    assert not _figures(app) and not app.error


def test_pickers_and_headings_write_formulas_alike_and_the_link_keeps_the_name() -> None:
    app = _open()
    picker = next(box for box in app.selectbox if box.label == "Variable")
    # The name behind is for those who type it.
    assert [option for option in picker.options if "N2O" in option] == ["Nitrogen · N₂O flux [g N m⁻² d⁻¹] (N2O_FLUX)"]
    assert not [option for option in picker.options if "CO2" in option and "CO₂" not in option]
    picker.set_value("N2O_FLUX").run()
    assert app.query_params["var"] == "N2O_FLUX"
    assert any("**N₂O flux**" in text.value for text in app.markdown)


def test_crop_and_variable_change_the_map_in_numbers() -> None:
    app = _open(var="N2O_FLUX")
    both = _html(app)
    next(box for box in app.selectbox if box.label == "Crop").set_value("corn").run()
    values = summary.site_means(catalog.open_dataset(DATA), "N2O_FLUX", range(2013, 2019), 168.0, "corn")
    assert _html(app) != both
    assert maps.number(values.mean()) in _html(app)


def test_the_table_of_the_map_says_in_its_file_of_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[str] = []
    monkeypatch.setattr(sites.show, "download", lambda _label, make, name, _mime: files.append(make()))
    _open(var="N2O_FLUX", rate="252", years="2015-2016")
    row = pd.read_csv(io.StringIO(files[0])).iloc[0]
    assert (row["variable"], row["data"], row["years"]) == ("N2O_FLUX", DATA, "2015-2016")
    assert (row["n_rate_kg_n_ha"], row["crop_years"], row["synthetic"]) == (252.0, "both", "no")


def test_a_change_is_in_the_url_and_lasts() -> None:
    app = _open(sites=f"{CARROLL},17107")
    app.multiselect[0].set_value([CARROLL]).run()
    assert app.query_params["sites"] == CARROLL
    assert app.run().multiselect[0].value == [CARROLL]


def test_a_link_opens_the_map_of_all_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[tuple[float, float], tuple[float, float]]] = []

    def looked(*given: object, bounds: tuple[tuple[float, float], tuple[float, float]], **more: object) -> None:
        shown.append(bounds)

    monkeypatch.setattr(mapview, "county_map", looked)
    for extent in ("belt", "all"):
        _open(map_extent=extent)
    (south, west), (north, east) = shown[-1]
    assert shown[-2] == maps.CORN_BELT and west < -121 and south < 38 < north < 50 and east > -90


def test_a_map_of_all_sites_has_the_lines_of_all_states_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[str]] = []
    real = maps.base_map

    def looked(states: dict[str, Any], *given: Any, **more: Any) -> Any:
        drawn.append([code for feature in states["features"] if (code := feature["properties"].get("fips"))])
        return real(states, *given, **more)

    monkeypatch.setattr(maps, "base_map", looked)
    for extent in ("belt", "all"):
        _open(map_extent=extent)
    assert sorted(drawn[-2]) == sorted(geo.MIDWEST)
    assert sorted(drawn[-1]) == sorted(geo.nation()["fips"])


def test_variables_without_a_value_at_the_site_are_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    part = catalog.open_dataset("chambers-synthetic").isel(site=[0]).load().drop_encoding()
    part["PLANTING"] = part["N2O_FLUX"].copy(data=np.full(part["N2O_FLUX"].shape, np.nan, "float32"))
    part["PLANTING"].attrs = {"units": "1", "long_name": "Planting day"}
    part = part.assign_coords(site=["plot-1"])
    store.write_store(part.assign_attrs(title="Plots of mine"), tmp_path / "datasets" / "plots.zarr")
    listed = dict(sites.point_rows("plot-1"))["Variables"].split(", ")
    assert "N2O_FLUX" in listed and "PLANTING" not in listed


def test_of_a_site_that_two_data_sets_hold_map_and_facts_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    tower = catalog.open_dataset("towers-sample").sel(site=["US-Tw3"])[["GPP"]].load().drop_encoding()
    for name in ("a-copy", "b-copy"):
        made = tower.assign_attrs(title="A copy", synthetic=True)
        store.write_store(made, tmp_path / "datasets" / f"{name}.zarr")
    (kind,) = (point.kind for point in sites.markers(DATA) if point.id == "US-Tw3")
    facts = dict(sites.point_rows("US-Tw3"))
    assert kind == facts["Kind"] == "measured"
    assert facts["Also in"] == "A copy (synthetic); A copy (synthetic)"
    app = _open(sites="US-Tw3", var="GPP")
    assert not app.exception
    entries = [trace["name"] for figure in _figures(app) for trace in figure["data"] if trace.get("name")]
    assert {"A copy (synthetic) (a-copy)", "A copy (synthetic) (b-copy)"} <= {name.split(",")[0] for name in entries}


def test_simulated_places_that_are_no_counties_are_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    part = catalog.open_dataset(DATA)[["GPP", "N2O_FLUX"]].isel(site=[0, 1]).sel(time="2017")
    part = (
        part.load()
        .drop_encoding()
        .assign_coords(site=["field-1", "field-2"], site_name=("site", ["East", "<b>West</b>"]))
    )
    store.write_store(part.assign_attrs(title="Fields of mine"), tmp_path / "datasets" / "fields.zarr")
    app = _open(data="fields", sites="field-2")
    assert "Mean of 2 sites" in _html(app) and "simulated" in _html(app) and "Fields of mine" in _html(app)
    assert 'class="ramp"' not in _html(app), "no county has a colour"
    assert "<b>West" not in _html(app) and len(_figures(app)) >= 2
    assert "No measurements" not in _said(app) and not app.error
    points = {point.id: point.kind for point in sites.markers("fields")}
    assert points["field-1"] == "simulated" and points["US-Tw3"] == "measured" and points["US-Ne1"] == "nodata"
    assert "field-1" not in {point.id for point in sites.markers(DATA)}


def test_a_hostile_link_is_named_and_the_page_goes_on() -> None:
    app = _open(sites="99999,<script>alert(1)</script>", var="${x}", data="../../etc", years="1066-3000")
    said = _said(app)
    for part in ("99999", "${x}", "../../etc", "1066"):
        assert part in said
    assert not app.error and app.title[0].value == "Sites and counties"


def test_skill_by_county_is_a_layer_of_the_map() -> None:
    found = json.loads((paths.MODELS / "skill.json").read_text())
    row = next(r for r in found if r["data"] == DATA)
    app = _open(var="GPP", sites_layer="skill", sites_metric="bias", sites_model=sites_skill.title(row))
    assert not app.exception and not app.error
    table = next(t.value for t in app.dataframe if "County" in t.value)
    expected = dict(zip(row["sites"], row["targets"]["GPP"]["bias"], strict=True))
    assert table.iloc[:, 1].to_dict() == pytest.approx(expected)
    heading = next(text for m in app.markdown if f"Bias of {row['model']}" in (text := m.value.replace("\\", "")))
    assert "all test years, nitrogen rates and crops, whatever is picked above" in heading


def test_without_scores_of_counties_the_layer_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    app = _open(var="GPP")
    assert not app.exception and not app.error
    assert not any("Map shows" in str(group.label) for group in app.get("button_group"))
    (tmp_path / "skill.json").write_text("{}")
    assert "no scores of counties" in _open(var="GPP").error[0].value.replace("\\", "")
