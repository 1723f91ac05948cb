"""N2O chambers: marks of missing values and wild measurements are found before they are averaged into their day."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agroflux.data.n2o_chambers import Columns, read, read_saha
from agroflux.data.report import Report
from agroflux.errors import DataError

_SAHA = "Date,Experiment,Replication,Vegetation,N2O,Clay,Sand,SOM\n"


def _chambers(folder: Path, flux: list[float], plots: int = 4) -> Path:
    """A table of ``plots`` plots a day with these fluxes, row after row; the first is row 2 of the file."""
    days = pd.date_range("2020-05-01", periods=-(-len(flux) // plots)).repeat(plots)[: len(flux)]
    table = pd.DataFrame({"date": days, "plot": np.arange(len(flux)) % plots + 1, "flux": flux})
    path = folder / "chambers.csv"
    table.to_csv(path, index=False)
    return path


def _columns(unit: str) -> Columns:
    return Columns("date", "flux", unit, "plot")


@pytest.mark.parametrize(
    ("unit", "usual", "bad", "words"),
    [
        ("ug N m-2 h-1", 50.0, -999.0, "are -999, far from all others, as marks of a missing value are"),
        ("ug N m-2 h-1", 50.0, -99.0, "are -99, far from all others"),  # within the plausible range
        ("g N ha-1 d-1", 5.0, 9999.0, "are 9999, far from all others"),  # so is 0.9999 g N m-2 d-1
        ("nmol m-2 s-1", 0.5, -99999.0, "are -99999, far from all others"),
        ("ug N m-2 h-1", 50.0, -1234.0, "lie outside -833.333 to 41666.7 ug N m-2 h-1"),
        ("g N ha-1 d-1", 5.0, 20000.0, "lie outside -200 to 10000 g N ha-1 d-1"),
    ],
)
def test_a_wild_plot_hides_in_no_mean(tmp_path: Path, unit: str, usual: float, bad: float, words: str) -> None:
    flux = [usual, 1.2 * usual, 0.8 * usual, usual] * 100
    clean = read(_chambers(tmp_path, flux), _columns(unit))[0][0]
    for row in (3, 195):  # of 400: a few, left out
        flux[row] = bad
    report = Report()
    ((table, _),) = read(_chambers(tmp_path, flux), _columns(unit), report=report)
    assert table["N2O_FLUX"].to_numpy() == pytest.approx(clean["N2O_FLUX"].to_numpy()), "the others of that day stay"
    (found,) = report.findings
    assert (found.level, found.row, found.column) == ("warning", 5, "flux")
    assert found.what.startswith(f"2 of 400 values {words}")
    assert found.what.endswith("(rows 5, 197); they are left out") and "write -9999" in found.remedy
    flux[3::16] = [bad] * 25
    with pytest.raises(
        DataError, match=r"row 5, column flux: 25 of 400 values .*\(rows 5, 21, .* and 15 more\): "
    ) as e:
        read(_chambers(tmp_path, flux), _columns(unit))
    assert words in str(e.value) and "where nothing was measured" in str(e.value)


@pytest.mark.parametrize("others", [[-60.0], [700.0], [4000.0, -500.0]])
def test_a_number_that_others_come_near_is_a_measurement(tmp_path: Path, others: list[float]) -> None:
    """Peaks of 999 ug N m-2 h-1 are measured, and uptake of 99: only a lone one is a mark."""
    bad = 999.0 if others[0] > 0 else -99.0
    report = Report()
    ((table, _),) = read(_chambers(tmp_path, [*others, bad, 1.0], plots=1), _columns("ug N m-2 h-1"), report=report)
    assert report.findings == [] and table["N2O_FLUX"].notna().all()


def test_two_marks_and_a_wild_value_are_told_apart(tmp_path: Path) -> None:
    flux = [5.0] * 396 + [-999.0, 9999.0, -5000.0, 6.0]
    report = Report()
    read(_chambers(tmp_path, flux), _columns("g N ha-1 d-1"), report=report)
    assert [(f.row, f.what.split(" (rows")[0]) for f in report.findings] == [
        (398, "2 of 400 values are -999 or 9999, far from all others, as marks of a missing value are"),
        (400, "1 of 400 values lie outside -200 to 10000 g N ha-1 d-1"),
    ]


def test_a_table_of_nothing_but_a_wild_value_is_told_of_its_unit(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"row 2, column flux: 1 of 1 values lie outside .*: check the unit and the sign"
    ):
        read(_chambers(tmp_path, [90000.0]), _columns("g N ha-1 d-1"))


@pytest.mark.parametrize(
    ("column", "bad", "words"),
    [
        ("N2O", 9999, "column N2O: 5 of 80 values are 9999, far from all others"),
        ("Sand", -999, "column Sand: 5 of 80 values are -999, far from all others"),
        ("Clay", 2000, "column Clay: 5 of 80 values lie outside 0 to 1000 g kg-1"),
        ("SOM", 200, "column SOM: 5 of 80 values lie outside 0 to 103.44 %"),
    ],
)
def test_the_table_of_saha_is_checked_alike(tmp_path: Path, column: str, bad: float, words: str) -> None:
    good = {"N2O": 2, "Clay": 200, "Sand": 400, "SOM": 2}
    path = tmp_path / "saha.csv"

    def write(every: int) -> None:
        lines = [good | ({column: bad} if i % every == 3 else {}) for i in range(80)]
        rows = [f"2012-06-{i // 4 + 1:02d},MCSE-T2,R{i % 4},corn," for i in range(80)]
        cells = [",".join(map(str, line.values())) for line in lines]
        path.write_text(_SAHA + "".join(f"{row}{held}\n" for row, held in zip(rows, cells, strict=True)))

    write(16)
    with pytest.raises(DataError, match=rf"row 5, {words}"):
        read_saha(path)
    write(80)
    report = Report()
    ((table, _),) = read_saha(path, report=report)
    assert [(f.level, f.column) for f in report.findings] == [("warning", column)]
    held = table.iloc[0][["N2O_FLUX", "SAND", "SILT", "SOC"]].tolist()
    assert held == pytest.approx([2e-4, 400, 400, 20 / 1.724])
