"""What pages show alike: text is text, an error is one message, a download is what it says."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from agroflux.data import catalog
from agroflux.figures import choropleth
from agroflux.ui import show


@given(st.text(max_size=60))
def test_plain_text_loses_nothing_but_its_line_breaks(text: str) -> None:
    assert show.plain(text).replace("\\", "") == " ".join(text.split()).replace("\\", "")


def test_markdown_html_and_latex_are_escaped() -> None:
    shown = show.plain("![x](http://a) <b> $e^2$ `c` [l](j) :smile:")
    for mark in "!<>$`[]():":
        assert f"\\{mark}" in shown


def _errors() -> None:
    import streamlit as st

    from agroflux.errors import DataError
    from agroflux.ui import show, state

    state.start("test")
    with show.guard("The map"):
        raise DataError("counties <b>gone</b>: restore them")
    with show.guard("The table"):
        raise ValueError("secret://user:password@host")
    st.write("still here")


def test_an_error_is_one_message_and_the_page_goes_on() -> None:
    app = AppTest.from_function(_errors, default_timeout=60).run()
    assert not app.exception
    assert len(app.error) == 2
    assert "restore them" in app.error[0].value and "<b>" not in app.error[0].value
    assert "secret" not in app.error[1].value and "The table" in app.error[1].value
    assert app.markdown[-1].value == "still here"


def _facts() -> None:
    from agroflux.ui import show

    show.facts([("<i>name</i>", "<img src=x onerror=alert(1)>")])
    show.keys([("<b>line</b>", "#0072B2", True)])


def test_facts_and_keys_are_text() -> None:
    app = AppTest.from_function(_facts, default_timeout=60).run()
    shown = "".join(element.proto.body for element in app.get("html"))
    assert "&lt;i&gt;name" in shown and "&lt;b&gt;line" in shown
    assert "<img" not in shown and "<b>" not in shown


def test_a_map_in_a_file_holds_its_shapes_and_the_page_keeps_their_address() -> None:
    served = "http://localhost:8501/app/static/geo/"
    fig = choropleth.county_figure(
        pd.Series({"19027": 1.0, "17019": 2.0}), {}, variable="GPP", label="GPP", unit="g C m-2 d-1",
        counties=f"{served}counties.geojson", states=f"{served}states.geojson",
    )  # fmt: skip
    whole = show._whole(fig)
    text = whole.to_html(include_plotlyjs=False)
    assert served not in text and '"19027"' in text
    held = whole.data[0].geojson["features"]
    assert {feature["properties"]["fips"] for feature in held} == {"19027", "17019"}
    lines = whole.layout.map.style["sources"]["states"]
    assert lines["type"] == "geojson" and lines["data"]["features"]
    assert fig.data[0].geojson.startswith(served), "the page goes on with the address"


def test_a_figure_without_a_map_is_written_as_it_is() -> None:
    fig = go.Figure(go.Scatter(x=[1], y=[2]))
    assert show._whole(fig) is fig


def test_netcdf_keeps_values_and_units() -> None:
    ds = xr.Dataset(
        {"NEE": (("site", "time"), np.array([[1.0, np.nan]]), {"units": "g C m-2 d-1"})},
        coords={"site": ["19169"], "time": np.array(["2015-01-01", "2015-01-02"], "datetime64[ns]")},
        attrs={"synthetic": True, "note": None, "kind": "simulation"},
    )
    with xr.open_dataset(io.BytesIO(show._netcdf_bytes(ds)), engine="h5netcdf") as back:
        assert back["NEE"].attrs["units"] == "g C m-2 d-1"
        np.testing.assert_array_equal(back["NEE"].to_numpy(), ds["NEE"].to_numpy())
        assert back.attrs["synthetic"] == 1


def _with_a_damaged_file() -> None:
    from agroflux.data import catalog
    from agroflux.ui import show, state

    state.start("test")
    show.unreadable(entry for entry in catalog.entries() if not entry.ok)


def test_a_damaged_file_is_named_without_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "broken.zarr.zip").write_bytes(b"PK cut off")
    monkeypatch.setenv("AGROFLUX_DATA", str(tmp_path))
    app = AppTest.from_function(_with_a_damaged_file, default_timeout=60).run()
    (warning,) = app.warning
    assert "broken.zarr.zip is no" in warning.value.replace("\\", "")
    assert str(tmp_path) not in warning.value.replace("\\", "")


def _with_a_bad_link() -> None:
    from agroflux.ui import show, state

    state.start("test")
    state.bind("var", default="GPP", options=["GPP", "NEE"])
    state.bind("sites", default=[], options=["a"], kind="many")
    state.bind("model", default=["a"], options=["a", "b", "c"], kind="many", most=2)
    show.notes()


def test_what_a_link_asks_for_in_vain_is_one_box_with_a_line_each() -> None:
    app = AppTest.from_function(_with_a_bad_link, default_timeout=60)
    app.query_params |= {"var": "[x](y)<img src=x>", "sites": "zzz", "model": "a,b,c"}
    (warning,) = app.run().warning
    head, *lines = warning.value.split("\n")
    assert head == "Not everything that was asked for is available here:"
    assert lines[0] == r"- var = \[x\]\(y\)\<img src=x\>; used instead\: GPP"
    assert lines[1:] == [
        r"- sites = zzz; left out",
        r"- model\: of 3 the first 2 are used, as no more fit at once",
    ]
    assert not AppTest.from_function(_with_a_bad_link, default_timeout=60).run().warning


def test_a_file_of_a_table_has_the_index_where_the_page_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str] = {}
    monkeypatch.setattr(show, "download", lambda _label, make, name, _mime: files.__setitem__(name, make()))
    monkeypatch.setattr(show, "frame", lambda *_, **__: None)
    rows = pd.DataFrame({"a": [1]}, pd.Index(["x"], name="id"))
    show.table(rows, "with")
    show.table(rows, "without", hide_index=True)
    assert files == {"with.csv": "id,a\nx,1\n", "without.csv": "a\n1\n"}


def test_no_text_of_a_file_runs_in_a_spreadsheet(monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str] = {}
    monkeypatch.setattr(show, "download", lambda _label, make, name, _mime: files.__setitem__(name, make()))
    show.csv(pd.DataFrame({"=site": ["=1"], "flux": [-1.5]}, pd.Index(["@x"])), "a")
    assert files["a.csv"] == ",'=site,flux\n'@x,'=1,-1.5\n"


def test_a_short_table_has_no_empty_rows_and_a_long_one_scrolls() -> None:
    assert show.height(range(2)) == "content"
    assert show.height(range(99)) == 280


def test_data_sets_are_told_apart_and_synthetic_ones_say_so() -> None:
    entry = catalog.get("chambers-synthetic")
    assert show.called(entry) == "Six virtual N₂O chambers, three seasons (synthetic)", "once is enough"
    twins = [dataclasses.replace(entry, id=name, title="Plots") for name in ("a", "b")]
    measured = dataclasses.replace(entry, id="c", title="Plots", synthetic=False)
    assert show.titles([*twins, measured]) == {"a": "Plots (synthetic) (a)", "b": "Plots (synthetic) (b)", "c": "Plots"}
