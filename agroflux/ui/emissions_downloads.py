"""Downloads of the page "Regional emissions": the rows shown, and everything behind them."""

import shlex
from typing import TYPE_CHECKING

import streamlit as st

from agroflux.emissions import export
from agroflux.emissions.assess import Assessment
from agroflux.ui import cache, emissions_answer, show
from agroflux.ui.emissions import Choice

if TYPE_CHECKING:
    import pandas as pd

    from agroflux.emissions.totals import Level


def rows(answer: Assessment, choice: Choice, level: "Level", table: "pd.DataFrame") -> None:
    """Buttons for the rows of a table: CSV, GeoJSON, and the crops behind them as CSV."""
    made, name = answer.totals, f"{choice.file}-{level}"
    synthetic = emissions_answer.synthetic(choice)
    made_by = export.provenance(made, synthetic=synthetic)

    def geojson() -> str:
        return export.to_geojson(made, emissions_answer.shapes(level), level, table, synthetic=synthetic)

    with st.container(horizontal=True):
        show.download("CSV", lambda: export.to_csv(table, made_by), f"{name}.csv", "text/csv")
        show.download("GeoJSON", geojson, f"{name}.geojson", "application/geo+json")
        crops = f"{choice.file}-crops.csv"
        show.download("CSV by crop", lambda: export.to_csv(made.crops, made_by), crops, "text/csv")


def small(table: "pd.DataFrame", choice: Choice, what: str) -> None:
    """A table of an expander and a button for it as CSV, with a column that says whether it is of synthetic data."""
    show.frame(table, hide_index=True)
    filed = table.assign(synthetic="yes" if emissions_answer.synthetic(choice) else "no")
    show.csv(filed, f"{choice.file}-{what}", index=False)


def everything(answer: Assessment, choice: Choice) -> None:
    """Buttons for all tables at once, and for the report."""
    from agroflux.emissions import netcdf, pdf, workbook

    name, synthetic = choice.file, emissions_answer.synthetic(choice)
    st.subheader("Take it away", anchor=False)
    with st.container(horizontal=True):
        show.download("Report (HTML)", lambda: emissions_answer.report(choice), f"{name}.html", "text/html")
        if pdf.browser() is not None:
            show.download(
                "Report (PDF)", lambda: pdf.to_pdf(emissions_answer.report(choice)), f"{name}.pdf", "application/pdf"
            )
        show.download(
            "All tables (XLSX)", lambda: workbook.to_xlsx(answer, synthetic=synthetic), f"{name}.xlsx", show.XLSX
        )
        show.download(
            "Counties (NetCDF, CF)",
            lambda: netcdf.to_netcdf(
                answer, cache.county_facts(), emissions_answer.citations(choice), synthetic=synthetic
            ),
            f"{name}-counties.nc",
            "application/x-netcdf",
        )
    st.caption(
        "The report is one file without links to anything outside; it prints on A4 and on Letter. It and the PDF are "
        "made when you click, which takes some seconds for the figures."
    )
    st.code(shlex.join(emissions_answer.command(choice, answer)), language="bash", wrap_lines=True)
