"""FLUXNET2015 daily files: tiny ones made here, and the real ones kept beside the checkout."""

import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data.fluxnet import VARIABLE_MAP, Choice, Hargreaves, read, read_daily, read_monthly
from agroflux.data.report import Report
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
        (("20051301,1",), "TIMESTAMP,NEE_VUT_REF", "row 2, column TIMESTAMP: '20051301' is no time"),
        (
            ("20050101,1", "20050101,2"),
            "TIMESTAMP,NEE_VUT_REF",
            "row 2: 2005-01-01 comes twice .again in row 3. with different values",
        ),
        (("1,2",), "a,b", "no TIMESTAMP column"),
        ((), "TIMESTAMP,NEE_VUT_REF", "holds no row"),
        (
            ("2005-01-01 00:00,1", "2005-01-02 12:00,1"),
            "TIMESTAMP,NEE_VUT_REF",
            "row 3, column TIMESTAMP: '2005-01-02 12:00' is not the start of a day: leave the time of day out",
        ),
    ],
)
def test_wrong_files_are_told(tmp_path: Path, rows: tuple[str, ...], head: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_daily(_write(tmp_path, rows, head))


@pytest.mark.parametrize("column", ["SITE_ID", "SITE", "site"])
def test_sites_joined_in_one_table_are_told(tmp_path: Path, column: str) -> None:
    """Without days in common they would be read as the years of one site."""
    rows = ("20050101,1,US-Xx1", "20060101,2,US-Xx2")
    with pytest.raises(
        DataError, match=rf"column {column}: holds 2 sites \(US-Xx1, US-Xx2\): split it into a file each"
    ):
        read(_write(tmp_path, rows, f"TIMESTAMP,NEE_VUT_REF,{column}"))
    path = _hours(tmp_path, NEE_VUT_REF=1.0, **{column: ["US-Xx1", "US-Xx2"] * 48})
    with pytest.raises(DataError, match=rf"{path.name}, column {column}: holds 2 sites"):
        read(path)
    one = ("20050101,1,US-Xx1", "20050102,2,")
    assert len(read(_write(tmp_path, one, f"TIMESTAMP,NEE_VUT_REF,{column}"))[0][0]) == 2


def test_half_hours_without_a_row_are_told(tmp_path: Path) -> None:
    path = _hours(tmp_path, NEE_VUT_REF=1.0)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match="holds no row: give the file as downloaded"):
        read(path)


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
        factor = {"SRAD": 0.0864, "ET": 0.0864 / (2.501 - 0.002361 * raw["TA_F"])}.get(house, 1.0)
        assert table[house].mean() == pytest.approx((raw[columns[0]] * factor).mean(), rel=1e-3), house
    assert table["NEE_qc"].mean() == pytest.approx(raw["NEE_VUT_REF_QC"].mean(), rel=1e-3)
    assert table["NEE_unc"].mean() == pytest.approx(raw["NEE_VUT_REF_RANDUNC"].mean(), rel=1e-3)
    assert table["GPP_p75"].mean() == pytest.approx(raw["GPP_NT_VUT_75"].mean(), rel=1e-3)


def test_real_monthly_file_is_for_comparison_only(measured: Path) -> None:
    path = measured / "fluxnet" / "FLX_US-Ne1_FLUXNET2015_SUBSET_MM_2001-2013_1-4.csv"
    for refuse in (read_daily, read):
        with pytest.raises(DataError, match="_DD_"):
            refuse(path)
    table, meta = read_monthly(path)
    raw = pd.read_csv(path, na_values=[-9999])
    assert meta["resolution"] == "MM" and len(table) == len(raw) == 156
    assert table["GPP"].mean() == pytest.approx(raw["GPP_NT_VUT_REF"].mean(), rel=1e-3)


# -- half-hours, choices, and files that were mended by hand ------------------------------------------


def _hours(folder: Path, days: int = 2, minutes: int = 30, **columns: object) -> Path:
    start = pd.date_range("2010-07-01", periods=days * 1440 // minutes, freq=f"{minutes}min")
    frame = pd.DataFrame({"TIMESTAMP_START": start.strftime("%Y%m%d%H%M")})
    frame["TIMESTAMP_END"] = (start + pd.Timedelta(minutes=minutes)).strftime("%Y%m%d%H%M")
    for name, values in columns.items():
        frame[name] = values
    path = folder / "AMF_US-Xx2_FLUXNET_FULLSET_HH_2010-2010_3-5.csv"
    frame.fillna(-9999).to_csv(path, index=False)
    return path


def test_half_hours_by_hand(tmp_path: Path) -> None:
    step = np.arange(96)
    columns = {
        "TA_F": 10.0 + step % 48 / 2,  # 10 to 33.5 degC
        "NEE_VUT_REF": -2.0,
        "NEE_VUT_REF_QC": np.where(step % 4 == 0, 0, np.where(step % 4 == 1, 1, 2)),
        "NEE_VUT_REF_RANDUNC": 0.5,
        "LE_F_MDS": 100.0,
        "P_F": 0.25,
        "SW_IN_F": 200.0,
    }
    ((table, meta),) = read(_hours(tmp_path, **columns))
    day = table.iloc[0]
    assert (meta["site_id"], meta["network"], meta["resolution"]) == ("US-Xx2", "AmeriFlux FLUXNET", "HH")
    assert day["NEE"] == pytest.approx(-2.0755008), "2e-6 mol m-2 s-1 x 12.011 g mol-1 x 86,400 s"
    assert day["NEE_qc"] == 0.5, "flags 0 and 1 are good, 2 and 3 are not"
    # sqrt(48 x 0.5^2) / 48 x 1.0377504
    assert day["NEE_unc"] == pytest.approx(0.0748930, rel=1e-5)
    assert (day["TMAX"], day["TMIN"]) == (33.5, 10.0) and day["PRECN"] == pytest.approx(12.0)
    # 8.64 MJ m-2 d-1 / (2.501 - 0.002361 x 21.75) MJ kg-1
    assert day["ET"] == pytest.approx(3.5269, rel=1e-4) and day["SRAD"] == pytest.approx(17.28)


def test_a_day_with_a_half_hour_missing_has_no_value(tmp_path: Path) -> None:
    nee = np.where(np.arange(96) == 5, np.nan, 1.0)
    ((table, _),) = read(_hours(tmp_path, NEE_VUT_REF=nee, TA_F=5.0))
    assert table["NEE"].isna().tolist() == [True, False] and table["TMAX"].notna().all()


def test_zip_as_downloaded_joins_daily_fluxes_and_half_hourly_extremes(tmp_path: Path) -> None:
    daily = _write(tmp_path)
    hours = _hours(tmp_path, TA_F=10.0 + np.arange(96) % 48 / 2, NEE_VUT_REF=1.0)
    text = hours.read_text().replace("201007", "200501")
    with zipfile.ZipFile(tmp_path / "FLX_US-Xx1_FLUXNET2015_FULLSET_2005-2005_1-4.zip", "w") as archive:
        archive.write(daily, daily.name)
        archive.writestr("FLX_US-Xx1_FLUXNET2015_FULLSET_HH_2005-2005_1-4.csv", text)
        archive.writestr("FLX_US-Xx1_FLUXNET2015_ERAI_DD_1989-2014_1-4.csv", "TIMESTAMP,TA_ERA\n20050101,1\n")
        archive.writestr("FLX_US-Xx1_FLUXNET2015_AUXNEE_1-4.csv", "VARIABLE,VALUE\nNEE,1\n")
        archive.writestr("readme.txt", "hello")
    ((table, meta),) = read(archive.filename, derive_temperature=Hargreaves())
    assert table["NEE"].iloc[0] == -1.5 and meta["derived"] == (), "measured extremes go before derived ones"
    assert table["TMAX"].iloc[:2].tolist() == [33.5, 33.5] and "half-hourly" in meta["notes"]["TMAX"]


def test_threshold_and_partitioning_are_chosen_and_what_is_absent_is_said(tmp_path: Path) -> None:
    head = "TIMESTAMP,NEE_VUT_REF,NEE_CUT_REF,GPP_NT_VUT_REF,GPP_DT_VUT_REF,GPP_DT_CUT_REF,RECO_NT_VUT_REF"
    path = _write(tmp_path, ("20050101,1,2,3,4,5,6", "20050102,1,2,3,4,5,6"), head)
    report = Report()
    ((table, meta),) = read(path, choice=Choice("CUT", "DT"), report=report)
    assert table.iloc[0][["NEE", "GPP", "Reco"]].tolist() == [2, 5, 6]
    assert meta["columns"]["Reco"] == "RECO_NT_VUT_REF"
    assert [f.column for f in report.findings] == ["RECO_NT_VUT_REF"]


def test_semicolons_decimal_commas_and_accents_read_the_same(tmp_path: Path) -> None:
    path = _write(tmp_path)
    text = path.read_text().replace(",", ";").replace(".", ",").replace("P_F_QC", "Pr\u00e9cip_QC")
    path.write_bytes(text.encode("cp1252"))
    report = Report()
    ((table, _),) = read(path, report=report)
    assert table["GPP"].dropna().tolist() == [3.5, 0.75]
    assert {f.what.split(";")[0] for f in report.findings} >= {
        "text is not UTF-8",
        "decimal commas were read as decimal points",
    }


def test_missing_double_and_unsorted_days_are_told(tmp_path: Path) -> None:
    rows = ("20050109,1", "20050101,1", "20050102,2", "20050102,2")
    report = Report()
    ((table, _),) = read(_write(tmp_path, rows, "TIMESTAMP,NEE_VUT_REF"), report=report)
    assert len(table) == 9 and table["NEE"].count() == 3
    said = " ".join(f.sentence() for f in report.findings)
    assert "1 rows come twice with the same values" in said and "sorted" in said
    assert "6 days are absent, the first after 2005-01-02" in said


def test_every_second_day_is_a_record_with_gaps(tmp_path: Path) -> None:
    report = Report()
    rows = ("20050101,1", "20050103,2", "20050105,3")
    ((table, _),) = read(_write(tmp_path, rows, "TIMESTAMP,NEE_VUT_REF"), report=report)
    assert len(table) == 5 and table["NEE"].count() == 3
    assert "2 days are absent, the first after 2005-01-01" in report.findings[0].sentence()


def test_cells_that_are_no_number_are_named_by_row_and_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 3, column NEE_VUT_REF: 'n\.d\.' is no number: .* -9999"):
        read(_write(tmp_path, ("20050101,1", "20050102,n.d."), "TIMESTAMP,NEE_VUT_REF"))


def test_wrong_sign_or_unit_is_an_error_and_one_outlier_is_left_out(tmp_path: Path) -> None:
    days = pd.date_range("2005-01-01", periods=300)
    gpp = np.full(300, 2.0)
    gpp[10] = 900.0
    rows = tuple(f"{d:%Y%m%d},0.5,{g}" for d, g in zip(days, gpp, strict=True))
    report = Report()
    ((table, _),) = read(_write(tmp_path, rows, "TIMESTAMP,NEE_VUT_REF,GPP_NT_VUT_REF"), report=report)
    assert np.isnan(table["GPP"].iloc[10]) and "2005-01-11 (900)" in report.findings[-1].what
    rows = tuple(f"{d:%Y%m%d},0.5,-20" for d in days)
    with pytest.raises(DataError, match=r"column GPP: 300 of 300 values lie outside.*check the unit and the sign"):
        read(_write(tmp_path, rows, "TIMESTAMP,NEE_VUT_REF,GPP_NT_VUT_REF"))


@given(st.binary(max_size=400))
def test_no_bytes_do_worse_than_a_clear_error(content: bytes) -> None:
    _survives(content)


@given(
    head=st.lists(
        st.sampled_from(["TIMESTAMP", "TIMESTAMP_START", "TIMESTAMP_END", "NEE_VUT_REF", "TA_F", "x"]), max_size=5
    ),
    rows=st.lists(
        st.lists(
            st.one_of(
                st.sampled_from(
                    ["20050101", "20050102", "200501010000", "200501010030", "-9999", "1,5", "", '"', "inf"]
                ),
                st.floats(allow_nan=True).map(str),
                st.text(max_size=6),
            ),
            max_size=6,
        ),
        max_size=6,
    ),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_no_malformed_table_does_worse_than_a_clear_error(
    head: list[str], rows: list[list[str]], delimiter: str
) -> None:
    text = "\n".join(delimiter.join(cells) for cells in [head, *rows])
    _survives(text.encode("utf-8", errors="surrogatepass"))


def _survives(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "FLX_US-Xx1_FLUXNET2015_SUBSET_DD_2005-2005_1-4.csv"
        for name in (path, path.with_name(path.name.replace("_DD_", "_HH_"))):
            name.write_bytes(content)
            try:
                ((table, _),) = read(name)
            except DataError as error:
                assert name.name in str(error)
            else:
                assert table["NEE"].notna().any() or len(table.columns) > 1


def test_a_version_chosen_of_which_there_is_next_to_nothing_gives_way(tmp_path: Path) -> None:
    rows = ("20050101,1,5", *(f"200501{day:02d},-9999,5" for day in range(2, 9)))
    report = Report()
    ((_, meta),) = read(_write(tmp_path, rows, "TIMESTAMP,NEE_VUT_REF,NEE_CUT_REF"), report=report)
    assert meta["columns"]["NEE"] == "NEE_CUT_REF"
    assert "NEE is NEE_CUT_REF: the file holds no version chosen, or too few values" in report.findings[0].what


def test_gpp_and_reco_have_the_quality_of_nee(tmp_path: Path) -> None:
    table, meta = read_daily(_write(tmp_path))
    for name in ("GPP", "Reco"):
        assert table[f"{name}_qc"].tolist()[::3] == [0.75, 1.0] and "NEE_VUT_REF_QC" in meta["notes"][f"{name}_qc"]


def test_the_version_chosen_is_taken_though_another_has_more_days(tmp_path: Path) -> None:
    rows = ("20050101,1,9", "20050102,-9999,9", "20050103,2,9", "20050104,-9999,9")
    table, meta = read_daily(_write(tmp_path, rows, "TIMESTAMP,NEE_VUT_REF,NEE_CUT_REF"))
    assert meta["columns"]["NEE"] == "NEE_VUT_REF" and table["NEE"].dropna().tolist() == [1.0, 2.0]
