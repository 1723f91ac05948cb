"""``agroflux data``: JSON alone on request, one line for a user's error."""

import json
from pathlib import Path

import pytest
import xarray as xr

from agroflux.cli import main
from agroflux.data import importing
from agroflux.data.known_sites import SiteFacts
from agroflux.data.store import write_store
from agroflux.errors import DataError


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "own"))
    return tmp_path / "own" / "datasets"


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["data", *words])
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def test_list_gives_the_promised_fields(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "list", "--json")
    rows = {row["id"]: row for row in json.loads(out)}
    need = {"id", "kind", "synthetic", "licence", "citation", "variables", "n_sites", "start", "end"}
    assert code == 0 and all(need <= set(row) for row in rows.values())
    assert rows["towers-sample"]["kind"] == "observation" and rows["towers-sample"]["synthetic"] is False


def test_show_adds_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "show", "towers-sample", "--json")
    stats = {row["variable"]: row for row in json.loads(out)["statistics"]}
    assert code == 0 and stats["NEE"]["unit"] == "g C m-2 d-1" and stats["NEE"]["min"] < 0 < stats["NEE"]["max"]
    assert stats["TMAX"]["derived"] == "US-AR1" and 0 < stats["PRECN"]["missing"] < 1


def test_tables_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert "towers-sample" in _run(capsys, "list")[1]
    assert "Variables" in _run(capsys, "show", "towers-sample")[1]


def test_unknown_id_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _run(capsys, "show", "nope", "--json")
    assert code == 2 and out == "" and len(err.strip().splitlines()) == 1 and "towers-sample" in err


# -- check, import, remove ------------------------------------------------------------------------------


def _daily(folder: Path, nee: str = "1.5") -> str:
    path = folder / "FLX_US-Ne1_FLUXNET2015_SUBSET_DD_2005-2005_1-4.csv"
    path.write_text(f"TIMESTAMP,NEE_VUT_REF\n20050101,1.5\n20050102,{nee}\n")
    return str(path)


def test_import_show_and_remove(capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path) -> None:
    code, out, _ = _run(capsys, "import", "fluxnet", _daily(tmp_path), "--id", "mine", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["n_sites"] == 1 and facts["path"] == str(own_folder / "mine.zarr.zip")
    assert facts["more"] == {}, "of which findings there are more than are listed"
    code, out, _ = _run(capsys, "show", "mine", "--json")
    stats = {row["variable"]: row for row in json.loads(out)["statistics"]}
    assert stats["NEE"] | {"mean": 1.5, "min": 1.5, "max": 1.5, "missing": 0.0} == stats["NEE"]
    code, _, err = _run(capsys, "import", "fluxnet", _daily(tmp_path), "--id", "mine")
    assert code == 2 and "--replace" in err and len(err.strip().splitlines()) == 1
    assert json.loads(_run(capsys, "remove", "mine", "--json")[1])["removed"] == "mine"
    assert _run(capsys, "remove", "towers-sample")[0] == 2


def test_check_names_row_and_column(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = _run(capsys, "check", _daily(tmp_path, "oops"), "--json")
    told = json.loads(out)
    assert code == 2 and told["ok"] is False and told["format"] == "fluxnet"
    assert (told["findings"][0]["row"], told["findings"][0]["column"]) == (3, "NEE_VUT_REF")
    code, out, _ = _run(capsys, "check", _daily(tmp_path))
    assert code == 0 and "can be used as fluxnet" in out


@pytest.mark.parametrize("name", ["none.nc", "none.csv", "none.xlsx", "none.zip"])
def test_a_file_that_is_not_there_is_called_so(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    code, out, _ = _run(capsys, "check", str(tmp_path / name))
    assert code == 2 and f"{name}: no file at {tmp_path / name}: check the path" in out


def test_a_monthly_file_is_laid_beside_a_data_set(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path
) -> None:
    path = tmp_path / "FLX_US-Ne1_FLUXNET2015_SUBSET_MM_2005-2005_1-4.csv"
    path.write_text("TIMESTAMP,NEE_VUT_REF\n200501,2.5\n200502,9\n")
    days = "".join(f"200501{day:02d},1.5\n" for day in range(1, 32)) + "20050201,1.5\n"
    daily = tmp_path / "FLX_US-Ne1_FLUXNET2015_SUBSET_DD_2005-2005_1-4.csv"
    daily.write_text(f"TIMESTAMP,NEE_VUT_REF\n{days}")
    assert _run(capsys, "import", "fluxnet", str(daily), "--id", "mine")[0] == 0
    code, out, _ = _run(capsys, "compare", "mine", str(path), "--json")
    told = json.loads(out)
    assert code == 0 and (told["site"], told["file"]) == ("US-Ne1", path.name)
    (month,) = told["months"]
    assert month == month | {"variable": "NEE", "month": "2005-01", "days": 31, "file": 2.5, "difference": -1.0}
    assert told["left_out"] == [{"variable": "NEE", "month": "2005-02", "days": 1, "of": 28, "data": 1.5, "file": 9.0}]
    code, out, _ = _run(capsys, "compare", "mine", str(path))
    assert code == 0 and "mine less FLX_US-Ne1" in out and "left out (--json lists them): 1 monthly" in out
    for words in (
        ("mine", str(daily)),
        ("towers-sample", str(path)),
        ("cornbelt-century", str(path)),
        ("x", str(path)),
    ):
        code, out, err = _run(capsys, "compare", *words)
        assert code == 2 and out == "" and len(err.strip().splitlines()) == 1, words


def test_a_monthly_file_of_another_version_is_remarked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path
) -> None:
    days = "".join(f"200501{day:02d},1.5\n" for day in range(1, 32))
    daily, path = (tmp_path / f"FLX_US-Ne1_FLUXNET2015_SUBSET_{part}_2005-2005_1-4.csv" for part in ("DD", "MM"))
    daily.write_text(f"TIMESTAMP,NEE_VUT_REF\n{days}")
    path.write_text("TIMESTAMP,NEE_CUT_REF\n200501,2.5\n")
    assert _run(capsys, "import", "fluxnet", str(daily), "--id", "mine")[0] == 0
    code, out, _ = _run(capsys, "compare", "mine", str(path))
    remark = "NEE is NEE_VUT_REF in the data set and NEE_CUT_REF in the file"
    assert code == 0 and f"note: {remark}" in out.splitlines()
    assert json.loads(_run(capsys, "compare", "mine", str(path), "--json")[1])["remarks"] == [remark]


def test_dates_with_the_day_first_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "plots.csv"
    path.write_text("date,flux\n1/2/2010,3\n2/2/2010,4\n")
    columns = ("--format", "n2o", "--date", "date", "--flux", "flux", "--unit", "g N ha-1 d-1")
    for words, days in ((("--day-first",), 2), ((), 32)):
        code, out, _ = _run(capsys, "check", str(path), *columns, *words, "--json")
        (site,) = json.loads(out)["sites"]
        assert code == 0 and site["first"] == ("2010-02-01" if words else "2010-01-02") and site["days"] == days
    code, _, err = _run(capsys, "check", str(path), "--day-first")
    assert code == 2 and "--day-first" in err and len(err.strip().splitlines()) == 1


def test_wrong_words_are_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for words in (
        ("import", "nonsense", _daily(tmp_path), "--id", "x"),
        ("import", "fluxnet", str(tmp_path / "none.csv"), "--id", "x"),
        ("import", "fluxnet", _daily(tmp_path), "--id", "../x"),
        ("check", _daily(tmp_path), "--threshold", "ABC"),
    ):
        code, out, err = _run(capsys, *words)
        assert code == 2 and out == "" and len(err.strip().splitlines()) == 1, words


def test_what_a_format_does_not_take_is_not_said_in_vain(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path
) -> None:
    words = ("import", "agroflux", str(tmp_path), "--id", "x", "--part", "chambers", "--lat", "0")
    code, _, err = _run(capsys, *words, "--title", "Mine")
    assert code == 2 and err == "agroflux: --lat, --title cannot be told of agroflux: leave it out\n"
    code, _, err = _run(capsys, "import", "fluxnet", _daily(tmp_path), "--id", "x", "--first-year", "2001")
    assert code == 2 and err == "agroflux: --first-year cannot be told of fluxnet: leave it out\n"


@pytest.mark.parametrize(
    ("form", "words", "named"),
    [
        ("netcdf", ("--site", "A", "--lat", "0", "--name", "B", "--state", "C"), "--site, --lat, --name, --state"),
        ("fluxnet", ("--date", "d", "--flux", "f", "--unit", "u"), "--date, --flux, --unit"),
        ("fluxnet", ("--series", "s", "--day-first"), "--series, --day-first"),
        ("n2o", ("--threshold", "VUT", "--partitioning", "DT"), "--threshold, --partitioning"),
        ("ameriflux", ("--threshold", "CUT"), "--threshold"),
    ],
)
def test_options_of_other_formats_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path, form: str, words: tuple[str, ...], named: str
) -> None:
    code, out, err = _run(capsys, "import", form, _daily(tmp_path), "--id", "x", *words)
    assert (code, out) == (2, "") and err == f"agroflux: {named} cannot be told of {form}: leave it out\n"
    if "--site" not in words:
        code, out, err = _run(capsys, "check", _daily(tmp_path), "--format", form, *words)
        assert (code, out) == (2, "") and err == f"agroflux: {named} cannot be told of {form}: leave it out\n"


def test_a_whole_data_set_is_not_described_again(
    tmp_path: Path, own_folder: Path, tiny_observation: xr.Dataset
) -> None:
    tiny_observation.assign_attrs(synthetic=1).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(DataError, match="says itself where its sites lie"):
        importing.import_file("netcdf", tmp_path / "a.nc", "mine", site=SiteFacts(lat=1.0, lon=1.0))
    assert importing.import_file("netcdf", tmp_path / "a.nc", "mine", site=SiteFacts()).exists()


def test_each_format_says_what_can_be_told_of_it() -> None:
    from agroflux.cli.data_import import TAKES
    from agroflux.data.formats import FORMATS

    assert set(TAKES) == {*FORMATS, "agroflux"}


def test_a_template_filled_in_becomes_drivers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path
) -> None:
    assert _run(capsys, "import", "fluxnet", _daily(tmp_path), "--id", "mine")[0] == 0
    out = tmp_path / "m.csv"
    assert _run(capsys, "template", "management", "--data", "mine", "--out", str(out))[0] == 0
    assert _run(capsys, "template", "management", "--data", "mine", "--out", str(out))[0] == 2, "nothing is overwritten"
    text = out.read_text()
    assert text.startswith("site,year,crop,planting") and "US-Ne1,2005" in text
    out.write_text("site,year,crop,planting\nUS-Ne1,2005,corn,2005-01-02\n")
    assert json.loads(_run(capsys, "manage", "mine", str(out), "--force", "--json")[1])["rows"] == 1
    stats = {row["variable"]: row for row in json.loads(_run(capsys, "show", "mine", "--json")[1])["statistics"]}
    assert stats["PLANTING"]["mean"] == 0.5 and stats["FERTZR_N"]["missing"] == 1.0
    assert _run(capsys, "template", "nonsense")[0] == 2


def test_saved_rows_go_with_force_alone_and_are_in_the_template(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path, tiny_observation: xr.Dataset
) -> None:
    write_store(tiny_observation, own_folder / "mine.zarr.zip")
    table, out = tmp_path / "m.csv", tmp_path / "t.csv"
    table.write_text("site,year,crop,planting\nUS-Xx1,2015,corn,2015-05-01\nUS-Xx1,2016,soybean,2016-05-10\n")
    assert _run(capsys, "manage", "mine", str(table))[0] == 0
    table.write_text("site,year,crop\nUS-Xx1,2014,corn\nUS-Xx1,2015,\nUS-Xx1,2016,corn\n")
    code, said, err = _run(capsys, "manage", "mine", str(table))
    assert (code, said) == (2, "") and len(err.strip().splitlines()) == 1
    assert "1 saved row of mine would go, as the table does not hold them: US-Xx1 2015 (corn); add them" in err
    assert "--force" in err and "agroflux data template management --data mine" in err
    said = _run(capsys, "template", "management", "--data", "mine", "--out", str(out))[1]
    assert said == f"{out}: 2 rows to fill in, 2 of them with what is saved\n"
    text = out.read_text()
    assert "US-Xx1,2015,corn,2015-05-01" in text and "US-Xx1,2016,soybean,2016-05-10" in text
    out.write_text(text + "US-Xx1,2014,corn" + "," * (text.splitlines()[0].count(",") - 2) + "\n")
    told = json.loads(_run(capsys, "manage", "mine", str(out), "--json")[1])
    assert told["rows"] == 3 and [(f["level"], f["what"], f["remedy"]) for f in told["findings"]] == [
        ("warning", "2014, 2015 lie outside the record 2016: they set no driver", "check the year")
    ]
    assert json.loads(_run(capsys, "manage", "mine", str(table), "--force", "--json")[1])["rows"] == 3
    table.write_text("site,year,crop\nelsewhere,2014,corn\n")
    assert "holds no site elsewhere" in _run(capsys, "manage", "mine", str(table))[2]


def test_a_table_replaces_what_no_table_tells_of_with_force_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path, tiny_observation: xr.Dataset
) -> None:
    crop = xr.ones_like(tiny_observation["NEE"]).assign_attrs(units="1")
    write_store(tiny_observation.assign(CROP=crop), own_folder / "mine.zarr.zip")
    (tmp_path / "m.csv").write_text("site,year,crop\nUS-Xx1,2016,soybean\n")
    words = ("manage", "mine", str(tmp_path / "m.csv"))
    code, out, err = _run(capsys, *words)
    assert (code, out) == (2, "") and "CROP 60" in err and "--force" in err and len(err.strip().splitlines()) == 1
    assert json.loads(_run(capsys, *words, "--force", "--json")[1])["rows"] == 1


def test_a_site_in_a_template_cannot_run_as_a_formula(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path, tiny_observation: xr.Dataset
) -> None:
    """New data sets have no such sites (importing refuses them); those of before may."""
    write_store(tiny_observation.assign_coords(site=["=1+cmd"]), own_folder / "mine.zarr.zip")
    out = tmp_path / "m.csv"
    assert "\n'=1+cmd," in _run(capsys, "template", "management", "--data", "mine")[1]
    assert _run(capsys, "template", "management", "--data", "mine", "--out", str(out))[0] == 0
    assert "\n'=1+cmd," in out.read_text()
    out.write_text(f"site,year,crop,planting\n'=1+cmd,{int(tiny_observation.time.dt.year[0])},corn,\n")
    assert json.loads(_run(capsys, "manage", "mine", str(out), "--json")[1])["rows"] == 1


def test_a_part_of_the_archive_is_imported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, own_folder: Path
) -> None:
    from tests.data import agroflux_archive

    agroflux_archive.simulation(tmp_path / "archive", "mw", 1, 1)
    words = ("import", "agroflux", str(tmp_path / "archive"), "--id", "eco")
    assert _run(capsys, *words)[0] == 2, "the part must be named"
    code, out, _ = _run(capsys, *words, "--part", "ecosys", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["kind"] == "simulation" and facts["n_scenarios"] == 20
    assert _run(capsys, *words, "--part", "ecosys")[0] == 2, "the id is taken"
    assert _run(capsys, *words, "--part", "ecosys", "--replace")[0] == 0
    assert _run(capsys, "remove", "eco")[0] == 0 and list(own_folder.iterdir()) == []


def test_a_download_without_a_connection_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = _run(capsys, "fetch", "agroflux", "--out", str(tmp_path), "--endpoint", "http://127.0.0.1:9")
    assert code == 2 and len(err.strip().splitlines()) == 1 and "qic69/AgroFlux" in err
    assert _run(capsys, "fetch", "nonsense", "--out", str(tmp_path))[0] == 2
