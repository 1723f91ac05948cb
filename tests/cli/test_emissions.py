"""``agroflux emissions`` on the bundled data: totals, files, and each mistake in one line."""

import csv
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from shapely.geometry import mapping

from agroflux import geo
from agroflux.cli import emissions_files, emissions_sources, emissions_text
from agroflux.data import catalog, importing
from agroflux.emissions import question
from agroflux.emissions.assess import assess
from agroflux.emissions.coverage import Coverage
from agroflux.emissions.question import Question, Sources, predicts_n2o
from agroflux.errors import ModelError
from agroflux.inference.region import available_models
from tests.cli.conftest import Call
from tests.emissions.conftest import FIPS, facts, rotation  # noqa: F401

PART = "Iowa (31 of 99 counties)"  # what the data hold of it
NO_N2O = "lstm-randomised-hidden30-towers-sample-finetune-head"


@pytest.fixture
def run(call: Call) -> Call:
    """Call ``agroflux emissions``."""
    return partial(call, "emissions")


def test_json_alone_and_states_add_up(run: Call) -> None:
    code, out, _ = run("--by", "state", "--json")
    assert code == 0
    told = json.loads(out)
    assert {row["state"] for row in told["totals"]} == {"IA", "IL", "IN"}
    assert sum(row["n2o_t"] for row in told["totals"]) == pytest.approx(told["region"]["n2o_t"], rel=1e-9)
    assert told["region"]["n2o_t_co2e"] == pytest.approx(told["region"]["n2o_t"] * 273)
    assert told["units"]["n2o_t"] == "t N2O yr-1"
    assert {"simulators", "weather", "area"} <= set(told["uncertainty"]["components"])
    for row in (told["region"], *told["totals"]):
        assert row["n2o_t_co2e_low95"] <= row["n2o_t_co2e_low80"] < row["n2o_t_co2e_high80"]
    # DuPage grows neither crop and Cook no soybean, by the survey
    assert {(row["county"], row["crop"]) for row in told["left_out"]} == {
        ("DuPage", "corn"),
        ("DuPage", "soybean"),
        ("Cook", "soybean"),
    }
    applied = {
        row["n_applied_t_n"] for row in told["tier1"] if row["place"] == "All counties" and row["kind"] == "data"
    }
    assert list(applied) == [pytest.approx(717_316.152)]  # corn area of 98 counties x 168 kg


def test_one_year_and_another_gwp_set(run: Call) -> None:
    _, out, _ = run("--years", "2014", "--gwp", "AR4", "--n-rate", "84", "--json")
    told = json.loads(out)
    assert (told["years"], told["gwp_set"], told["n_rate_kg_n_ha"]) == ("2014", "AR4 GWP-100", 84.0)
    assert told["region"]["n2o_t_co2e"] == pytest.approx(told["region"]["n2o_t"] * 298)
    assert told["region"]["outside_period"] is True
    assert any("county crops do not grow in the chosen period" in text for text in told["gaps"])
    assert len(told["totals"]) == 98


def test_a_state_a_county_and_a_polygon(run: Call, tmp_path: Path) -> None:
    states = {row["state"]: row for row in json.loads(run("--by", "state", "--json")[1])["totals"]}
    iowa = json.loads(run("--place", "IA", "--json")[1])
    assert (iowa["place"], {row["place"] for row in iowa["tier1"]}) == (PART, {PART})
    assert iowa["region"]["n2o_t"] == pytest.approx(states["IA"]["n2o_t"], rel=1e-9)
    fips = iowa["totals"][0]["fips"]
    one = json.loads(run("--place", fips, "--json")[1])
    assert one["region"]["n2o_t"] == pytest.approx(iowa["totals"][0]["n2o_t"], rel=1e-9)
    outline = geo.counties().set_index("fips").geometry[fips]
    drawn = tmp_path / "drawn.geojson"
    drawn.write_text(json.dumps(mapping(outline)))
    inside = json.loads(run("--polygon", str(drawn), "--json")[1])
    assert inside["region"]["n2o_t"] == pytest.approx(one["region"]["n2o_t"], rel=1e-6)
    assert "inside drawn.geojson: 1 whole counties" in inside["area_source"]


def test_a_polygon_of_100_mb_is_refused_before_it_is_read(run: Call, tmp_path: Path) -> None:
    large = tmp_path / "large.geojson"
    with large.open("wb") as file:
        file.truncate(100_000_000)  # takes no room on the disk
    code, _, err = run("--polygon", str(large))
    assert (code, err.count("\n")) == (2, 1)
    assert "100.0 MB is more than the 5 MB" in err


def test_years_months_and_crops_are_rows_too(run: Call) -> None:
    crops = json.loads(run("--by", "crop", "--json")[1])
    assert {row["crop"] for row in crops["totals"]} == {"corn", "soybean"}
    months = [r for r in json.loads(run("--by", "month", "--json")[1])["totals"] if r["crop"] == "both"]
    assert sum(row["n2o_t"] for row in months) == pytest.approx(crops["region"]["n2o_t"], rel=1e-9)
    assert "2014" in run("--by", "year")[1]


def test_the_first_row_names_the_place(run: Call) -> None:
    iowa = run("--place", "IA", "--by", "crop")[1]
    assert PART in iowa and " All " not in iowa
    assert " All " in run("--by", "crop")[1]


def test_the_total_of_a_period_is_not_the_mean_of_its_years(run: Call) -> None:
    printed = run("--years", "2014-2015", "--by", "year")[1]
    assert "it is not the mean of the years, but lies 2.5 % above that, and above each of them." in printed
    told = json.loads(run("--years", "2014-2015", "--by", "year", "--json")[1])
    assert told["about_years"] in printed
    assert all("outside_period" not in row and row["borrowed_crops"] > 50 for row in told["totals"])
    assert "mean of the years" not in run("--years", "2014-2015", "--by", "state")[1]


def test_own_areas_of_another_state_are_one_line(run: Call, tmp_path: Path) -> None:
    areas = tmp_path / "mine.csv"
    areas.write_text("fips,corn_area_ha,soybean_area_ha\n19027,1000,\n19169,1000,\n")
    code, _, err = run("--areas", str(areas), "--place", "IN")
    assert (code, err.count("\n")) == (2, 1)
    assert "none of the 2 counties of own areas (mine.csv) lies in Indiana" in err


def test_indirect_and_a_20_year_potential(run: Call) -> None:
    region = json.loads(run("--indirect", "--gwp", "AR4", "--horizon", "20", "--json")[1])["region"]
    assert region["n2o_all_t_co2e"] == pytest.approx((region["n2o_t"] + region["n2o_indirect_t"]) * 289)


def test_an_interval_with_the_indirect_part_is_called_so(run: Call) -> None:
    both, direct = (run("--place", "19027", "--by", "crop", *more)[1] for more in (("--indirect",), ()))
    assert "with indirect, 80 % [kt yr-1]" in both and "CO2e, 80 % [kt yr-1]" not in both
    assert "\nDirect and indirect N2O: " in both and "\nN2O: " not in both
    assert "CO2e, 80 % [kt yr-1]" in direct and "\nN2O: " in direct


def test_coverage_is_measured_on_years_the_model_has_not_seen(run: Call) -> None:
    code, out, err = run("--coverage", "--json")
    if code == 2:  # a bundled model whose held-out years the bundled data do not hold
        assert "fewer than two years" in err
        return
    told = json.loads(out)
    assert told["model"] == next(c["id"] for c in available_models() if predicts_n2o(c))
    assert told["data"] == told["learned_from"] == "cornbelt-century"
    assert list(told["coverage"]) == ["0.5", "0.8", "0.95"]
    assert told["coverage"]["0.5"] < told["coverage"]["0.8"] < told["coverage"]["0.95"]
    assert 0.75 <= told["coverage"]["0.8"] <= 0.85
    assert told["held_out_years"]["earlier"] == [1995, 1996, 1997, 1998, 1999]
    card = next(c for c in available_models() if predicts_n2o(c))
    held = {year for use in told["held_out_years"].values() for year in use}
    assert not held & set(card["split"]["train"]) and held


def test_own_areas_of_counties_that_the_data_lack_are_said(run: Call, tmp_path: Path) -> None:
    areas = tmp_path / "mine.csv"
    areas.write_text("fips,corn_area_ha,soybean_area_ha\n19027,1000,\n19001,1000,234\n")
    _, _, err = run("--areas", str(areas))
    assert "1 of 2 counties of own areas (mine.csv) (1,234 ha) are not in the data and are not counted." in err


def test_own_areas_to_csv(run: Call, tmp_path: Path) -> None:
    areas, out_file = tmp_path / "mine.csv", tmp_path / "totals.csv"
    areas.write_text("fips,corn_area_ha,soybean_area_ha\n19027,1000,\n")
    code, out, err = run("--areas", str(areas), "--out", str(out_file))
    assert code == 0
    assert "Carroll, IA" in out
    assert f"Wrote {out_file}" in err
    (row,) = csv.DictReader(out_file.open(encoding="utf-8"))
    assert float(row["n2o_t_co2e_low80 [t CO2e yr-1]"]) < float(row["n2o_t_co2e_high80 [t CO2e yr-1]"])
    assert row["fips"] == "19027"
    assert float(row["area_ha [ha]"]) == 1000
    assert row["area_source"] == "own areas (mine.csv)"
    assert (row["place"], row["place_counties"]) == ("All counties", "1")
    rate, mass = float(row["n2o_kg_n_ha [kg N2O-N ha-1 yr-1]"]), float(row["n2o_t [t N2O yr-1]"])
    assert mass == pytest.approx(rate * 44 / 28)  # kg ha-1 x 1,000 ha = t


@pytest.mark.parametrize(("by", "n"), [("county", 98), ("state", 3)])
def test_geojson(run: Call, tmp_path: Path, by: str, n: int) -> None:
    out_file = tmp_path / "totals.geojson"
    assert run("--by", by, "--out", str(out_file))[0] == 0
    found = json.loads(out_file.read_text(encoding="utf-8"))
    assert len(found["features"]) == n
    assert all(f["geometry"]["type"] in ("Polygon", "MultiPolygon") for f in found["features"])
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "nowhere"), "nowhere"),
        (("--n-rate", "100"), "100"),
        (("--years", "1990"), "1990"),
        (("--years", "soon"), "not understood"),
        (("--gwp", "AR9"), "AR4, AR5, AR6"),
        (("--model", "no-such-model"), "no-such-model"),
        (("--data", "towers-sample"), "measured sites"),
        (("--areas", "none.csv"), "none.csv: cannot be read"),
        (("--out", "totals.doc"), ".csv"),
        (("--place", "XX"), "no place called 'XX'"),
        (("--polygon", "none.geojson"), "none.geojson: cannot be read"),
        (("--horizon", "50"), "100 or 20 years"),
        (("--coverage", "--model", "no-such-model"), "no-such-model"),
        (("--coverage", "--place", "IA", "--years", "2015"), "leave out --place, --years"),
        (("--coverage", "--quantity", "ch4"), "no coverage of 'ch4': use one of n2o"),
        (("--coverage", "--by", "state", "--gwp", "AR5", "--horizon", "20"), "leave out --gwp, --horizon, --by"),
        (("--coverage", "--indirect", "--area-sd", "0.1", "--seed", "3"), "leave out --indirect, --area-sd, --seed"),
        (("--quantity", "nee"), "leave out --quantity"),
        (("--place", "IA", "--polygon", "none.geojson"), "leave out --place"),
        (("--model", NO_N2O), f"{NO_N2O} gives no N2O that it learned: ask for one of lstm-cornbelt-century"),
        (("--coverage", "--model", NO_N2O), "gives no N2O that it learned"),
        (("--by", "crop", "--out", "totals.geojson"), "leave out --by crop"),
        (("--out", "no/such/folder/totals.csv"), "does not exist"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(run: Call, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = run(*arguments, "--json")
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert err.startswith("agroflux: ")


def test_an_existing_file_is_kept_unless_forced(run: Call, tmp_path: Path) -> None:
    out_file = tmp_path / "totals.csv"
    out_file.write_text("mine")
    code, _, err = run("--out", str(out_file))
    assert code == 2
    assert "--force" in err
    assert out_file.read_text() == "mine"
    assert run("--out", str(out_file), "--force")[0] == 0
    assert out_file.read_text() != "mine"


@pytest.mark.parametrize(("option", "name"), [("--out", "new.csv"), ("--report", "new.html")])
def test_what_cannot_be_written_is_refused_before_anything_is_computed(
    run: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, name: str
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    code, _, err = run("--data", "none", option, str(tmp_path / name))
    assert code == 2 and f"can be written to: name another place with {option}" in err


def test_netcdf_cites_the_data(run: Call, tmp_path: Path) -> None:
    out_file = tmp_path / "counties.nc"
    assert run("--place", "19027", "--years", "2014", "--out", str(out_file))[0] == 0
    told = xr.load_dataset(out_file, engine="h5netcdf").attrs["references"]
    assert str(catalog.open_dataset("cornbelt-century").attrs["citation"]) in told


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Id of a data set of one's own that says that it is synthetic: four counties of a bundled one."""
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    ds = catalog.open_dataset("cornbelt-century").isel(site=slice(0, 4)).load()
    importing.save(ds.assign_attrs(synthetic=True, title="Fields of dice"), "dice")
    return "dice"


def test_whatever_is_made_of_synthetic_data_says_so(made_up: str, run: Call, tmp_path: Path) -> None:
    line = "Synthetic data: Fields of dice. Made by a model, not measured."
    table, counties, report = (tmp_path / name for name in ("all.csv", "all.nc", "all.html"))
    _, _, err = run("--data", made_up, "--out", str(table), "--report", str(report))
    assert err.splitlines().count(line) == 1
    assert {row["synthetic"] for row in csv.DictReader(table.open(encoding="utf-8"))} == {"yes"}
    assert "not measured: Fields of dice." in report.read_text(encoding="utf-8")
    run("--data", made_up, "--out", str(counties))
    assert xr.load_dataset(counties, engine="h5netcdf").attrs["synthetic"] == "yes"
    assert json.loads(run("--data", made_up, "--json")[1])["synthetic"] == "yes"
    _, out, err = run("--place", "19027", "--json")
    assert json.loads(out)["synthetic"] == "no" and "ynthetic" not in err


def test_coverage_on_synthetic_data_says_so(
    capsys: pytest.CaptureFixture[str],
    rotation: Callable[..., xr.Dataset],  # noqa: F811
) -> None:
    blocks = pd.DataFrame({"fips": ["19153", "19153"], "year": [2013, 2014], "rank": [0.4, 0.95]})
    sums = pd.DataFrame([("region", "all", 2013, 0.5)], columns=["kind", "place", "year", "rank"])
    held = Coverage("n2o", blocks, sums, {"test": (2013, 2014)}, "m", "made", "made", ("made",))
    for synthetic, said in ((True, "yes"), (False, "no")):
        made_of = question.of_simulator("made", rotation(synthetic=synthetic), catalog.open_dataset)
        emissions_text.print_coverage(held, made_of, as_json=True)
        assert json.loads(capsys.readouterr().out)["synthetic"] == said
        emissions_text.print_coverage(held, made_of, as_json=False)
        assert ("Synthetic data: hand-made." in capsys.readouterr().err) == synthetic


def test_coverage_takes_a_model_of_the_data_asked() -> None:
    assert emissions_sources._first_model("cornbelt-century").endswith("cornbelt-century")
    assert emissions_sources._first_model("cornbelt-ceres").endswith("cornbelt-ceres")
    with pytest.raises(ModelError, match="learned N2O from elsewhere: name one with --model"):
        emissions_sources._first_model("my/elsewhere.zarr")


def test_a_report_is_written_where_coverage_cannot_be_measured(
    rotation: Callable[..., xr.Dataset],  # noqa: F811
    facts: pd.DataFrame,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three counties are fewer than the folds."""
    monkeypatch.setattr("agroflux.figures.report.pictures", lambda *_: {})
    ds = rotation()
    rows = [(f, crop, y, "n2o", 1.0, 1.1) for f in FIPS for crop in ("corn", "soybean") for y in (2015, 2016)]
    held = pd.DataFrame(rows, columns=["fips", "crop", "year", "quantity", "simulated", "predicted"])
    sources = Sources("made", lambda rate: ds, (0.0, 168.0), {"made": ds}, "made", held_out=held)
    answer = assess(Question(168.0, (2013,), draws=50), sources, facts)
    emissions_files.write_report(answer, sources, facts, ["agroflux"], tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Does the interval hold?" not in text
    assert "the error of the trained model" in text, "it is in the interval all the same"
