"""Data sets beside monthly files: made from the real daily files by their own naming, and the real ones of Mead.

There is no site with a real daily and a real monthly file at hand, so the monthly file of US-ARM is made here.
"""

import dataclasses
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from agroflux.data import monthly
from agroflux.data.fluxnet import Choice
from agroflux.data.formats import Options
from agroflux.data.importing import build
from agroflux.data.known_sites import SiteFacts
from agroflux.data.report import Report
from agroflux.errors import DataError
from tests.data.test_importing import ARM, HERE, daily

NE1 = "FLX_US-Ne1_FLUXNET2015_SUBSET_MM_2001-2013_1-4.csv"


def monthly_file(folder: Path, source: Path) -> Path:
    """The monthly file of a daily one: means of the daily values, as FLUXNET2015 makes it; -9999 is missing."""
    raw = pd.read_csv(source, na_values=[-9999], dtype={"TIMESTAMP": str})
    means = raw.drop(columns="TIMESTAMP").groupby(raw["TIMESTAMP"].str[:6]).mean().fillna(-9999)
    path = folder / source.name.replace("_DD_", "_MM_")
    means.reset_index().to_csv(path, index=False)
    return path


def dataset(path: Path, site: SiteFacts | None = None, options: Options | None = None) -> xr.Dataset:
    return build("fluxnet", path, site=site, options=options, report=Report())


def _changed(path: Path, **cells: float) -> Path:
    """``path`` with other values in its row of June 2005."""
    table = pd.read_csv(path, dtype={"TIMESTAMP": str})
    table.loc[table["TIMESTAMP"] == "200506", list(cells)] = list(cells.values())
    table.to_csv(path, index=False)
    return path


def test_the_real_daily_file_agrees_with_its_own_months_and_a_changed_one_stands_out(
    measured: Path, tmp_path: Path
) -> None:
    ds = dataset(measured / "fluxnet" / ARM)
    path = monthly_file(tmp_path, measured / "fluxnet" / ARM)
    found = monthly.against(ds, path)
    table = found.summary().set_index("variable")
    assert list(table.index) == ["NEE", "GPP", "Reco", "ET", "PRECN", "SRAD"] and found.remarks == ()
    assert (found.site, set(table["months"]), set(table["left_out"])) == ("US-ARM", {120}, {0})
    assert table.drop("ET")["largest"].tolist() == [0.0] * 5, "nothing but rounding"
    assert table["when"].isna().tolist() == [True, True, True, False, True, True]
    assert abs(table.at["ET", "largest"]) < 0.02, "latent heat of the month's mean temperature, not of each day's"
    raw = pd.read_csv(measured / "fluxnet" / ARM, na_values=[-9999])
    assert table.at["GPP", "data"] == pytest.approx(raw["GPP_NT_VUT_REF"].mean(), rel=5e-3)
    was = pd.read_csv(path).set_index("TIMESTAMP").at[200506, "GPP_NT_VUT_REF"]
    gpp = monthly.against(ds, _changed(path, GPP_NT_VUT_REF=was + 1)).summary().set_index("variable").loc["GPP"]
    assert gpp["largest"] == pytest.approx(-1, abs=1e-4) and f"{gpp['when']:%Y-%m}" == "2005-06"
    assert gpp["difference"] == pytest.approx(-1 / 120, abs=1e-4)


def test_the_real_monthly_file_of_mead_by_hand(measured: Path, tmp_path: Path) -> None:
    path = measured / "fluxnet" / NE1
    found = monthly.against(dataset(daily(tmp_path, "US-Ne1", nee=1.0)), path)
    raw = pd.read_csv(path).set_index("TIMESTAMP")["NEE_VUT_REF"]
    # 400 days from 1 January 2005 on: thirteen months, and the first four days of February 2006.
    assert found.months["month"].dt.strftime("%Y%m").astype(int).tolist() == [*range(200501, 200513), 200601]
    assert found.months["difference"].to_numpy() == pytest.approx(1 - raw.loc[200501:200601].to_numpy(), abs=1e-5)
    assert found.left_out[["days", "of"]].to_numpy().tolist() == [[4, 28]]


def test_a_month_with_too_few_days_is_left_out_and_counted(tmp_path: Path) -> None:
    source = daily(tmp_path, nee=2.0)
    path = monthly_file(tmp_path, source)
    rows = source.read_text().splitlines()
    source.write_text("\n".join(r for r in rows if not re.match("2005020[1-3]|2005030[1-4]", r)))
    found = monthly.against(dataset(source, HERE), path)
    # 25 of 28 days are 89 %, 27 of 31 are 87 %
    assert found.left_out[["days", "of"]].to_numpy().tolist() == [[25, 28], [27, 31], [4, 28]]
    assert found.summary()["left_out"].tolist() == [3] and len(found.months) == 11
    assert np.abs(found.months["difference"]).max() == 0


def test_the_version_that_was_imported_is_the_one_compared(tmp_path: Path) -> None:
    source = daily(tmp_path)
    table = pd.read_csv(source).assign(NEE_CUT_REF=5.0, GPP_NT_VUT_REF=1.0, GPP_DT_CUT_REF=7.0)
    table.to_csv(source, index=False)
    path = monthly_file(tmp_path, source)
    ds = dataset(source, HERE, Options(Choice("CUT", "DT")))
    found = monthly.against(ds, path)
    assert found.summary()["file"].tolist() == [5.0, 7.0] and found.remarks == ()
    higher = monthly.against(ds.assign(NEE=(ds["NEE"] + 0.5).assign_attrs(ds["NEE"].attrs)), path).months
    assert set(higher.loc[higher["variable"] == "NEE", "difference"]) == {0.5}, "data set less file"
    pd.read_csv(path).drop(columns="GPP_DT_CUT_REF").to_csv(path, index=False)
    assert monthly.against(ds, path).remarks == (
        "GPP is GPP_DT_CUT_REF in the data set and GPP_NT_VUT_REF in the file",
    )


def test_a_zip_as_downloaded_gives_its_monthly_table(tmp_path: Path) -> None:
    source = daily(tmp_path)
    path = monthly_file(tmp_path, source)
    with zipfile.ZipFile(tmp_path / "FLX_US-Xx1_FLUXNET2015_SUBSET_2005-2006_1-4.zip", "w") as archive:
        archive.write(source, source.name)
        archive.write(path, path.name)
        archive.writestr("FLX_US-Xx1_FLUXNET2015_ERAI_MM_1989-2014_1-4.csv", "TIMESTAMP,TA_ERA\n200501,1\n")
    assert len(monthly.against(dataset(source, HERE), str(archive.filename)).months) == 13


def test_what_cannot_be_compared_is_told(tmp_path: Path, tiny_simulation: xr.Dataset) -> None:
    source = daily(tmp_path)
    ds, path = dataset(source, HERE), monthly_file(tmp_path, source)
    with pytest.raises(DataError, match=r"US-Xx2.*the data set holds US-Xx1"):
        monthly.against(ds, path.rename(path.with_name(path.name.replace("Xx1", "Xx2"))))
    path = monthly_file(tmp_path, source)
    with pytest.raises(DataError, match=r"not monthly.*_MM_"):
        monthly.against(ds, source)
    with pytest.raises(DataError, match="no variable in common"):
        monthly.against(ds.drop_vars(["NEE", "CO2_FLUX"]).assign(N2O_FLUX=ds["NEE"]), path)
    with pytest.raises(DataError, match=r"share no month.*2005-01 to 2006-02.*2003-01 to 2004-02"):
        monthly.against(ds.assign_coords(time=ds["time"] - np.timedelta64(730, "D")), path)
    with pytest.raises(DataError, match=r"no month .* can be compared"):
        monthly.against(ds.isel(time=slice(0, 20)), path)
    with pytest.raises(DataError, match="with measurements"):
        monthly.against(tiny_simulation, path)
    for content in (b"", b"\x00\xff", b"TIMESTAMP,NEE_VUT_REF\n", b"TIMESTAMP,NEE_VUT_REF\n200513,x\n"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=re.escape(path.name)):
            monthly.against(ds, path)
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
        archive.write(source, source.name)
    with pytest.raises(DataError, match=r"no monthly table"):
        monthly.against(ds, tmp_path / "none.zip")


def test_a_renamed_site_is_known_by_the_files_it_was_made_from(tmp_path: Path) -> None:
    source = daily(tmp_path)
    ds = dataset(source, dataclasses.replace(HERE, site_id="home"))
    path = monthly_file(tmp_path, source)
    found = monthly.against(ds, path)
    assert found.site == "home" and len(found.months) == 13
    assert found.remarks[0] == "the file is of site US-Xx1, which the data set calls home"
    with pytest.raises(DataError, match="is of site US-Xx2, the data set holds home"):
        monthly.against(ds, path.rename(path.with_name(path.name.replace("Xx1", "Xx2"))))
