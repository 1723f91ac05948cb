"""FLUXNET2015 daily files: tiny ones made here, and the real ones kept beside the checkout."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agroflux.data.fluxnet import VARIABLE_MAP, Hargreaves, read_daily
from agroflux.errors import DataError

_HEAD = (
    "TIMESTAMP,TA_F,SW_IN_POT,SW_IN_F,SW_IN_F_QC,P_F,P_F_QC,NEE_VUT_REF,NEE_VUT_REF_QC,RECO_NT_VUT_REF,GPP_NT_VUT_REF"
)
_ROWS = (
    "20050101,10,200,100,1,0.5,1,-1.5,0.75,2.0,3.5",
    "20050102,11,200,-9999,0,-9999,-9999,-9999,-9999,-9999,-9999",
    "20050104,12,200,150,0.5,2,0,0.25,1,1.0,0.75",
)


def _write(folder: Path, rows: tuple[str, ...] = _ROWS, head: str = _HEAD) -> Path:
    path = folder / "FLX_US-Xx1_FLUXNET2015_SUBSET_DD_2005-2005_1-4.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_names_units_and_missing_values(tmp_path: Path) -> None:
    table, meta = read_daily(_write(tmp_path))
    assert meta["site_id"] == "US-Xx1" and meta["columns"]["NEE"] == "NEE_VUT_REF" and meta["derived"] == ()
    assert [f"{d:%d}" for d in table.index] == ["01", "02", "03", "04"], "an absent day is a day without values"
    assert table["NEE"].tolist()[0] == -1.5 and table["NEE"].isna().tolist() == [False, True, True, False]
    assert table["SRAD"].iloc[0] == pytest.approx(8.64), "100 W m-2 x 86,400 s = 8.64 MJ m-2"
    assert table["PRECN"].tolist()[::3] == [0.5, 2.0] and table["NEE_qc"].tolist()[::3] == [0.75, 1.0]
    assert table["CO2_FLUX"].equals(table["NEE"].rename("CO2_FLUX"))
    assert "TMAX" not in table, "nothing is invented"


def test_spreadsheets_read_the_same(tmp_path: Path) -> None:
    path = _write(tmp_path)
    pd.read_csv(path).to_excel(path.with_suffix(".xlsx"), index=False)
    pd.testing.assert_frame_equal(read_daily(path)[0], read_daily(path.with_suffix(".xlsx"))[0])


def test_derived_temperature_is_marked_and_centred(tmp_path: Path) -> None:
    table, meta = read_daily(_write(tmp_path), derive_temperature=Hargreaves())
    assert meta["derived"] == ("TMAX", "TMIN") and "not measured" in meta["notes"]["TMAX"]
    # (0.5 / 0.16)^2 = 9.765625 degC around 10 degC
    assert table["TMAX"].iloc[0] == pytest.approx(14.8828125) and table["TMIN"].iloc[0] == pytest.approx(5.1171875)
    assert np.isnan(table["TMAX"].iloc[1]), "no radiation, no range"


@pytest.mark.parametrize(
    ("rows", "head", "words"),
    [
        (("200501,1,2",), "TIMESTAMP,TA_F,NEE_VUT_REF", "not daily.*_DD_"),
        (("20050101,1",), "TIMESTAMP,TA_F", "no NEE"),
        (("20051301,1",), "TIMESTAMP,NEE_VUT_REF", "no day"),
        (("20050101,1", "20050101,2"), "TIMESTAMP,NEE_VUT_REF", "2005-01-01 twice"),
        (("1,2",), "a,b", "no TIMESTAMP column"),
    ],
)
def test_wrong_files_are_told(tmp_path: Path, rows: tuple[str, ...], head: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_daily(_write(tmp_path, rows, head))


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file at"):
        read_daily(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "name",
    ["FLX_US-ARM_FLUXNET2015_SUBSET_DD_2003-2012_1-4.csv", "FLX_DE-Geb_FLUXNET2015_SUBSET_DD_2001-2014_1-4.csv"],
)
def test_real_files_keep_their_means(measured: Path, name: str) -> None:
    path = measured / "fluxnet" / name
    raw = pd.read_csv(path, na_values=[-9999])
    table, _ = read_daily(path)
    assert len(table) == len(raw)
    for house, columns in VARIABLE_MAP.items():
        factor = 0.0864 if house == "SRAD" else 1.0
        assert table[house].mean() == pytest.approx(raw[columns[0]].mean() * factor, rel=1e-3), house
    assert table["NEE_qc"].mean() == pytest.approx(raw["NEE_VUT_REF_QC"].mean(), rel=1e-3)


def test_real_monthly_file_is_refused(measured: Path) -> None:
    with pytest.raises(DataError, match="_DD_"):
        read_daily(measured / "fluxnet" / "FLX_US-Ne1_FLUXNET2015_SUBSET_MM_2001-2013_1-4.csv")
