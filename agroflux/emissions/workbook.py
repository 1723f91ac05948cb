"""An answer as a spreadsheet: one sheet a table, units in the headers, text that cannot run as a formula."""

import io
import math
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from agroflux.data.text_cells import text_cell
from agroflux.emissions import export, notes
from agroflux.emissions.assess import Assessment

#: xlsxwriter: text stays text, never a formula, a link or a number; NaN is left blank by :func:`_write`.
_PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}


def to_xlsx(answer: Assessment, *, synthetic: bool) -> bytes:
    """The workbook: a summary, totals by place and crop, intervals, years, months, nitrogen rates, Tier 1.

    ``synthetic``: whether anything behind the figures is.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, _PLAIN)
    try:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for name, table in _sheets(answer, synthetic).items():
            _write(book.add_worksheet(name), table, bold)
    finally:
        book.close()
    return out.getvalue()


def _sheets(answer: Assessment, synthetic: bool) -> dict[str, pd.DataFrame]:
    said = {"Figure": f"{notes.headline(answer)} a year", "What it is": notes.what(answer), "Place": answer.place}
    made_by = export.provenance(answer.totals, synthetic=synthetic)
    said |= {key: value for key, value in made_by.items() if key != "place"}
    said |= {"components": ", ".join(answer.components), "draws": str(answer.question.draws)}
    said |= {"seed": str(answer.question.seed)} | ({"models": ", ".join(answer.models)} if answer.models else {})
    rows = [*said.items(), ("Years", notes.trend(answer)), *(("Note", text) for text in notes.is_and_is_not(answer))]
    tier1 = answer.named(answer.tier1).rename(
        columns={"n_applied_t_n": "n_applied_t_n [t N yr-1]"} | {c: f"{c} [t N2O yr-1]" for c in _TIER1_MASSES}
    )
    return {
        "Summary": pd.DataFrame(rows, columns=["item", "value"]),
        "Region": export.with_intervals(answer, "region"),
        "States": export.with_intervals(answer, "state"),
        "Counties": export.with_intervals(answer, "county"),
        "Crops": answer.totals.crops,
        "Intervals": answer.named(answer.intervals),
        "Uncertainty": answer.parts,
        "Years": answer.years,
        "Months": answer.months,
        "Nitrogen": answer.lever.rename(columns={"n_rate": "n_rate [kg N ha-1 yr-1]"}),
        "Tier 1": tier1,
    }


_TIER1_MASSES = ("n2o_t", "low_t", "high_t")


def _write(sheet: Any, table: pd.DataFrame, bold: Any) -> None:
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, export.header(str(name)), bold)
    for row, cells in enumerate(table.itertuples(index=False, name=None), start=1):
        for column, value in enumerate(cells):
            if isinstance(value, bool | np.bool_):
                sheet.write_boolean(row, column, bool(value))
            elif isinstance(value, int | float | np.integer | np.floating):
                if math.isfinite(value):
                    sheet.write_number(row, column, float(value))
            elif value is not None:
                sheet.write_string(row, column, text_cell(value))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(table.columns) - 1, 0), 18)
