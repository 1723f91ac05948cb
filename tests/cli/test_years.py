"""``--years`` of every command that takes it: years as people write them, and nothing that is left to guess."""

from pathlib import Path

import pytest

from agroflux.cli.lists import year_list, year_span
from agroflux.errors import SelectionError
from tests.cli.conftest import Call

COMMANDS = {
    "predict": ("--out", "x.nc"),
    "emissions": (),
    "simulate": ("--sites", "17003", "--out", "out"),
    "whatif": ("--sites", "19015", "--change", "n_rate=84"),
}
HALF = [
    ("2015-", "--years '2015-' has no last year: write both, as 2015-2018"),
    ("-2015", "--years '-2015' has no first year: write both, as 2015-2018"),
]


def test_years_are_read_as_people_write_them() -> None:
    assert year_list("2015 - 2017, 2013") == [2013, 2015, 2016, 2017]
    assert year_list("2013,2013") == [2013]
    assert year_list("") is None
    assert (year_span("2000-2018"), year_span(" 2012 ")) == ((2000, 2018), (2012, 2012))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *HALF,
        ("2018-2015", "'2018-2015' holds no year: write the first year first"),
        *((text, f"{text!r} is not understood") for text in ("-", "2015-2016-2017", "2015:2017", "15", "20150", "2e3")),
    ],
)
def test_half_a_span_and_no_year_are_refused_in_either_form(text: str, says: str) -> None:
    for read, written in ((year_span, text), (year_list, text), (year_list, f"2012, {text}")):
        with pytest.raises(SelectionError) as told:
            read(written)
        assert says in str(told.value) and "2015-2018" in str(told.value)


def test_a_list_without_a_year_is_not_all_years() -> None:
    for text in (",", " ", " , "):
        with pytest.raises(SelectionError, match=f"{text!r} holds no year: write 2015, 2015-2018 or 2015,2017"):
            year_list(text)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("text", "says"), [*HALF, (",", "--years ',' ")])
def test_each_command_refuses_them_in_one_line(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, text: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = call(command, *COMMANDS[command], "--years", text)
    assert (code, out) == (2, "")
    assert says in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())
