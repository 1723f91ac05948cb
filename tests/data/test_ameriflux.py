"""AmeriFlux BASE files: tiny ones made here, and the real one kept beside the checkout."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data import towers
from agroflux.data.ameriflux import read, read_base
from agroflux.data.report import Report
from agroflux.errors import DataError


def _base(folder: Path, days: int = 2, minutes: int = 30, **columns: object) -> Path:
    """A BASE file of whole days; each column a number or an array of one value a time step."""
    start = pd.date_range("2014-06-01", periods=days * 1440 // minutes, freq=f"{minutes}min")
    frame = pd.DataFrame({"TIMESTAMP_START": start.strftime("%Y%m%d%H%M")})
    frame["TIMESTAMP_END"] = (start + pd.Timedelta(minutes=minutes)).strftime("%Y%m%d%H%M")
    for name, values in columns.items():
        frame[name] = values
    path = folder / "AMF_US-Xx1_BASE_HH_1-5.csv"
    path.write_text("# Site: US-Xx1\n# Version: 1-5\n" + frame.fillna(-9999).to_csv(index=False))
    return path


def _steps(days: int = 2) -> np.ndarray:
    return np.arange(48 * days, dtype=float)


def test_units_by_hand(tmp_path: Path) -> None:
    hour = (_steps() % 48) / 2
    table, meta = read_base(_base(tmp_path, FC=2.0, TA=hour, SW_IN=200.0, P=0.25))
    day = table.iloc[0]
    # 2e-6 mol m-2 s-1 x 12.011 g mol-1 x 86,400 s
    assert day["NEE"] == pytest.approx(2.0755008) and day["CO2_FLUX"] == day["NEE"]
    assert (day["TMAX"], day["TMIN"]) == (23.5, 0.0)
    assert day["SRAD"] == pytest.approx(17.28) and day["PRECN"] == pytest.approx(12.0)
    assert (day["NEE_qc"], day["SRAD_qc"]) == (1.0, 1.0)
    assert (meta["site_id"], meta["version"], meta["step_minutes"]) == ("US-Xx1", "1-5", 30)


@pytest.mark.parametrize(("present", "kept"), [(24, True), (23, False)])
def test_a_day_needs_half_of_its_half_hours(tmp_path: Path, present: int, kept: bool) -> None:
    fc = np.where((_steps() % 2 == 0) & (_steps() < 2 * present), 1.0, np.nan)
    fc[48:] = 1.0
    table, _ = read_base(_base(tmp_path, FC=fc, TA=20.0))
    assert bool(np.isfinite(table["NEE"].iloc[0])) == kept
    assert table["NEE_qc"].iloc[0] == pytest.approx(0.5) or not kept


@pytest.mark.parametrize(("night", "kept"), [(3, True), (2, False)])
def test_a_flux_without_its_nights_is_no_mean_of_the_day(tmp_path: Path, night: int, kept: bool) -> None:
    """Uptake by day, release by night: with nights missing the mean of what is there would be far too low."""
    step = _steps() % 48
    fc = np.where((step >= 12) & (step < 36), -8.0, 4.0)
    fc[(step >= night) & (step < 12)] = np.nan  # of the first quarter's twelve half-hours
    fc[(step >= 36 + night)] = np.nan
    report = Report()
    if not kept:
        with pytest.raises(DataError, match="some in each quarter of the day"):
            read(_base(tmp_path, FC=fc, TA=20.0), report=report)
        return
    ((table, _),) = read(_base(tmp_path, FC=fc, TA=20.0), report=report)
    assert table["NEE"].tolist() == pytest.approx([-2.0 * towers.GC_PER_UMOL] * 2)
    (warning,) = report.findings
    assert warning.level == "warning" and "FC is not gap-filled: NEE has a value on the 2 days" in warning.what


def test_a_version_of_few_values_gives_way_to_a_longer_one_and_is_told(tmp_path: Path) -> None:
    few, some = np.where(_steps(8) < 96, 5.0, np.nan), np.where(_steps(8) < 240, 5.0, np.nan)
    for filled, taken, level, words in (
        (few, "FC", "note", "NEE is taken from FC (384 values), not FC_PI_F (96)"),
        (some, "FC_PI_F", "warning", "NEE is taken from FC_PI_F (240 values), though FC has 384"),
    ):
        report = Report()
        ((_, meta),) = read(_base(tmp_path, days=8, FC=2.0, FC_PI_F=filled), report=report)
        assert meta["columns"]["NEE"] == taken
        assert (level, words) in [(f.level, f.what) for f in report.findings]


def test_number_of_samples_and_deviation_are_no_position_of_a_sensor(tmp_path: Path) -> None:
    lone = np.where(_steps() % 2 == 0, 20.0, np.nan)
    _, meta = read_base(_base(tmp_path, FC=1.0, TA_1_1_A=lone, TA_1_1_A_N=3.0, TA_1_1_A_SD=0.4))
    assert meta["columns"]["TMAX"] == "TA_1_1_A"


def test_hourly_files_count_hours(tmp_path: Path) -> None:
    table, meta = read_base(_base(tmp_path, minutes=60, FC=1.0))
    assert meta["step_minutes"] == 60 and table["NEE_qc"].tolist() == [1.0, 1.0]


def test_filled_flux_is_measured_only_where_it_equals_the_measurement(tmp_path: Path) -> None:
    fc = np.where(_steps() % 4 < 2, 3.0, np.nan)  # half measured ...
    filled = np.where(_steps() % 4 == 0, 3.0, 1.0)  # ... of which the team kept every second one
    table, meta = read_base(_base(tmp_path, FC=fc, FC_PI_F=filled))
    assert meta["columns"]["NEE"] == "FC_PI_F"
    assert table["NEE_qc"].tolist() == [0.25, 0.25]
    assert table["NEE"].iloc[0] == pytest.approx(towers.GC_PER_UMOL * 1.5)


def test_filled_flux_without_the_measured_one_has_no_measured_share(tmp_path: Path) -> None:
    """Where only the filled column is there, nothing tells a measurement from a filled value."""
    table, _ = read_base(_base(tmp_path, FC_PI_F=1.0))
    assert "NEE_qc" not in table and "CO2_FLUX_qc" not in table


def test_extremes_and_radiation_need_the_right_hours(tmp_path: Path) -> None:
    hour = (_steps() % 48) / 2
    values = {"FC": 1.0, "TA": np.where(hour < 12, 10.0, np.nan), "SW_IN": np.where(hour >= 6, 300.0, np.nan)}
    table, _ = read_base(_base(tmp_path, **values))
    assert np.isnan(table["TMAX"].iloc[0]), "no afternoon, no maximum"
    assert table["TMIN"].iloc[0] == 10.0
    assert np.isnan(table["SRAD"].iloc[0]), "a day without its night would count its light twice"


def test_negative_gpp_is_turned_and_noted(tmp_path: Path) -> None:
    table, meta = read_base(_base(tmp_path, FC_PI_F=-3.0, RECO_PI_F=2.0, GPP_PI_F=-5.0))
    assert (table["GPP"] > 0).all() and "sign turned" in meta["notes"]["GPP"]
    np.testing.assert_allclose(table["NEE"], table["Reco"] - table["GPP"], atol=1e-9)


def test_first_position_is_taken_and_empty_columns_are_not(tmp_path: Path) -> None:
    _, meta = read_base(_base(tmp_path, NEE_PI=np.nan, FC_1_1_1=1.0, FC_1_2_1=9.0, TA_1_1_1=5.0))
    assert meta["columns"]["NEE"] == "FC_1_1_1" and meta["columns"]["TMAX"] == "TA_1_1_1"


def test_wrong_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file at"):
        read_base(tmp_path / "none.csv")
    with pytest.raises(DataError, match="no CO2 flux"):
        read_base(_base(tmp_path, TA=1.0))
    with pytest.raises(DataError, match="no usable day"):
        read_base(_base(tmp_path, FC=np.where(_steps() == 0, 1.0, np.nan)))
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="TIMESTAMP_START"):
        read_base(path)


def test_real_file_keeps_its_means(measured: Path) -> None:
    path = measured / "fluxnet" / "AMF_US-CRT_BASE_HH_2-5.csv"
    raw = pd.read_csv(path, comment="#", na_values=[-9999])
    table, meta = read_base(path)
    day = raw["TIMESTAMP_START"] // 10_000
    assert meta["site_id"] == "US-CRT" and len(table) == day.nunique()
    assert table["TMAX"].mean() == pytest.approx(raw.groupby(day)["TA"].max().mean(), rel=1e-3)
    assert table["SRAD"].mean() == pytest.approx(raw.groupby(day)["SW_IN"].mean().mean() * 0.0864, rel=1e-3)
    assert table["PRECN"].sum() == pytest.approx(raw["P"].sum(), rel=1e-3)
    whole = raw.groupby(day)["NEE_PI"].count() >= 24
    quarters = raw.groupby([day, raw["TIMESTAMP_START"] // 100 % 100 // 6])["NEE_PI"].mean()
    wanted = quarters.unstack().mean(axis=1)[whole].mean() * 1.0377504
    assert table["NEE"].mean() == pytest.approx(wanted, rel=1e-3)


def test_two_sites_join_into_one_data_set(tmp_path: Path) -> None:
    readings = []
    for site in ("US-Xx1", "US-Xx2"):
        table, meta = read_base(_base(tmp_path, FC=1.0))
        meta |= {"site_id": site, "lat": 40, "lon": -90, "site_name": "Field", "state": "IL"}
        readings.append((table, meta))
    attrs = dict.fromkeys(("title", "source", "licence", "citation"), "test") | {"synthetic": True}
    ds = towers.as_dataset(readings, attrs=attrs, history="test")
    assert ds["NEE"].sizes == {"site": 2, "time": 2} and ds["NEE"].attrs["comment"].startswith("US-Xx1: AmeriFlux FC")


@given(st.binary(max_size=300), st.lists(st.text(max_size=8) | st.floats().map(str), max_size=8))
def test_no_malformed_file_does_worse_than_a_clear_error(content: bytes, cells: list[str]) -> None:
    row = ",".join(["201401010000", "201401010030", *cells])
    table = f"TIMESTAMP_START,TIMESTAMP_END,FC,TA\n{row}\n{row}".encode("utf-8", errors="surrogatepass")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "AMF_US-Xx1_BASE_HH_1-5.csv"
        for bad in (content, table):
            path.write_bytes(bad)
            try:
                assert read_base(path)[0]["NEE"].notna().any()
            except DataError as error:
                assert path.name in str(error)


def test_the_position_with_most_values_is_taken_and_said(tmp_path: Path) -> None:
    lone = np.where(_steps() == 0, 1.0, np.nan)
    path = _base(tmp_path, FC_1_1_1=lone, FC_1_1_2=2.0, FC_1_1_3=3.0, TA_1_1_1=20.0, TA_1_1_2=9.0)
    report = Report()
    ((table, meta),) = read(path, report=report)
    assert meta["columns"]["NEE"] == "FC_1_1_2" and table["NEE"].notna().all()
    assert meta["columns"]["TMAX"] == "TA_1_1_1", "of equals the first"
    note = report.findings[0]
    assert note.level == "note" and "FC_1_1_2 (96 values), not FC_1_1_1 (1)" in note.what


def test_a_flux_without_a_day_is_told_though_the_weather_has_days(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no usable day of NEE: on none has FC half of the half-hours"):
        read_base(_base(tmp_path, FC=np.where(_steps() % 48 < 23, 1.0, np.nan), TA=20.0))


def test_rain_needs_every_step_of_its_day(tmp_path: Path) -> None:
    rain = np.where(_steps() == 5, np.nan, 0.25)
    table, _ = read_base(_base(tmp_path, FC=1.0, P=rain))
    assert np.isnan(table["PRECN"].iloc[0]) and table["PRECN"].iloc[1] == pytest.approx(12.0)


@pytest.mark.parametrize(
    ("column", "bad", "words"),
    [
        (
            "FC",
            -999.0,
            r"column FC: 4 of 192 values lie outside -200 to 200 umol m-2 s-1, the first on 2014-06-01 10:00",
        ),
        ("SW_IN", -999.0, r"column SW_IN: 4 of 192 values lie outside -50 to 1500 W m-2"),
        ("TA", 293.15, r"column TA: 4 of 192 values lie outside -60 to 60 degC"),
        ("P", -999.0, r"column P: 4 of 192 values lie outside -1 to 200 mm"),
        ("RECO", 999.0, r"column RECO: 4 of 192"),
    ],
)
def test_one_wrong_half_hour_a_day_hides_in_no_mean(tmp_path: Path, column: str, bad: float, words: str) -> None:
    good = {"FC": 1.0, "SW_IN": 100.0, "TA": 20.0, "P": 0.0, "RECO": 2.0}
    path = _base(tmp_path, days=4, **good | {column: np.where(_steps(4) % 48 == 20, bad, good[column])})
    with pytest.raises(DataError, match=words + r".*: check its unit and sign; is another number than -9999 used"):
        read_base(path)


def test_radiation_with_its_sign_turned_is_no_darkness(tmp_path: Path) -> None:
    light = np.where((_steps() % 48 >= 12) & (_steps() % 48 < 36), -400.0, 0.0)
    with pytest.raises(
        DataError, match=r"column SW_IN: 48 of 96 values lie outside .*\(-400\): check its unit and sign"
    ):
        read_base(_base(tmp_path, FC=1.0, SW_IN=light))


def test_a_flux_in_another_unit_is_told_so_and_not_missed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column FC: 96 of 96 values lie outside -200 to 200"):
        read_base(_base(tmp_path, FC=2000.0, TA=20.0))


def test_one_wrong_half_hour_of_many_is_left_out_and_said(tmp_path: Path) -> None:
    report = Report()
    fc = np.where(_steps(4) == 20, -999.0, 2.0)
    ((table, _),) = read(_base(tmp_path, days=4, FC=fc), report=report)
    assert table["NEE"].tolist() == pytest.approx([2.0 * towers.GC_PER_UMOL] * 4)
    assert table["NEE_qc"].tolist() == pytest.approx([47 / 48, 1, 1, 1])
    warning = report.findings[0]
    assert (warning.level, warning.column) == ("warning", "FC")
    assert warning.what.endswith("the first on 2014-06-01 10:00 (-999); they are left out")


def test_a_broken_sensor_beside_a_sound_one_stops_nothing(tmp_path: Path) -> None:
    report = Report()
    ((table, meta),) = read(_base(tmp_path, FC=1.0, TA_1_1_1=-999.0, TA_1_2_1=20.0), report=report)
    assert meta["columns"]["TMAX"] == "TA_1_2_1" and (table["TMAX"] == 20.0).all()
    assert [f.column for f in report.findings if f.level == "warning"] == ["TA_1_1_1", "FC"]


def test_sites_joined_in_one_table_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column SITE_ID: holds 2 sites \(US-Xx1, US-Xx2\): split it into a file each"):
        read_base(_base(tmp_path, FC=1.0, SITE_ID=["US-Xx1"] * 48 + ["US-Xx2"] * 48))
    assert read_base(_base(tmp_path, FC=1.0, SITE_ID="US-Xx1"))[0]["NEE"].notna().all()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_sign_of_gpp_is_told_without_respiration(tmp_path: Path, sign: int, noise: float) -> None:
    season = np.repeat([0.0, 0.0, 0.0, 0.0, 4.0, 9.0, 12.0, 6.0], 48)
    gpp = season + noise * np.resize([1, -1], 384).repeat(48)[:384] - noise / 2  # in winter of both signs
    report = Report()
    ((table, meta),) = read(_base(tmp_path, days=8, FC=3 - season, GPP_PI=sign * gpp), report=report)
    assert table["GPP"].to_numpy() == pytest.approx(gpp[::48] * towers.GC_PER_UMOL)
    note = meta["notes"]["GPP"]
    assert ("sign turned so that uptake is positive" if sign < 0 else "sign kept") in note
    assert note.startswith("AmeriFlux GPP_PI, ") and "told without RECO: on the days with the largest GPP" in note


def test_respiration_of_other_days_tells_no_sign(tmp_path: Path) -> None:
    early = _steps() < 48
    path = _base(tmp_path, FC=-1.0, GPP=np.where(early, -5.0, np.nan), RECO=np.where(early, np.nan, 4.0))
    table, meta = read_base(path)
    assert table["GPP"].max() == pytest.approx(5 * towers.GC_PER_UMOL) and "told without RECO" in meta["notes"]["GPP"]


def test_an_implausible_day_names_the_column_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column GPP_PI: of daily GPP, 4 of 4 values lie outside -5 to 60 g C m-2 d-1"):
        read_base(_base(tmp_path, days=4, FC=1.0, GPP_PI=90.0))
    report = Report()
    with pytest.raises(DataError):
        read(_base(tmp_path, days=4, FC_1_1_1=99.0, P=15.0), report=report)
    assert [f.column for f in report.errors] == ["FC_1_1_1", "P"], "CO2_FLUX is NEE, told once"


@pytest.mark.parametrize("share", [1, 50])
def test_a_gauge_that_loses_a_little_on_dry_days_has_no_rain_then(tmp_path: Path, share: int) -> None:
    """Both few such days, once made gaps, and many, once an error."""
    day = np.repeat(np.arange(200), 48)
    rain = np.where((day % 200) < share, -0.01, 0.25)
    report = Report()
    ((table, _),) = read(_base(tmp_path, days=200, FC=1.0, P=rain), report=report)
    assert (table["PRECN"].iloc[:share] == 0).all() and table["PRECN"].iloc[share:].to_numpy() == pytest.approx(12.0)
    (warning,) = [f for f in report.findings if f.column == "P"]
    assert warning.level == "warning"
    assert warning.what.startswith(f"daily PRECN is slightly below 0 on {share} of 200 days (down to -0.48 mm d-1)")


def test_days_of_much_less_than_no_rain_are_no_dry_days(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column P: of daily PRECN, 2 of 2 values lie outside 0 to 500 mm d-1"):
        read_base(_base(tmp_path, FC=1.0, P=-0.1))
