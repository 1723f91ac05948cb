"""The shared state: a link is read once, what it lacks is named, a choice outlives a page, a view is in the URL."""

from typing import Any

from streamlit.testing.v1 import AppTest


def _script() -> None:
    """Two pages' worth of widgets; which of them is shown is decided by the query parameter ``show``."""
    import streamlit as st

    from agroflux.ui import state

    state.start(st.query_params.get("show", "one"))
    if st.query_params.get("show", "one") == "one":
        st.selectbox("var", ["GPP", "NEE"], **state.bind("var", default="GPP", options=["GPP", "NEE"]))
        st.multiselect("sites", ["a", "b"], **state.bind("sites", default=["a"], options=["a", "b"], kind="many"))
        years = list(range(2013, 2019))
        st.select_slider("years", years, **state.bind("years", default=(2013, 2018), options=years, kind="span"))
        rates = [0.0, 168.0]
        st.selectbox("rate", rates, **state.bind("rate", default=168.0, options=rates))
        if st.button("toggle"):
            state.toggle("sites", "b")
            st.rerun()
    else:
        st.multiselect("sites", ["b", "c"], **state.bind("sites", default=["c"], options=["b", "c"], kind="many"))
        st.selectbox("var", ["NEE", "ET"], **state.bind("var", default="ET", options=["NEE", "ET"]))
    st.session_state["seen"] = {name: state.get(name) for name in ("var", "sites", "years", "rate")}
    st.session_state["said"] = state.notes()
    state.publish()


def _open(**query: str) -> AppTest:
    app = AppTest.from_function(_script, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def _seen(app: AppTest) -> dict[str, Any]:
    assert not app.exception, [e.value for e in app.exception]
    seen: dict[str, Any] = app.session_state["seen"]
    return seen


def test_defaults_hold_and_are_written_into_the_url() -> None:
    app = _open()
    assert _seen(app) == {"var": "GPP", "sites": ["a"], "years": (2013, 2018), "rate": 168.0}
    assert app.query_params == {"var": "GPP", "sites": "a", "years": "2013-2018", "rate": "168"}


def test_a_link_decides_what_is_shown() -> None:
    app = _open(var="NEE", sites="b,a", years="2014-2016", rate="0")
    assert _seen(app) == {"var": "NEE", "sites": ["b", "a"], "years": (2014, 2016), "rate": 0.0}
    assert app.selectbox[0].value == "NEE" and app.multiselect[0].value == ["b", "a"]
    assert app.session_state["said"] == []


def test_what_a_link_asks_for_in_vain_is_named_and_the_rest_holds() -> None:
    app = _open(var="<script>", sites="b,zzz", years="2016-2014", rate="1e9")
    assert _seen(app) == {"var": "GPP", "sites": ["b"], "years": (2013, 2018), "rate": 168.0}
    assert app.session_state["said"] == [
        "var = <script>; used instead: GPP",
        "sites = zzz; left out; kept of what was asked for: b",
        "years = 2016-2014; used instead: 2013-2018",
        "rate = 1e9; used instead: 168",
    ]
    assert app.query_params["sites"] == "b", "the URL says what is shown"
    assert _open(years="2017-2030").session_state["said"] == ["years = 2017-2030; used instead: 2013-2018"]


def test_what_remains_of_a_list_is_not_said_to_stand_in_for_what_is_left_out() -> None:
    assert _open(sites="y,z,b,a").session_state["said"] == ["sites = y, z; left out; kept of what was asked for: b, a"]
    assert _open(sites="y,z").session_state["said"] == ["sites = y, z; used instead: a"], "none of them remains"


def test_a_very_long_link_is_cut_and_does_no_harm() -> None:
    app = _open(sites=",".join(f"x{i}" for i in range(5000)))
    assert _seen(app)["sites"] == ["a"]
    assert len(app.session_state["said"][0]) < 200


def test_a_note_stays_until_the_next_choice() -> None:
    app = _open(var="nonsense")
    assert app.run().session_state["said"]
    app.selectbox[0].set_value("NEE").run()
    assert app.session_state["said"] == []


def test_a_change_reaches_the_url_and_is_not_undone_by_the_old_one() -> None:
    app = _open(var="NEE")
    app.selectbox[0].set_value("GPP").run()
    assert _seen(app)["var"] == "GPP"
    assert app.query_params["var"] == "GPP"


def test_a_url_changed_from_outside_wins() -> None:
    app = _open(var="GPP")
    app.query_params["var"] = "NEE"
    assert _seen(app.run())["var"] == "NEE"


def test_an_empty_selection_stays_empty() -> None:
    app = _open(sites="a,b")
    app.multiselect[0].set_value([]).run()
    assert _seen(app)["sites"] == []
    assert _seen(app.run())["sites"] == []
    link = dict(app.query_params)
    shared = _open(**link)
    assert _seen(shared)["sites"] == [], "a link shows what was shown"
    assert shared.session_state["said"] == []
    shared.multiselect[0].set_value(["b"]).run()
    assert shared.query_params["sites"] == "b"


def test_a_click_puts_a_site_in_and_takes_it_out() -> None:
    app = _open()
    app.button[0].click().run()
    assert _seen(app)["sites"] == ["a", "b"]
    assert app.multiselect[0].value == ["a", "b"]
    app.button[0].click().run()
    assert _seen(app)["sites"] == ["a"]


def test_a_choice_holds_on_another_page_and_comes_back() -> None:
    app = _open(var="GPP", sites="a,b")
    app.query_params.clear()
    app.query_params["show"] = "two"
    seen = _seen(app.run())
    assert seen["sites"] == ["b"], "what this page can offer of the choice"
    assert seen["var"] == "ET", "its own default where it cannot offer the choice"
    app.query_params.clear()
    app.query_params["show"] = "one"
    seen = _seen(app.run())
    assert seen["var"] == "GPP" and seen["sites"] == ["a", "b"]
