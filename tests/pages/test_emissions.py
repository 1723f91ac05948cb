"""The page "Regional emissions" with the bundled data: what it shows is what the package computes."""

import contextlib
import json
import re
import shlex
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from shapely.geometry import box, mapping
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from agroflux import cli, geo
from agroflux.data import catalog, importing
from agroflux.emissions import notes
from agroflux.emissions.assess import assess
from agroflux.emissions.question import Question, of_simulator
from agroflux.emissions.sums import whole_years
from agroflux.emissions.totals import Totals, totals
from agroflux.ui import show
from tests.pages.opened import open_page

ROOT = Path(__file__).resolve().parent.parent.parent
SCALE = {"t": 1.0, "kt": 1e3, "Mt": 1e6}


_open = partial(open_page, "emissions")


@pytest.fixture(scope="module")
def opened() -> AppTest:
    """The page as it opens, for tests that only look."""
    return _open()


def _metric(app: AppTest, label: str) -> float:
    """A headline figure in tonnes."""
    (found,) = [m for m in app.metric if m.label.startswith(f"{label} [")]
    unit = re.search(r"\[(\w+) ", found.label)
    assert unit
    return float(found.value.replace(",", "").replace("\u2212", "-")) * SCALE[unit[1]]


def _table(app: AppTest) -> pd.DataFrame:
    """The ranked table of counties or states."""
    return next(d.value for d in app.dataframe if "Rank" in d.value.index.names)


def _expected(**changes: object) -> Totals:
    kwargs = {"n_rate": 168.0, "gwp": "AR6", **changes}
    ds = catalog.open_dataset(str(kwargs.pop("data", "cornbelt-century")))
    kwargs.setdefault("years", whole_years(ds))
    return totals(ds, geo.county_facts(), **kwargs)


def test_the_headline_is_the_packages_total(opened: AppTest) -> None:
    app = opened
    assert not app.exception
    assert not app.error
    region = _expected().by("region").iloc[0]
    assert _metric(app, "N₂O") == pytest.approx(region["n2o_t"], rel=1e-3)
    assert _metric(app, "N₂O as CO₂e") == pytest.approx(region["n2o_t_co2e"], rel=1e-3)
    assert _metric(app, "NEE") == pytest.approx(region["nee_t_co2"], rel=1e-3)
    assert _metric(app, "NECB") == pytest.approx(region["necb_t_co2"], rel=1e-3)
    assert _metric(app, "Soil carbon") == pytest.approx(region["soil_carbon_t_co2"], rel=1e-3)


def test_a_link_sets_the_choice() -> None:
    app = _open(data="cornbelt-ceres", rate="252", years="2015-2016", emissions_gwp="AR4")
    region = _expected(data="cornbelt-ceres", n_rate=252.0, years=[2015, 2016], gwp="AR4").by("region").iloc[0]
    assert _metric(app, "N₂O") == pytest.approx(region["n2o_t"], rel=1e-3)
    assert _metric(app, "N₂O as CO₂e") == pytest.approx(region["n2o_t_co2e"], rel=1e-3)
    assert app.query_params["emissions-gwp"] == "AR4"


def test_a_single_year_says_that_crops_are_borrowed(opened: AppTest) -> None:
    app = _open(years="2014-2014")
    borrowed = int(_expected(years=[2014]).crops["outside_period"].sum())
    assert borrowed > 50
    assert any(c.value.startswith(f"{borrowed} of ") for c in app.caption)
    assert not any("do not grow in the chosen period" in c.value for c in opened.caption)


def test_a_figure_above_all_its_years_says_why() -> None:
    app = _open(years="2014-2015")
    (said,) = [c.value for c in app.caption if "not the mean of the years" in c.value]
    assert "above that, and above each of them" in said.replace("\\", "")
    assert not any("on average over" in m.value for m in app.markdown)


def test_the_headline_says_its_interval_in_words(opened: AppTest) -> None:
    (text,) = [h.value for h in opened.header]
    assert re.search(r"t CO₂e, 80 % interval \d", text.replace("\\", ""))
    deltas = [m.delta for m in opened.metric if m.label.startswith("N₂O as CO₂e [")]
    assert " to " in deltas[0]


def test_the_table_ranks_counties_or_states(opened: AppTest) -> None:
    table = _table(opened)
    assert len(table) == len(_expected().by("county"))
    assert table["n2o_t"].is_monotonic_decreasing
    states = _table(_open(emissions_rows="state"))
    assert states["n2o_t"].tolist() == pytest.approx(_expected().by("state")["n2o_t"].tolist())


def _with_areas(text: str) -> AppTest:
    app = _open()
    (upload,) = [u for u in app.file_uploader if u.label == "Own areas"]
    return upload.set_value(("mine.csv", text.encode(), "text/csv")).run()


def test_own_areas_are_used() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,1000,1000\n")
    assert not app.error
    assert any("Own areas of 1 county are" in s.value for s in app.success)
    assert len(_table(app)) == 1


def test_own_areas_that_the_data_lack_are_not_counted_as_in_use() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,1000,1000\n19001,1000,1000\n")
    assert any("Own areas of 1 of 2 counties are in use: the others are not" in s.value for s in app.success)
    assert any("1 of 2 counties of own areas" in m.value and "not counted" in m.value for m in app.markdown)


def test_areas_with_a_mistake_are_named_and_the_page_goes_on() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,-5,1000\n")
    assert not app.exception
    (error,) = app.error
    assert "row 2, column corn" in error.value.replace("\\", "")
    assert "negative" in error.value
    assert len(_table(app)) == len(_expected().by("county"))
    assert _metric(app, "N₂O") == pytest.approx(_expected().by("region")["n2o_t"].item(), rel=1e-3)


def test_areas_that_add_up_to_nothing_are_refused() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,0,0\n")
    (error,) = app.error
    told = error.value.replace("\\", "")
    assert told.startswith("mine.csv: columns corn_area_ha and soybean_area_ha add up to 0 ha: give")
    assert _metric(app, "N₂O") == pytest.approx(_expected().by("region")["n2o_t"].item(), rel=1e-3)


def test_own_areas_of_another_state_are_told_as_the_cause_with_both_ways_out() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,1000,1000\n19169,1000,1000\n")
    next(s for s in app.selectbox if s.key == "w.emissions-where").select("IN").run()
    assert not app.exception
    (error,) = app.error
    told = error.value.replace("\\", "")
    assert told == (
        "none of the 2 counties of own areas (mine.csv) lies in Indiana (25 of 92 counties): choose another place, or "
        "remove these areas"
    )
    assert any(e.proto.label.startswith("Own areas") and e.proto.expanded for e in app.expander)
    app.button(key="emissions.areas.remove").click().run()
    assert not app.error and len(_table(app)) == int(_expected().by("state").set_index("state").at["IN", "counties"])


def _beside_tier1(app: AppTest) -> Selectbox:
    """The picker of the comparison with Tier 1."""
    (found,) = [s for s in app.selectbox if s.label == "Place" and s.key != "w.emissions-where"]
    return found


@pytest.mark.parametrize("linked", ["", "All counties", "IA"])
def test_the_comparison_with_tier1_calls_the_place_by_its_name(linked: str) -> None:
    county = str(_expected().by("county")["fips"].iloc[0])
    for where, name in (
        ("IA", "Iowa (31 of 99 counties)"),
        (county, _expected().by("county")[["county", "state"]].iloc[0].str.cat(sep=", ")),
    ):
        app = _open(emissions_where=where, **({"emissions_place": linked} if linked else {}))
        assert not app.exception and not app.error and not app.warning
        picker = _beside_tier1(app)
        assert picker.options == [name] and picker.value == name
        (beside,) = [d.value for d in app.dataframe if "Estimate" in d.value]
        assert set(beside["Place"]) == {name}


def test_links_to_the_comparison_of_all_counties_hold() -> None:
    for linked, name in (("All counties", "All counties"), ("IL", "Illinois")):
        app = _open(emissions_place=linked)
        assert not app.warning
        picker = _beside_tier1(app)
        assert picker.options == ["All counties", "Iowa", "Illinois", "Indiana"]
        assert picker.value == linked and app.query_params["emissions-place"] == linked
        assert picker.options[picker.index or 0] == name


def test_own_files_hold_after_another_page_until_they_are_removed() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,1000,1000\n")
    app.switch_page("pages/whatif.py").run()
    app.switch_page("pages/emissions.py").run()
    assert not app.error and len(_table(app)) == 1
    assert any("In use: **mine.csv" in m.value.replace("\\", "") for m in app.markdown)
    app.button(key="emissions.areas.remove").click().run()
    assert len(_table(app)) == len(_expected().by("county"))
    assert not any("Own areas of" in s.value for s in app.success)


def test_a_wrong_file_in_place_of_a_right_one_ends_it() -> None:
    app = _with_areas("fips,corn_area_ha,soybean_area_ha\n19027,1000,1000\n")
    (upload,) = [u for u in app.file_uploader if u.label == "Own areas"]
    upload.set_value(("wrong.csv", b"fips,corn_area_ha,soybean_area_ha\n19027,-5,1000\n", "text/csv")).run()
    app.switch_page("pages/whatif.py").run()
    app.switch_page("pages/emissions.py").run()
    assert not app.error and len(_table(app)) == len(_expected().by("county"))


def _upload_region(raw: bytes) -> AppTest:
    app = _open()
    (upload,) = [u for u in app.file_uploader if u.label == "Own region"]
    return upload.set_value(("mine.geojson", raw, "application/geo+json")).run()


def test_a_polygon_of_ones_own_gives_the_county_it_outlines() -> None:
    fips = str(_expected().by("county")["fips"].iloc[0])
    outline = geo.counties().set_index("fips").geometry[fips]
    app = _upload_region(json.dumps(mapping(outline)).encode())
    assert not app.error
    assert _beside_tier1(app).options == ["mine.geojson"]
    county = _expected().by("county").iloc[0]
    assert _metric(app, "N₂O") == pytest.approx(county["n2o_t"], rel=1e-3)
    assert any("1 county of the data lies" in s.value for s in app.success)


def test_states_beside_a_polygon_are_only_the_part_inside_it() -> None:
    app = _upload_region(json.dumps(mapping(box(-92, 40.2, -90, 42))).encode())
    assert _beside_tier1(app).options == ["mine.geojson", "Part in Iowa", "Part in Illinois"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"{", "not JSON"),
        (b'{"type":"Polygon","coordinates":[[[5,50],[6,50],[6,51],[5,50]]]}', "outside the counties"),
        (b'{"type":"Polygon","coordinates":[[[-93,42],[-92,43],[-92,42],[-93,43],[-93,42]]]}', "not valid"),
        (b'{"type":"Polygon","coordinates":[[[4e5,4.6e6],[5e5,4.6e6],[5e5,4.7e6],[4e5,4.6e6]]]}', "metres of a"),
        (b" " * 6_000_000, "MB that are read"),
    ],
)
def test_a_polygon_that_cannot_be_used_is_named_and_the_page_goes_on(raw: bytes, message: str) -> None:
    app = _upload_region(raw)
    assert not app.exception
    (error,) = app.error
    assert message in error.value.replace("\\", "")
    assert _metric(app, "N₂O") == pytest.approx(_expected().by("region")["n2o_t"].item(), rel=1e-3)


def test_one_county_by_link_with_the_command_that_gives_the_same_numbers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Page, command line and Python: one question, one answer."""
    fips = str(_expected().by("county")["fips"].iloc[3])
    app = _open(emissions_where=fips, emissions_n2o="all", emissions_gwp="AR5", emissions_horizon="20")
    (code,) = app.get("code")
    words = shlex.split(code.value)
    _run([*words[1 : words.index("--report")], "--json"])
    told = json.loads(capsys.readouterr().out)
    ds = catalog.open_dataset("cornbelt-century")
    question = Question(168.0, tuple(whole_years(ds)), "AR5", 20, True, counties=(fips,))
    mine = assess(question, of_simulator("cornbelt-century", ds, catalog.open_dataset), geo.county_facts())
    row = mine.interval("n2o_all_t_co2e")
    for end in ("low80", "high80", "low95"):
        assert told["region"][f"n2o_all_t_co2e_{end}"] == pytest.approx(row[end], rel=1e-12)
    assert told["region"]["n2o_all_t_co2e"] == pytest.approx(row["value"], rel=1e-12)
    assert _metric(app, "With indirect") == pytest.approx(row["value"], rel=1e-3)
    assert not any("e+" in m.value for m in app.metric), "areas of a county are written out"
    (shown,) = [h.value for h in app.header]
    assert notes.headline(mine).split(" t CO2e")[0] in shown.replace("\\", "")


OF_CHAMBERS = "lstm-cornbelt-century-chambers-synthetic-finetune"


def test_a_model_adapted_to_synthetic_chambers_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    importing.save(catalog.open_dataset("cornbelt-century").isel(site=slice(0, 3)).load(), "mine")
    files: dict[str, pd.DataFrame] = {}

    def keep(frame: pd.DataFrame, name: str, *_: object, **__: object) -> None:
        files.update({name: frame} if name.startswith("emissions-") else {})

    monkeypatch.setattr(show, "csv", keep)
    app = _open(data="mine", emissions_from=OF_CHAMBERS, emissions_n2o="all")
    assert not app.exception and not app.error
    (banner,) = [str(box.value).replace("\\", "") for box in app.warning]
    assert "Synthetic data in view:** Six virtual N₂O chambers" in banner
    said = " ".join(str(one.value) for one in (*app.markdown, *app.info))
    assert "adapted to other data, here synthetic" in said and "adapted to measurements" not in said
    assert [set(table["synthetic"]) for table in files.values()] == [{"yes"}, {"yes"}]
    # Every figure of the headline names what it counts, the nitrogen lever too.
    drawn = [str(one.proto.spec) for one in app.get("plotly_chart")]
    assert sum("Direct and indirect N\\u2082O as CO\\u2082e" in one for one in drawn) == 3
    files.clear()
    app = _open(data="mine")
    assert not app.warning and [set(table["synthetic"]) for table in files.values()] == [{"no"}, {"no"}]


def _run(arguments: list[str]) -> None:
    with contextlib.suppress(SystemExit):
        cli.main(arguments)


def test_the_factors_that_are_offered_are_those_of_the_horizon_in_the_link() -> None:
    app = _open(years="2014-2014", emissions_horizon="20")
    picker = next(group for group in app.get("button_group") if group.label.startswith("GWP"))
    assert picker.label == "GWP-20 of N₂O"
    assert list(picker.options) == ["AR4: 289", "AR5: 264", "AR6: 273"]


@pytest.mark.parametrize(
    ("rates", "says"),
    [((168.0,), "The data hold one nitrogen rate."), ((84.0, 168.0), "The data hold 2 nitrogen rates, but too many")],
)
def test_why_there_is_no_lever_is_told_as_it_is(
    rates: tuple[float, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    ds = catalog.open_dataset("cornbelt-century").isel(site=slice(0, 3))
    ds = ds.isel(scenario=ds["n_rate"].isin(rates).to_numpy()).load()
    known = ds["n_rate"] == 168.0
    importing.save(ds.assign({"Yield": ds["Yield"].where(known).assign_attrs(ds["Yield"].attrs)}), "mine")
    app = _open(data="mine", rate="168")
    assert not app.exception and not app.error
    (told,) = [one.value for one in app.info if "nitrogen rate" in one.value]
    assert told.startswith(says)
    beside = any("The nitrogen lever leaves out 84" in one.value for one in app.markdown)
    assert beside == (len(rates) > 1), "where values are missing, it is told which"
