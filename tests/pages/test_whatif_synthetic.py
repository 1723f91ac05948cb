"""What "What if" shows beside the emulator: the data that it learned from, with a banner where they are synthetic."""

from functools import partial

from streamlit.testing.v1 import AppTest

from agroflux.ui import whatif_emulator
from tests.pages.opened import open_page
from tests.pages.opened import said as _said

OF_FIELDS = "lstm-randomised-hidden30"
FIELDS = "Random fields, DSSAT with CENTURY soil carbon (synthetic)"
_open = partial(open_page, "whatif", whatif_1="n_rate:84", years="2016-2017")


def _banner(app: AppTest) -> str:
    assert not app.exception and not app.error
    return " ".join(one.value for one in app.warning if "Synthetic data in view" in one.value).replace("\\", "")


def _sources(app: AppTest) -> bool:
    return "Sources and licences" in [one.label for one in app.expander]


def test_an_emulator_that_learned_from_synthetic_data_brings_banner_and_sources() -> None:
    app = _open(sites="19015", whatif_model=OF_FIELDS)
    assert whatif_emulator.soil_models(OF_FIELDS) == ("century",)
    assert FIELDS in _banner(app) and _sources(app) and f"{FIELDS} (synthetic). " in _said(app)
    app.selectbox(key="w.whatif-model").set_value("lstm-cornbelt-century").run()
    assert not _banner(app) and _sources(app), "the data of the other emulator are no dice"


def test_without_a_county_no_answer_of_the_emulator_is_in_view() -> None:
    app = _open(whatif_model=OF_FIELDS)
    assert "No county is picked yet" in _said(app)
    assert not _banner(app) and not _sources(app)
