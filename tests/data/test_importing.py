"""From a file to a data set of one's own: ids, positions, what is written, and two imports at once."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data import catalog, checking, formats, importing, summary
from agroflux.data.importing import check_id, import_file, remove
from agroflux.data.known_sites import SiteFacts
from agroflux.data.report import Report
from agroflux.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
ARM = "FLX_US-ARM_FLUXNET2015_SUBSET_DD_2003-2012_1-4.csv"
HERE = SiteFacts("", "Test field", "NE", 41.0, -96.0)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    return tmp_path / "mine" / "datasets"


def daily(folder: Path, site: str = "US-Xx1", days: int = 400, nee: float = 1.0) -> Path:
    """A FLUXNET daily file of one site."""
    stamp = pd.date_range("2005-01-01", periods=days).strftime("%Y%m%d")
    path = folder / f"FLX_{site}_FLUXNET2015_SUBSET_DD_2005-2006_1-4.csv"
    pd.DataFrame({"TIMESTAMP": stamp, "NEE_VUT_REF": nee, "TA_F": 10.0}).to_csv(path, index=False)
    return path


def test_the_real_file_comes_back_as_it_went_in(measured: Path) -> None:
    raw = pd.read_csv(measured / "fluxnet" / ARM, na_values=[-9999])
    import_file("fluxnet", measured / "fluxnet" / ARM, "us-arm")
    entry = catalog.get("us-arm")
    ds = catalog.open_dataset("us-arm")
    assert entry.ok and not entry.synthetic and entry.kind == "observation" and "CC-BY-4.0" in entry.licence
    assert (float(ds["lat"][0]), str(ds["state"][0].item())) == (36.6058, "OK"), "a known tower needs no position"
    for house, column in {"NEE": "NEE_VUT_REF", "GPP_p25": "GPP_NT_VUT_25", "NEE_qc": "NEE_VUT_REF_QC"}.items():
        assert float(ds[house].mean()) == pytest.approx(raw[column].mean(), rel=1e-3)
    assert ds["TMAX"].attrs["derived"] == "US-ARM"
    stats = {row["variable"]: row for row in summary.statistics(ds)}
    assert stats["PRECN"]["max"] == pytest.approx(raw["P_F"].max(), rel=1e-3) and stats["NEE"]["missing"] == 0


def test_an_unknown_tower_needs_a_position_and_keeps_what_it_is_told(tmp_path: Path) -> None:
    path = daily(tmp_path)
    with pytest.raises(DataError, match=r"position of site US-Xx1 is not known.*--lat"):
        import_file("fluxnet", path, "mine")
    import_file("fluxnet", path, "mine", site=HERE)
    assert catalog.open_dataset("mine")["site_name"].item() == "Test field"
    with pytest.raises(DataError, match="cannot lie at 91"):
        import_file("fluxnet", path, "other", site=SiteFacts(lat=91.0, lon=0.0))


def test_a_folder_of_towers_becomes_one_data_set(tmp_path: Path) -> None:
    for site in ("US-Ne1", "US-Ne2"):
        daily(tmp_path, site)
    report = Report()
    monthly = tmp_path / "FLX_US-Ne3_FLUXNET2015_SUBSET_MM_2001-2013_1-4.csv"
    monthly.write_text("TIMESTAMP,NEE_VUT_REF\n200501,1\n")
    import_file("fluxnet", tmp_path, "mead", report=report)
    assert catalog.open_dataset("mead")["site"].to_numpy().tolist() == ["US-Ne1", "US-Ne2"]
    assert ["left out" in f.what for f in report.findings] == [True]


@pytest.mark.parametrize(
    "bad",
    ["", "..", "../x", "a/b", "a\\b", ".hidden", "a..b", "x.nc", "x.zarr.zip", "con", "NUL.x", "ä", "a b", "x" * 65,
     "-x", "a\n", "<b>", "towers-sample"],
)  # fmt: skip
def test_hostile_ids_are_refused(bad: str, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        import_file("fluxnet", daily(tmp_path), bad, site=HERE)


@given(st.text(max_size=80))
def test_an_id_that_is_taken_lies_in_the_folder(text: str) -> None:
    try:
        check_id(text)
    except DataError:
        return
    assert (Path("folder") / text).parent == Path("folder") and text.strip(".") == text and len(text) <= 64


def test_an_id_is_replaced_only_when_asked(tmp_path: Path, folder: Path) -> None:
    path = daily(tmp_path)
    import_file("fluxnet", path, "mine", site=HERE)
    with pytest.raises(DataError, match="there already"):
        import_file("fluxnet", path, "mine", site=HERE)
    before = catalog.get("mine").version()
    import_file("fluxnet", daily(tmp_path, nee=2.0), "mine", site=HERE, replace=True)
    assert catalog.get("mine").version() != before and float(catalog.open_dataset("mine")["NEE"].mean()) == 2.0
    assert sorted(p.name for p in folder.iterdir()) == ["mine.zarr.zip"], "nothing is left beside it"


def test_a_failed_import_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    path = daily(tmp_path, nee=999.0)
    with pytest.raises(DataError, match="check the unit and the sign"):
        import_file("fluxnet", path, "mine", site=HERE)
    assert not folder.exists() or list(folder.iterdir()) == []


def test_two_imports_at_once_do_not_clash(tmp_path: Path, folder: Path) -> None:
    path = daily(tmp_path)
    words = ["data", "import", "fluxnet", str(path), "--id", "mine", "--lat", "41", "--lon", "-96"]
    code = f"import sys; from agroflux.cli import main; main({words!r})"
    running = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in running]
    assert sorted(process.returncode for process in running) == [0, 2], said
    assert any("there already" in text for text in said)
    assert catalog.get("mine").ok and [p.name for p in folder.iterdir()] == ["mine.zarr.zip"]


def test_only_own_data_sets_are_removed(tmp_path: Path, folder: Path) -> None:
    import_file("fluxnet", daily(tmp_path), "mine", site=HERE)
    remove("mine")
    assert list(folder.iterdir()) == []
    for name, words in {"towers-sample": "bundled", "mine": "no data set called"}.items():
        with pytest.raises(DataError, match=words):
            remove(name)
    assert catalog.get("towers-sample").ok


def _left(folder: Path, name: str, age: float) -> Path:
    """What an import that was killed ``age`` [s] ago left."""
    path = folder / name / ".x.zarr.zip.abcd1234" / "store.zarr"
    path.mkdir(parents=True)
    for part in (path, path.parent, path.parent.parent):
        os.utime(part, (time.time() - age, time.time() - age))
    return folder / name


def test_what_a_killed_import_left_is_swept_once_it_is_old(tmp_path: Path, folder: Path) -> None:
    path = daily(tmp_path)
    old = [_left(folder, name, 4000) for name in (".x.abcd1234", ".removed.abcd_123", ".a-b.c.12345678")]
    fresh, theirs = _left(folder, ".y.abcd1234", 3000), _left(folder, ".git", 4000)
    busy = _left(folder, ".z.abcd1234", 4000)
    (busy / ".x.zarr.zip.abcd1234" / "store.zarr" / "chunk").write_bytes(b"written just now")
    import_file("fluxnet", path, "mine", site=HERE)
    assert not any(p.exists() for p in old) and fresh.is_dir() and busy.is_dir() and theirs.is_dir()
    old = [_left(folder, ".removed.abcd1234", 4000)]
    remove("mine")
    assert not old[0].exists() and fresh.is_dir() and busy.is_dir()


def test_of_two_removals_at_once_the_second_is_told(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_file("fluxnet", daily(tmp_path), "mine", site=HERE)
    entry = catalog.get("mine")
    remove("mine")
    monkeypatch.setattr(catalog, "get", lambda _: entry)  # looked up before the first one was done
    with pytest.raises(DataError, match="no data set called mine any more: it was removed meanwhile"):
        remove("mine")


def test_formats_are_recognised(tmp_path: Path, measured: Path) -> None:
    assert formats.detect(measured / "fluxnet" / ARM) == "fluxnet"
    assert formats.detect(measured / "fluxnet" / "AMF_US-CRT_BASE_HH_2-5.csv") == "ameriflux"
    (tmp_path / "ICOSETC_BE-Lon_FLUXNET_DD_L2.csv").write_text("TIMESTAMP,NEE_VUT_REF\n20200101,1\n")
    assert formats.detect(tmp_path) == "icos"
    import_file("icos", tmp_path, "lonzee")
    assert catalog.open_dataset("lonzee")["state"].item() == "BE" and "ICOS" in catalog.get("lonzee").title
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="in no known format"):
        formats.detect(tmp_path / "table.csv")
    with pytest.raises(DataError, match="choose one of fluxnet"):
        formats.get("nonsense")


def test_a_check_lists_everything_and_writes_nothing(tmp_path: Path, folder: Path) -> None:
    path = daily(tmp_path)
    lines = path.read_text().splitlines()
    lines[1:12] = [line.replace(",1.0,", ",n/d,") for line in lines[1:12]]
    path.write_text("\n".join(lines))
    done = checking.check(path)
    assert not done.ok and done.format == "fluxnet" and done.sites() == []
    assert [(f.row, f.column) for f in done.report.errors] == [(row, "NEE_VUT_REF") for row in range(2, 7)]
    assert list(done.report.more().values()) == [6], "the rest is counted"
    good = checking.check(daily(tmp_path))
    assert good.ok and good.sites()[0]["days"] == 400 and good.sites()[0]["variables"][0]["unit"] == "g C m-2 d-1"
    assert not folder.exists()


def test_files_of_another_format_in_a_folder_are_told(tmp_path: Path, measured: Path) -> None:
    base = next((measured / "fluxnet").glob("AMF_*_BASE_*"))
    fluxnet = daily(tmp_path)
    (tmp_path / base.name).write_bytes(base.read_bytes())
    for form, other in (("fluxnet", base.name), ("ameriflux", fluxnet.name)):
        done = checking.check(tmp_path, form)
        left = [f.file for f in done.report.findings if "is left out" in f.what]
        assert done.ok and left == [other], form
    assert checking.check(tmp_path).format == "ameriflux"
    alone = checking.check(tmp_path / base.name, "n2o")
    assert not any("is left out" in f.what for f in alone.report.findings), "who names a format knows better"


@pytest.mark.parametrize("bad", ["US-Xx1,US-Xx2", " ", "=1+cmd|calc!A0", "+a", "-a", "@a", " |a", "a\tb", "a\nb"])
def test_a_site_that_no_link_could_name_is_refused(
    bad: str, tmp_path: Path, folder: Path, tiny_observation: xr.Dataset
) -> None:
    with pytest.raises(DataError, match=r"cannot be the id of a site: begin with a letter"):
        import_file("fluxnet", daily(tmp_path), "mine", site=SiteFacts(bad, lat=41.0, lon=-96.0))
    tiny_observation.assign_coords(site=[bad]).assign_attrs(synthetic=1).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(DataError, match=r"cannot be the id of a site: begin with a letter"):
        import_file("netcdf", tmp_path / "a.nc", "mine")
    assert not folder.exists()


def test_a_check_finds_the_table_behind_an_empty_first_sheet(tmp_path: Path) -> None:
    path = tmp_path / "Saha_et_al_2020_ERL_Data.xlsx"
    text = {"Date": "2012-06-01", "Experiment": "MCSE-T2", "Replication": "R1", "Vegetation": "corn"}
    rows = {k: [v] for k, v in (text | dict.fromkeys(("N2O", "N_rate", "Clay", "Sand", "SOM"), 2.0)).items()}
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        pd.DataFrame().to_excel(book, sheet_name="README", index=False)
        pd.DataFrame(rows).to_excel(book, sheet_name="Data", index=False)
    assert checking.check(path).ok


def test_base_zip_brings_its_own_position(tmp_path: Path) -> None:
    start = pd.date_range("2014-06-01", periods=96, freq="30min")
    base = pd.DataFrame({"TIMESTAMP_START": start.strftime("%Y%m%d%H%M")})
    base["TIMESTAMP_END"] = (start + pd.Timedelta(minutes=30)).strftime("%Y%m%d%H%M")
    base["FC_1_1_1"], base["TA_1"] = 1.0, np.arange(96) % 48 / 2
    facts = {"LOCATION_LAT": "40.5", "LOCATION_LONG": "-90.25", "SITE_NAME": "Field <b>1</b>", "STATE": "IL"}
    sheet = pd.DataFrame({"SITE_ID": "US-Xx1", "VARIABLE": facts.keys(), "DATAVALUE": facts.values()})
    sheet.to_excel(tmp_path / "bif.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "AMF_US-Xx1_BASE-BADM_1-5.zip", "w") as archive:
        archive.writestr("AMF_US-Xx1_BASE_HH_1-5.csv", "# Site: US-Xx1\n# Version: 1-5\n" + base.to_csv(index=False))
        archive.write(tmp_path / "bif.xlsx", "AMF_US-Xx1_BIF_20200101.xlsx")
    import_file("ameriflux", tmp_path / "AMF_US-Xx1_BASE-BADM_1-5.zip", "base")
    ds = importing.catalog.open_dataset("base")
    assert (float(ds["lat"][0]), ds["site_name"].item()) == (40.5, "Field <b>1</b>"), (
        "a name is text, whatever it holds"
    )
    assert float(ds["NEE"][0, 0]) == pytest.approx(1.0377504) and float(ds["TMAX"][0, 0]) == 23.5


def test_a_contract_file_is_taken_as_it_is(tmp_path: Path, tiny_observation: xr.Dataset) -> None:
    path = tmp_path / "mine.nc"
    tiny_observation.assign_attrs(synthetic=1).to_netcdf(path, engine="h5netcdf")
    assert formats.detect(path) == "netcdf" and checking.check(path).sites()[0]["site"] == "US-Xx1"
    import_file("netcdf", path, "mine", about=importing.About(title="My own"))
    ds = catalog.open_dataset("mine")
    assert catalog.get("mine").synthetic and ds.attrs["title"] == "My own"
    np.testing.assert_allclose(ds["NEE"], tiny_observation["NEE"])
    (tmp_path / "bad.nc").write_bytes(b"CDF not")
    with pytest.raises(DataError, match=r"bad\.nc"):
        import_file("netcdf", tmp_path / "bad.nc", "bad")
    wrong = tiny_observation.assign_attrs(synthetic=1)
    wrong["NEE"].attrs["units"] = "umol"
    wrong.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(DataError, match="has units 'umol'"):
        import_file("netcdf", path, "bad")
