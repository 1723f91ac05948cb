"""The page "Simulated against observed" with the bundled data: its scores are the package's, gaps stay gaps."""

import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from streamlit.testing.v1 import AppTest

from agroflux.data import catalog, importing
from agroflux.data.select import select
from agroflux.evaluation import metrics
from agroflux.ui import compare_panels, compare_sources, compare_view, show
from tests.pages import untrained
from tests.pages.opened import figure, open_page

ROOT = Path(__file__).resolve().parent.parent.parent
CARROLL = "19027"


@pytest.fixture(scope="module", autouse=True)
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one small untrained model: what it predicts means nothing, how the page treats it does."""
    with untrained.installed(tmp_path_factory.mktemp("models")) as folder:
        yield folder


_open = partial(open_page, "compare")


def _titles(app: AppTest) -> list[str]:
    found = []
    for chart in app.get("plotly_chart"):
        found.append(json.loads(chart.proto.spec)["layout"]["yaxis"]["title"]["text"])
    return found


def _said(app: AppTest) -> str:
    return " ".join(str(box.value).replace("\\", "") for box in (*app.info, *app.warning, *app.error))


@pytest.fixture(scope="module")
def county() -> AppTest:
    """Carroll County, GPP, daily: for tests that only look."""
    return _open(sites=CARROLL, var="GPP")


def test_the_score_is_the_score_of_the_two_data_sets(county: AppTest) -> None:
    assert not county.exception and not county.error
    one, two = (
        select(catalog.open_dataset(data), sites=[CARROLL], n_rate=168)["GPP"].to_numpy().ravel()
        for data in ("cornbelt-century", "cornbelt-ceres")
    )
    expected = metrics.score(one, two)
    row = county.dataframe[0].value.set_index("Source").loc["DSSAT CERES"]
    assert row["n"] == 2190
    assert row["NSE"] == pytest.approx(expected["nse"]) and row["KGE"] == pytest.approx(expected["kge"])
    assert row["Bias [g C m⁻² d⁻¹]"] == pytest.approx(expected["bias"])


def test_five_figures_with_units_and_the_county_has_no_measurement(county: AppTest) -> None:
    titles = _titles(county)
    assert len(titles) == 5
    assert all("[g C m⁻²" in title for title in titles), titles
    assert "No flux was measured in these counties" in _said(county)
    assert {trace["name"] for trace in figure(county, 0)["data"]} == {
        "DSSAT CENTURY",
        "DSSAT CERES",
        "LSTM (predicted, seed 5)",
    }


def test_years_of_training_are_named(county: AppTest) -> None:
    assert "was trained on 2013-2014" in _said(county)


def test_monthly_values_are_averages_of_whole_months() -> None:
    app = _open(sites=CARROLL, var="Reco", agg="monthly", years="2014-2015")
    row = app.dataframe[0].value.set_index("Source").loc["DSSAT CERES"]
    assert row["n"] == 24
    days = select(catalog.open_dataset("cornbelt-century"), sites=[CARROLL], n_rate=168, years=[2014, 2015])["Reco"]
    series = days.to_series()
    series.index = pd.DatetimeIndex(series.index.get_level_values("time"))
    expected = series.resample("MS").mean()
    drawn = next(t for t in figure(app, 0)["data"] if t["name"] == "DSSAT CENTURY")
    assert len(drawn["x"]) == 24
    assert untrained.numbers(drawn["y"]) == pytest.approx(expected.to_numpy(), rel=1e-5)


def test_an_annual_variable_is_one_bar_a_year() -> None:
    app = _open(sites=CARROLL, var="Yield")
    assert not app.exception and not app.error
    bars = [t for t in figure(app, 0)["data"] if t["type"] == "bar"]
    assert bars and all(len(t["x"]) == 6 for t in bars)
    assert app.dataframe[0].value["n"].tolist()[0] == 6


def test_a_link_to_a_tower_opens_the_tower_and_shows_its_gaps_and_gap_filling() -> None:
    app = _open(sites="US-AR1", var="GPP")
    assert not app.exception and not app.error
    names = [trace.get("name") for trace in figure(app, 0)["data"]]
    assert "Measured" in names and "Measured, mostly gap-filled" in names
    tower = catalog.open_dataset("towers-sample").sel(site="US-AR1")
    hollow = next(t for t in figure(app, 0)["data"] if t.get("name") == "Measured, mostly gap-filled")
    assert len(hollow["x"]) == int((tower["GPP_qc"] < 0.5).sum())
    said = _said(app)
    assert "km away" in said and "Expect poor scores" in said


def test_only_common_days_are_scored_at_a_tower() -> None:
    app = _open(sites="US-AR1", var="GPP")
    table = app.dataframe[0].value.set_index("Source")
    tower = catalog.open_dataset("towers-sample").sel(site="US-AR1")
    measured = int(tower["GPP"].notnull().sum())
    everything = table.loc["LSTM (predicted, seed 5)", "n"]
    assert 0 < everything <= measured
    app = _open(sites="US-AR1", var="GPP", compare_days="measured")
    filled = int((tower["GPP_qc"] < 0.5).sum())
    assert app.dataframe[0].value["n"].iloc[0] == everything - filled


def test_a_model_at_a_tower_has_the_years_that_were_asked_for_and_no_others() -> None:
    ask = compare_sources.Ask("towers-sample", ("US-AR1",), "GPP", (2011,), ("towers-sample", f"model:{untrained.ID}"))
    frame = compare_view.view(ask).frame
    assert set(frame.index.get_level_values("time").year) == {2011}
    assert frame.notna().all(axis=1).sum() == 365
    yields = compare_sources.Ask("towers-sample", ("US-AR1",), "Yield", (2011,), (f"model:{untrained.ID}",))
    assert compare_view.view(yields).frame.index.get_level_values("time").year.tolist() == [2011]


def test_a_model_without_a_value_on_the_days_in_view_says_why() -> None:
    app = _open(compare_where="towers-sample", sites="US-Tw3", var="GPP", years="2013-2014")
    assert not app.exception and not app.error
    said = _said(app)
    measured = int(catalog.open_dataset("towers-sample")["GPP"].sel(site="US-Tw3", time=slice("2013", "2014")).count())
    assert (
        f"(predicted, seed 5) has no value on the {measured} days measured at US-Tw3: on {measured} temperature" in said
    )
    assert "as they are from 10 May 2017 to 04 Jun 2018" in said


def test_what_the_tower_is_told_can_be_changed_and_changes_the_prediction() -> None:
    app = _open(sites="US-AR1", var="GPP")
    before = app.dataframe[0].value["Bias [g C m⁻² d⁻¹]"].iloc[0]
    crop = next(box for box in app.selectbox if box.label == "Crop it is told")
    crop.set_value("soybean").run()
    assert not app.exception and not app.error
    assert app.dataframe[0].value["Bias [g C m⁻² d⁻¹]"].iloc[0] != before


def test_synthetic_chambers_carry_a_banner() -> None:
    site = str(catalog.open_dataset("chambers-synthetic")["site"].to_numpy()[0])
    app = _open(sites=site, var="N2O_FLUX")
    assert not app.exception and not app.error
    assert "Synthetic data in view" in _said(app)


def test_nothing_selected_is_no_error(county: AppTest) -> None:
    app = _open(sites=CARROLL)
    app.multiselect(key="w.sites").set_value([]).run()
    assert not app.exception and not app.error
    assert "Nothing to compare yet" in _said(app)


def test_years_outside_the_data_and_unknown_counties_are_said_and_left_out() -> None:
    app = _open(sites="99999", years="1950-1960", var="GPP")
    assert not app.exception and not app.error
    assert "99999" in _said(app) and "1950" in _said(app)
    assert len(app.get("plotly_chart")) == 5


def test_a_damaged_model_is_left_out_and_the_rest_is_shown(model: Path, tmp_path: Path) -> None:
    weights = next(model.glob("*.safetensors"))
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    card = weights.with_suffix(".json")
    text = card.read_text()
    # Another checksum on the card: the app must not take the model from its cache.
    card.write_text(json.dumps({**json.loads(text), "weights_sha256": "0" * 64}))
    try:
        app = _open(sites=CARROLL, var="ET", years="2016-2016")
        assert not app.exception and not app.error
        assert "LSTM (predicted, seed 5) is left out" in _said(app)
        assert app.dataframe[0].value["Source"].tolist() == ["DSSAT CERES"]
    finally:
        weights.write_bytes(whole)
        card.write_text(text)


def _captions(app: AppTest) -> str:
    return " ".join(str(caption.value).replace("\\", "") for caption in app.caption)


def test_a_mean_over_sites_says_of_how_many() -> None:
    app = _open(compare_where="towers-sample", sites="US-Tw3,US-AR1", var="GPP", compare_sources="towers-sample")
    assert not app.exception and not app.error
    assert "Lines are means of 2 sites, of which a source has only 1 at times" in _captions(app)
    one = _open(compare_where="towers-sample", sites="US-Tw3", var="GPP", compare_sources="towers-sample")
    assert "Lines are means" not in _captions(one)


def test_sites_without_a_day_in_common_are_not_said_to_lack_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    tower = catalog.open_dataset("towers-sample").sel(site=["US-Tw3"])[["GPP"]].load().drop_encoding()
    parts = [
        tower.where(tower["time"].dt.year == year, drop=True).assign_coords(site=[f"plot-{year}"])
        for year in (2014, 2015, 2016)
    ]
    joined = xr.concat(parts, dim="site", join="outer").assign_attrs(tower.attrs)
    joined["GPP"].attrs = tower["GPP"].attrs
    importing.save(joined, "plots")
    app = _open(compare_where="plots", sites="plot-2014,plot-2015,plot-2016", var="GPP", compare_sources="plots")
    assert not app.exception and not app.error
    assert "never do 50% of the sites have a value at once" in _said(app)
    assert "80% of its days" not in _said(app)


def test_a_value_a_year_has_no_season_and_no_months() -> None:
    app = _open(sites=CARROLL, var="Yield", compare_differences="month")
    assert not app.exception and not app.error
    assert "Mean seasonal cycle" not in " ".join(str(text.value) for text in app.markdown)
    app = _open(sites=CARROLL, var="N2O_FLUX", agg="annual", compare_differences="month")
    assert not any("Jan" in trace.get("x", []) for n in range(5) for trace in figure(app, n)["data"])
    assert _titles(app)[0].endswith("[kg N ha⁻¹ yr⁻¹]")


def test_files_say_of_what_their_values_are(monkeypatch: pytest.MonkeyPatch) -> None:
    tables: dict[str, pd.DataFrame] = {}
    sets: list[xr.Dataset] = []
    monkeypatch.setattr(compare_panels.show, "csv", lambda frame, name, *_, **__: tables.__setitem__(name, frame))
    monkeypatch.setattr(compare_panels.show, "netcdf", lambda make, *_: sets.append(make()))
    app = _open(sites=CARROLL, var="N2O_FLUX", rate="252", agg="annual")
    assert not app.exception and not app.error
    scores, values = tables["N2O_FLUX-annual-counties-n252-scores"], tables["N2O_FLUX-annual-counties-n252"]
    assert set(scores["scored_against"]) == {"DSSAT CENTURY"} and set(scores["n_rate_kg_n_ha"]) == {252.0}
    assert set(values["n_rate_kg_n_ha"]) == {252.0} and set(values["synthetic"]) == {"no"}
    assert sets[0].attrs["n_rate_kg_n_ha"] == 252.0 and "cornbelt-ceres" in sets[0].attrs["sources"]
    site = str(catalog.open_dataset("chambers-synthetic")["site"].to_numpy()[0])
    _open(compare_where="chambers-synthetic", sites=site, var="N2O_FLUX", agg="weekly")
    assert set(tables["N2O_FLUX-weekly-chambers-synthetic"]["synthetic"]) == {"yes"}
    assert sets[1].attrs["synthetic"] == 1
    _open(compare_where="towers-sample", sites="US-AR1", var="GPP")
    assert sets[2].attrs["synthetic"] == 0 and "168 kg N ha-1 to corn" in sets[2].attrs["assumed"]
    assert "n_rate_kg_n_ha" not in sets[2].attrs
    with xr.open_dataset(io.BytesIO(show._netcdf_bytes(sets[2])), engine="h5netcdf") as ds:
        assert ds.attrs["citation"] == sets[2].attrs["citation"]


def test_the_whole_years_of_two_counties_are_pooled_and_listed() -> None:
    app = _open(sites=f"{CARROLL},17019", var="GPP", years="2016-2016")
    table = app.dataframe[0].value
    ceres = table[table["Source"] == "DSSAT CERES"].set_index("Site")["n"]
    assert ceres.to_dict() == {"all": 730, "Champaign, IL": 365, "Carroll, IA": 365}
    assert np.isfinite(table["NSE"]).all()


def test_scores_of_a_tower_are_also_by_crop_and_by_management() -> None:
    app = _open(compare_where="towers-sample", sites="US-AR1,US-Tw3", var="NEE", compare_by="crop")
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    pooled = table[table["Site"] == "all"].set_index("Crop")["n"]
    assert list(pooled.index) == ["Alfalfa", "Switchgrass", "Unknown crop"]
    alfalfa = list(table.loc[table["Crop"] == "Alfalfa", "Site"])
    assert alfalfa[0] == "all" and alfalfa[1].startswith("US-Tw3 · ")
    every = _open(compare_where="towers-sample", sites="US-AR1,US-Tw3", var="NEE", compare_by="all")
    whole = every.dataframe[0].value.set_index("Site")["n"]
    assert pooled.sum() == whole["all"] and pooled["Alfalfa"] == whole[alfalfa[1]]
    assert every.query_params["compare-by"] == "all" and "Crop" not in every.dataframe[0].value


def test_a_county_has_no_groups_of_days(county: AppTest) -> None:
    assert "Scored on" not in {box.label for box in county.selectbox}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tower US-Tw3 once more, as a data set of the user's own whose title is not to be trusted."""
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    tower = catalog.open_dataset("towers-sample").sel(site=["US-Tw3"]).load()
    return importing.save(tower.assign_attrs(title="Mine ![x](https://example.org/x.png)"), "us-tw3")


def test_a_place_that_was_chosen_stays_where_another_data_set_holds_the_same_site(own: Path) -> None:
    app = _open(compare_where="us-tw3", sites="US-Tw3", var="GPP", compare_sources="us-tw3")
    for _ in range(2):
        assert not app.exception and not app.error
        assert app.query_params["compare-where"] == "us-tw3"
        assert app.session_state["w.compare-sources"] == ["us-tw3"]
        app.run()
    (label,) = (name for group in app.get("button_group") for name in group.options if name.startswith("Mine"))
    assert "![" not in label, "a title is text, not Markdown"


def test_sources_picked_at_counties_do_not_hide_the_measurement_of_a_tower() -> None:
    model = f"model:{untrained.ID}"
    app = _open(sites=CARROLL, var="GPP", years="2016-2016")
    app.multiselect(key="w.compare-sources").set_value(["cornbelt-ceres", model]).run()
    app.button_group(key="w.compare-where").set_value("towers-sample").run()
    assert not app.exception and not app.error
    assert app.session_state["w.compare-sources"] == ["towers-sample", model]
    app.multiselect(key="w.compare-sources").set_value([model]).run()
    assert app.session_state["w.compare-sources"] == [model], "what is taken out here stays out"


def test_a_model_sees_that_the_data_it_reads_have_changed(own: Path) -> None:
    app = _open(compare_where="us-tw3", sites="US-Tw3", var="GPP", compare_sources=f"model:{untrained.ID}")
    assert not app.exception and not app.error
    before = figure(app, 0)["data"]
    tower = catalog.open_dataset("us-tw3").load()
    importing.save(tower.assign(TMAX=tower["TMAX"] + 8, TMIN=tower["TMIN"] + 8), "us-tw3", replace=True)
    app.run()
    assert figure(app, 0)["data"] != before
