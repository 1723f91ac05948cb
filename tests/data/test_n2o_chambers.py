"""N2O chambers: units by hand, plots and their standard error, the real files, and tables that are wrong."""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agroflux.data import catalog, n2o_units, towers
from agroflux.data.importing import import_file
from agroflux.data.known_sites import SiteFacts
from agroflux.data.n2o_chambers import Columns, guess, of_plots, read, read_saha
from agroflux.data.report import Report
from agroflux.errors import DataError

PLAIN = Columns("date", "flux", "g N ha-1 d-1", "plot")


def _write(folder: Path, text: str, name: str = "chambers.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("unit", "value", "house"),
    [
        ("g N ha-1 d-1", 10.0, 1e-3),  # 10 g / 10,000 m2
        ("kg N ha-1 d-1", 0.01, 1e-3),  # 10 g ha-1
        ("mg N m-2 h-1", 1.0, 0.024),  # 24 mg a day
        ("ug N m-2 h-1", 100.0, 0.0024),
        ("ug N2O m-2 h-1", 100.0, 0.0015276),  # 2,400 ug N2O x 28.014 / 44.013 = 1,527.6 ug N
        ("nmol m-2 s-1", 1.0, 0.00242041),  # 86,400 s x 1e-9 mol x 28.014 g mol-1
        ("umol m-2 h-1", 1.0, 0.000672336),  # 24 h x 1e-6 mol x 28.014 g mol-1
    ],
)
def test_units_by_hand(tmp_path: Path, unit: str, value: float, house: float) -> None:
    path = _write(tmp_path, f"date,flux\n2020-05-01,{value}\n")
    ((table, _),) = read(path, Columns("date", "flux", unit))
    assert table["N2O_FLUX"].item() == pytest.approx(house, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("g N2O-N ha-1 day-1", "g N ha-1 d-1"),
        ("gN/ha/day", "g N ha-1 d-1"),
        ("µg N2O m\u22122 h\u22121", "ug N2O m-2 h-1"),
        ("mg N/m2/hr", "mg N m-2 h-1"),
        ("nmol N2O m-2 s-1", "nmol m-2 s-1"),
        ("KG N HA-1 D-1", "kg N ha-1 d-1"),
    ],
)
def test_units_are_known_as_people_write_them(text: str, unit: str) -> None:
    assert n2o_units.unit(text) == unit


def test_an_unknown_unit_names_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"'ppb' is no known unit.*nmol m-2 s-1"):
        n2o_units.unit("ppb")


def test_the_measured_file_gives_two_units_that_agree(measured: Path) -> None:
    path = measured / "n2o" / "sabr_iowa_2023_2024.csv"
    one, other = (
        read(path, Columns("date", flux, unit, "plot", ("treatment",)))
        for flux, unit in (("gnha_day", "g N ha-1 d-1"), ("best_flux_nmol_1m_2s_1", "nmol m-2 s-1"))
    )
    for (a, _), (b, _) in zip(one, other, strict=True):
        np.testing.assert_allclose(a["N2O_FLUX"], b["N2O_FLUX"], rtol=1e-4)


def test_plots_are_the_replicates_not_the_chambers_in_them() -> None:
    day = pd.Timestamp("2020-05-01")
    rows = pd.DataFrame({"day": day, "plot": ["a", "a", "b", "c"], "flux": [1.0, 3.0, 4.0, 6.0]})
    (row,) = of_plots(rows).itertuples()
    # plots 2, 4, 6: mean 4, standard deviation 2, standard error 2 / sqrt(3)
    assert row.N2O_FLUX == 4.0 and row.N2O_FLUX_unc == pytest.approx(1.1547005)
    alone = of_plots(rows[rows["plot"] == "a"])
    assert alone["N2O_FLUX"].item() == 2.0 and np.isnan(alone["N2O_FLUX_unc"].item()), "one plot tells no spread"


def test_real_sabr_file_keeps_its_means(measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    path = measured / "n2o" / "sabr_iowa_2023_2024.csv"
    raw = pd.read_csv(path)
    wanted = raw.groupby(["treatment", "date", "plot"])["gnha_day"].mean().groupby(["treatment", "date"]).mean()
    import_file("n2o", path, "sabr", site=SiteFacts("sabr", "SABR", "IA", 42.0, -93.7))
    ds = catalog.open_dataset("sabr")
    assert ds["site"].to_numpy().tolist() == ["sabr-Corn", "sabr-Sorghum", "sabr-Soy", "sabr-Sorghum-Rye"]
    assert ds["site_name"].to_numpy()[3] == "SABR: Sorghum + Rye"
    for site, treatment in (("sabr-Corn", "Corn"), ("sabr-Sorghum-Rye", "Sorghum + Rye")):
        assert float(ds["N2O_FLUX"].sel(site=site).mean()) == pytest.approx(wanted[treatment].mean() * 1e-4, rel=1e-3)


@pytest.mark.parametrize("name", ["Saha_et_al_2020_ERL_Data.xlsx", "saha_2020_extracted.csv"])
def test_real_saha_files_keep_their_means(measured: Path, name: str) -> None:
    raw = pd.read_csv(measured / "n2o" / "saha_2020_extracted.csv")
    readings = {meta["series"]: (table, meta) for table, meta in read_saha(measured / "n2o" / name)}
    assert set(readings) == set(raw["Experiment"])
    for experiment, part in raw.groupby("Experiment"):
        daily = part.groupby("Date")["N2O"]
        table, meta = readings[str(experiment)]
        assert table["N2O_FLUX"].mean() == pytest.approx(daily.mean().mean() * 1e-4, rel=1e-3)
        spread = (daily.std() / np.sqrt(daily.count())).mean() * 1e-4
        assert np.isnan(spread) or table["N2O_FLUX_unc"].mean() == pytest.approx(spread, rel=1e-3)
        assert table["SAND"].iloc[0] == pytest.approx(part["Sand"].mean(), rel=1e-3) and "lat" in meta
    crops = readings["MCSE-T2"][1]["crops"]
    assert crops[2003] == raw[raw["Experiment"].eq("MCSE-T2") & raw["Year"].eq(2003)]["Vegetation"].map(
        {"Corn": "corn", "GLYMX": "soybean", "TRIAE": "winter wheat"}
    ).mode().item()  # fmt: skip


def test_columns_are_guessed_and_said() -> None:
    told = guess(["date", "plot", "best_flux_nmol_1m_2s_1", "gnha_day", "treatment"])
    assert told == Columns("date", "gnha_day", "g N ha-1 d-1", "plot", ("treatment",))
    assert guess(["x", "y"]).date == ""


def test_dates_of_several_kinds(tmp_path: Path) -> None:
    for text, day_first in (
        ("03.05.2020", False),
        ("5/3/2020", False),
        ("3/5/2020", True),
        ("2020-05-03 10:30", False),
    ):
        path = _write(tmp_path, f"date,flux\n{text},1\n")
        ((table, _),) = read(path, Columns("date", "flux", "g N ha-1 d-1", day_first=day_first))
        assert table.index[0] == pd.Timestamp("2020-05-03"), text


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        ("date,plot,flux\n2020-05-01,1,x\n", PLAIN, r"row 2, column flux: 'x' is no number"),
        ("date,plot,flux\n2020-13-01,1,1\n", PLAIN, r"row 2, column date: '2020-13-01' is no time"),
        ("date,plot,flux\n2020-05-01,1,\n", PLAIN, r"holds no flux"),
        ("date,chamber,flux\n2020-05-01,1,2\n", PLAIN, r"no column 'plot' for the plot: it has date, chamber, flux"),
        ("a,b\n1,2\n", None, r"cannot be told from the names a, b"),
        ("date,plot,flux\n2020-05-01,1,90000\n2020-05-02,1,90000\n", PLAIN, r"check the unit and the sign"),
    ],
)
def test_wrong_tables_are_told(tmp_path: Path, text: str, columns: Columns | None, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(_write(tmp_path, text), columns)


def test_hostile_names_stay_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    evil = "<img src=x onerror=alert(1)>/../../${x}"
    path = _write(tmp_path, f'"{evil}",flux,series\n2020-05-01,1,{evil}\n2020-05-01,2,=1+1\n')
    ((_, first), _) = readings = read(path, Columns(evil, "flux", "g N ha-1 d-1", series=("series",)))
    assert first["series"] == evil and len(readings) == 2
    import_file("n2o", path, "x", site=SiteFacts("s", lat=42, lon=-93), options=_options(evil))
    assert catalog.open_dataset("x")["site"].to_numpy().tolist() == ["s-img-src-x-onerror-alert-1-x", "s-1-1"]


def _options(date: str):
    from agroflux.data.formats import Options

    return Options(columns=Columns(date, "flux", "g N ha-1 d-1", series=("series",)))


@given(st.lists(st.lists(st.text(max_size=8) | st.floats().map(str), min_size=3, max_size=3), max_size=5))
def test_no_malformed_table_does_worse_than_a_clear_error(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = "\n".join(",".join(cells) for cells in [["date", "plot", "flux"], *rows])
        path = Path(folder) / "chambers.csv"
        path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
        try:
            readings = read(path, PLAIN, report=Report())
        except DataError as error:
            assert "chambers.csv" in str(error)
        else:
            assert readings == [] or all(table["N2O_FLUX"].notna().any() for table, _ in readings)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("gnha_day", "g N ha-1 d-1"),
        ("gN_ha_d", "g N ha-1 d-1"),
        ("N2O [kg N ha^-1 d^-1]", "kg N ha-1 d-1"),
        ("g N2O-N per ha per day", "g N ha-1 d-1"),
        ("µg N2O m-2 h-1", "ug N2O m-2 h-1"),
        ("mgN_m2_hr", "mg N m-2 h-1"),
        ("best_flux_nmol_1m_2s_1", "nmol m-2 s-1"),
        ("mg N ha-1 d-1", ""),
        ("N2O_kgN_ha_yr", ""),
        ("soil_kgN_ha", ""),
        ("N2O_nmol_m2_h", ""),
        ("nmol", ""),
    ],
)
def test_a_name_tells_a_whole_unit_or_none(name: str, unit: str) -> None:
    assert n2o_units.in_name(name) == unit


@pytest.mark.parametrize(
    ("names", "flux"),
    [
        ("soil_NO3_kgN_ha,N2O_gN_ha_d", "N2O_gN_ha_d"),
        ("NH3_gN_ha_d,N2O_gN_ha_d", "N2O_gN_ha_d"),
        ("gN_ha_d,N2O", "N2O"),
        ("N2O_flag,N2O_nmol_m2_s,N2O_gN_ha_d", "N2O_gN_ha_d"),
        ("CO2_flux_umol_m2_h,flux", "flux"),
        ("CO2_flux,NH4_gN_ha_d,soil_gN_ha_d", ""),
        ("soil_N2O_gN_ha_d,flux", "soil_N2O_gN_ha_d"),
    ],
)
def test_the_flux_is_n2o_before_what_only_has_its_unit(names: str, flux: str) -> None:
    assert guess(["date", "plot", *names.split(",")]).flux == flux


def test_a_yearly_sum_is_taken_for_no_daily_flux(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"not known: unit: name them .*--unit"):
        read(_write(tmp_path, "date,plot,N2O_kgN_ha_yr\n2020-05-01,1,2\n"))


@pytest.mark.parametrize("role", ["date", "plot", "series"])
def test_one_column_is_not_flux_and_something_else(tmp_path: Path, role: str) -> None:
    columns = dataclasses.replace(PLAIN, **{role: ("flux",) if role == "series" else "flux"})
    with pytest.raises(DataError, match=f"column 'flux' cannot be both flux and {role}"):
        read(_write(tmp_path, "date,plot,flux\n2020-05-01,1,2\n"), columns)


def test_treatments_of_two_sites_stay_apart_and_what_tells_nothing_is_left_out(tmp_path: Path) -> None:
    rows = [("KBS", "Ames", "high", 1.0), ("KBS", "Mead", "high", 10.0), ("KBS", "Mead", "low", 2.0)]
    text = "experiment,site,date,treatment,plot,N2O g N ha-1 d-1\n"
    text += "".join(f"{e},{s},2020-05-01,{t},1,{v}\n" for e, s, t, v in rows)
    readings = read(_write(tmp_path, text))
    assert [meta["series"] for _, meta in readings] == ["Ames high", "Mead high", "Mead low"]
    assert [float(table["N2O_FLUX"].iloc[0]) for table, _ in readings] == pytest.approx([1e-4, 1e-3, 2e-4])


def test_treatments_that_differ_in_an_end_of_nought_stay_apart(tmp_path: Path) -> None:
    path = _write(tmp_path, "date,treatment,N2O_gN_ha_d\n2020-05-01,N1.0,2\n2020-05-01,N1,4\n")
    sites = {str(meta["series"]): float(table["N2O_FLUX"].mean()) for table, meta in read(path)}
    assert sites == pytest.approx({"N1": 4e-4, "N1.0": 2e-4})


def test_a_series_without_a_flux_is_left_out_and_told(tmp_path: Path) -> None:
    report = Report()
    text = "date,treatment,flux\n2020-05-01,A,1\n2020-05-01,B,\n"
    columns = Columns("date", "flux", "g N ha-1 d-1", series=("treatment",))
    ((_, meta),) = read(_write(tmp_path, text), columns, report=report)
    assert meta["series"] == "A"
    assert [(f.level, f.what) for f in report.findings] == [("warning", "B holds no flux and is left out")]


def test_treatments_that_differ_in_signs_alone_become_two_sites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path / "mine"))
    text = "day,flux,series\n" + "".join(f"2020-05-01,1,{name}\n" for name in ("N+", "N-", "a b", "a-b", "a-b-2"))
    import_file("n2o", _write(tmp_path, text), "x", site=SiteFacts("Ames", lat=42, lon=-93), options=_options("day"))
    sites = catalog.open_dataset("x")["site"].to_numpy().tolist()
    assert sites == ["Ames-N-plus", "Ames-N-minus", "Ames-a-b", "Ames-a-b-3", "Ames-a-b-2"]


def test_guess_passes_over_errors_and_days_of_other_work() -> None:
    told = guess(["planting_date", "update", "sample_date", "N2O_se_gN_ha_d", "N2O_cum_gN_ha_d", "N2O_mean_gN_ha_d"])
    assert (told.date, told.flux) == ("sample_date", "N2O_mean_gN_ha_d")
    assert guess(["day", "season", "N2O flux"]).flux == "N2O flux"


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [
        (("01/05/2010", "02/05/2010"), "warning", "read as month/day (01/05/2010 as 2010-01-05), and none tells"),
        (("01/05/2010", "22/05/2010"), "error", "'22/05/2010' is no time when dates are read as month/day, but all"),
        (("05/22/2010", "01/05/2010"), "", ""),
        (("05/05/2010", "06/06/2010"), "", ""),
    ],
)
def test_whether_day_or_month_comes_first_is_asked(
    tmp_path: Path, days: tuple[str, ...], level: str, words: str
) -> None:
    report = Report()
    path = _write(tmp_path, "date,flux\n" + "".join(f"{day},1\n" for day in days))
    columns = Columns("date", "flux", "g N ha-1 d-1")
    if level == "error":
        with pytest.raises(DataError, match=r"--day-first"):
            read(path, columns, report=report)
        ((table, _),) = read(path, dataclasses.replace(columns, day_first=True))
        assert table.index[-1] == pd.Timestamp("2010-05-22")
    else:
        read(path, columns, report=report)
    assert [(f.level, words in f.what) for f in report.findings] == ([(level, True)] if level else [])


@pytest.mark.parametrize("blank", ["", "NA"])
@pytest.mark.parametrize("column", ["treatment", "plot"])
def test_a_row_that_names_no_treatment_or_plot_is_no_site_of_its_own(tmp_path: Path, column: str, blank: str) -> None:
    rows = [{"date": f"2020-05-0{day}", "treatment": "N0", "plot": "1", "flux": "1"} for day in range(1, 5)]
    rows[1][column] = rows[2][column] = blank  # merged cells keep their text in the first row
    rows[1]["flux"] = ""
    pd.DataFrame(rows).to_csv(tmp_path / "chambers.csv", index=False)
    columns = dataclasses.replace(PLAIN, series=("treatment",))
    report = Report()
    with pytest.raises(DataError, match=rf"row 4, column {column}: names nothing.*: fill merged cells down"):
        read(tmp_path / "chambers.csv", columns, report=report)
    assert [(f.row, f.column) for f in report.errors] == [(4, column)], "a row without a flux needs no name"
    for row in rows:
        row[column] = ""
    pd.DataFrame(rows).to_csv(tmp_path / "chambers.csv", index=False)
    assert len(read(tmp_path / "chambers.csv", columns)) == 1, "a column that is empty throughout tells nothing"


def test_an_experiment_left_out_in_the_table_of_saha_is_told(tmp_path: Path) -> None:
    head = "Date,Experiment,Replication,Vegetation,N2O,Clay,Sand,SOM\n"
    text = head + "2012-06-01,MCSE-T2,R1,corn,2,200,400,2\n2012-06-01,,R2,corn,2,200,400,2\n"
    with pytest.raises(DataError, match=r"row 3, column Experiment: names nothing"):
        read_saha(_write(tmp_path, text))


def _apart(folder: Path, sites: int) -> Path:
    years = ("1901", "2024")
    rows = [f"{years[i % 2]}-06-{i % 28 + 1:02d},p,s{i},5" for i in range(sites)]
    return _write(folder, "date,plot,field,flux\n" + "\n".join(rows) + "\n")


def test_many_sites_far_apart_in_time_are_refused_before_they_are_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = Columns("date", "flux", "g N ha-1 d-1", "plot", ("field",))

    def laid_out(*_: object) -> None:
        raise AssertionError("a table was laid out")

    monkeypatch.setattr("agroflux.data.n2o_chambers._series", laid_out)
    with pytest.raises(
        DataError, match=r"5,000 sites from 1901-06-0\d to 2024-06-\d\d.* 3\.6 GB: correct the dates, or"
    ):
        read(_apart(tmp_path, 5000), columns)


def test_a_few_sites_far_apart_in_time_are_taken(tmp_path: Path) -> None:
    columns = Columns("date", "flux", "g N ha-1 d-1", "plot", ("field",))
    assert len(read(_apart(tmp_path, 50), columns)) == 50


def test_sites_of_any_reader_are_not_laid_out_when_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def sites(years: tuple[str, ...], days: int) -> list[towers.Reading]:
        held = [pd.date_range(f"{years[i % len(years)]}-01-01", periods=days, name="time") for i in range(60)]
        return [(pd.DataFrame({"NEE": 1.0, "GPP": 1.0}, index), {"site_id": f"s{i}"}) for i, index in enumerate(held)]

    def laid_out(*_: object) -> None:
        raise StopIteration

    monkeypatch.setattr(towers, "_variable", laid_out)
    monkeypatch.setattr(towers, "SMALL_CUBE", 1_000_000)
    with pytest.raises(DataError, match="60 sites from 1901-01-01 to 2024-01-02 with 240 values would take"):
        towers.as_dataset(sites(("1901", "2024"), 2), attrs={}, history="")
    with pytest.raises(StopIteration):  # as many, measured all along
        towers.as_dataset(sites(("1990",), 2000), attrs={}, history="")
    with pytest.raises(DataError, match=r"would take 4\.8 GB"):
        towers.check_span(3000, pd.Timestamp("1901-01-01"), pd.Timestamp("2010-07-01"), 5, 600_000_000)
