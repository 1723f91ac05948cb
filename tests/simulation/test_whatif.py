"""Changes of practice: read and written without loss, refused in plain words, each lever felt by the real engine."""

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agroflux.errors import SelectionError
from agroflux.simulation import dssat, levers, whatif, workspace
from agroflux.simulation.county import benchmark_counties, county_scenario, county_site
from agroflux.simulation.runs import Case
from agroflux.simulation.scenario import Scenario
from agroflux.simulation.whatif import USUAL, Change

FIPS = "19015"
linux = pytest.mark.skipif(sys.platform != "linux", reason="the DSSAT executable runs on Linux")


def _usual() -> tuple[Scenario, dssat.Site]:
    """Corn in 2005, soybean in 2006, two years of spin-up."""
    site = county_site(FIPS)
    return replace(county_scenario(site.lat, "corn", 168.0, "century", (2005, 2006)), first_year=2003), site


@cache
def _run(text: str) -> dssat.Result:
    """The real engine under a change, given as a link has it."""
    scenario, site = whatif.apply(Change.from_text(text), *_usual())
    with workspace.scratch() as folder:
        return dssat.run(scenario, site, folder / "r", dssat.prepare_home(folder))


def _n2o(result: dssat.Result) -> float:
    return float(result.daily["N2O_FLUX"].sum())


def _corn(result: dssat.Result) -> float:
    return float(result.annual.loc[2005, "Yield"])


def _soybean(result: dssat.Result) -> float:
    return float(result.annual.loc[2006, "Yield"])


def _planted(result: dssat.Result) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(result.daily.index[result.daily["PLANTING"] > 0])


def _mean(name: str, months: slice = slice(None)) -> Callable[[dssat.Result], float]:
    return lambda result: float(result.daily.loc[months, name].mean())


# -- the change itself -------------------------------------------------------------------------------


def _values(name: str) -> st.SearchStrategy[object]:
    lever = levers.LEVERS[name]
    if isinstance(lever, levers.Choice):
        return st.sampled_from(list(lever.options))
    return st.floats(lever.low, lever.high)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Any change that is allowed."""
    chosen = {name: draw(_values(name)) for name in draw(st.sets(st.sampled_from(list(levers.LEVERS))))}
    if chosen.get("n_kind") == "ammonia" or chosen.get("n_placement") == "broadcast":
        chosen.pop("n_placement", None)
    return Change(**chosen)  # type: ignore[arg-type]


@settings(max_examples=150)
@given(changes())
def test_a_change_survives_link_yaml_and_command_line(change: Change) -> None:
    assert Change.from_text(change.to_text()) == change
    assert whatif.from_yaml(whatif.to_yaml({"mine": change})) == {"mine": change}
    assert Change.from_pairs(f"{name}={value}" for name, value in change.changed().items()) == change
    assert (change.label() == "usual practice") == (change == USUAL)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("n_rate=-1", "outside 0 to 336 kg N ha-1"),
        ("n_rate=nan", "outside 0 to 336"),
        ("n_rate=much", "'much' is not a number"),
        ("tillage=deep", "not one of conventional, reduced, none"),
        ("nrate=84", "'nrate' is not a lever"),
        ("n_rate", "write lever=value"),
        ("n_rate=1 n_rate=2", "given twice"),
        ("n_kind=ammonia n_placement=broadcast", "only be injected"),
        ("n_placement=broadcast n_depth=5", "does not go with"),
    ],
)
def test_a_bad_change_is_refused_in_plain_words(pair: str, words: str) -> None:
    with pytest.raises(SelectionError, match=words):
        Change.from_pairs(pair.split())


def test_a_depth_that_is_usual_is_no_change() -> None:
    assert Change(n_depth=10) == whatif.USUAL
    assert Change(n_depth=5).changed() == {"n_depth": 5}
    assert Change(n_placement="incorporated", n_depth=5).changed() == {"n_placement": "incorporated"}


@pytest.mark.parametrize(
    "text",
    ["year: 2012-13-45", 'co2: !!int "a"', "n_rate: " + "1" * 5000, "n_rate: 0x" + "f" * 6000, "a: " + "[" * 3000],
)
def test_a_value_that_yaml_cannot_make_is_the_users_error(text: str) -> None:
    with pytest.raises(SelectionError) as refused:
        whatif.from_yaml(text)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize("text", ["- 1", "scenarios: [1]", "a: {", "n_rate: [1]", "7"])
def test_a_bad_file_is_refused(text: str) -> None:
    with pytest.raises(SelectionError):
        whatif.from_yaml(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [("n_rate: 84\ntillage: none\nn_rate: 90\n", 3), ("scenarios:\n  a: {n_rate: 1}\n  a: {co2: 400}", 3)],
)
def test_a_name_that_stands_twice_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(SelectionError, match=rf"stands there twice.*(?s:.)*line {line}"):
        whatif.from_yaml(text)
    assert whatif.from_yaml("scenarios:\n  a: {n_rate: 1}\n  b: {n_rate: 1}")["b"] == Change(n_rate=1)


def test_a_file_that_would_take_long_to_parse_is_refused_before_it_is_parsed() -> None:
    many = "scenarios:\n" + "".join(f"  number {i}: {{n_rate: 84}}\n" for i in range(3000))
    with pytest.raises(SelectionError, match=r"mine\.yaml has [\d,]+ characters; at most 50,000 are read"):
        whatif.from_yaml(many, "mine.yaml")


def test_a_list_or_an_endless_number_is_refused_like_any_other_value() -> None:
    for text, words in (
        ("tillage: [none]\n", "tillage is a list: give one of conventional, reduced, none, as tillage: conventional"),
        ("n_rate: {a: 1}\n", "n_rate is a mapping: give one number, as n_rate: 336"),
        ("year: 2012-01-01\n", "year is a date: give one of recorded, dry, wet"),
        ("n_rate: 1" + "0" * 400, "n_rate=a number of hundreds of digits lies outside"),
        ("tillage: 0x" + "f" * 6000, "tillage='a number of hundreds of digits' is not one of"),
        (f"? 0x{'f' * 6000}\n: 1", "'a number of hundreds of digits' is not a lever"),
    ):
        with pytest.raises(SelectionError, match=words):
            whatif.from_yaml(text)


def test_lists_that_refer_to_each_other_are_refused_before_they_are_written_out() -> None:
    levels = ["&a0 [" + ", ".join("9" * 9) + "]"]
    levels += [f"&a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 6)]  # written out, 9**6 numbers
    with pytest.raises(SelectionError, match="n_rate is a list: give one number"):
        whatif.from_yaml(f"scenarios: {{s: {{n_rate: [{', '.join(levels)}]}}}}")


def test_a_value_that_holds_others_is_never_written_out() -> None:
    class Endless(list[int]):
        def __repr__(self) -> str:
            raise MemoryError

    for lever in ("n_rate", "tillage"):
        with pytest.raises(SelectionError, match=f"{lever} is "):
            Change.from_mapping({lever: Endless()})


def test_nitrogen_is_told_in_whole_kilograms_as_the_engine_takes_it() -> None:
    assert Change(n_rate=84.4) == Change(n_rate=84)
    usual, _ = _usual()
    split = replace(usual, fertiliser=replace(usual.fertiliser, doses=levers.TIMINGS["split"]))
    for rate, doses in ((5.0, [2.0, 3.0]), (16.8, [5.0, 12.0]), (0.4, []), (168.0, [50.0, 118.0])):
        given = replace(split, n_rate=rate).applications(2005, pd.Timestamp(2005, 5, 1))
        assert [amount for _, amount in given] == doses


def test_one_scenarios_levers_alone_are_a_file_too() -> None:
    assert whatif.from_yaml("n_rate: 84\ntillage: none\n") == {"scenario": Change(n_rate=84, tillage="none")}


def test_the_usual_practice_changes_nothing() -> None:
    scenario, site = _usual()
    assert whatif.apply(USUAL, scenario, site) == (scenario, site)
    assert Change(n_rate=168) == USUAL


def test_every_county_has_an_earlier_and_a_later_cultivar() -> None:
    _, site = _usual()
    for lat in benchmark_counties()["lat_deg"]:
        usual = county_scenario(float(lat), "corn", 168.0, "century", (2005, 2006))
        plans = [whatif.apply(Change(maturity=m), usual, site)[0] for m in ("earlier", "usual", "later")]
        assert len({p.corn.cultivar for p in plans}) == len({p.soybean.cultivar for p in plans}) == 3


def test_weather_levers_act_on_every_day() -> None:
    scenario, site = _usual()
    warm = whatif.apply(Change(warmer=2, rain=0.5), scenario, site)[1].weather
    assert (warm["TMAX"] - site.weather["TMAX"]).round(2).eq(2).all()
    assert warm["PRECN"].sum() == pytest.approx(site.weather["PRECN"].sum() / 2, rel=1e-3)
    dry = whatif.apply(Change(year="dry"), scenario, site)[1].weather
    wet = whatif.apply(Change(year="wet"), scenario, site)[1].weather
    assert dry["PRECN"].sum() < site.weather["PRECN"].sum() < wet["PRECN"].sum()
    pd.testing.assert_series_equal(dry.loc["2001", "TMAX"], dry.loc["2005", "TMAX"], check_index=False)
    assert dry.loc["2004-03-01"].tolist() == dry.loc["2005-03-01"].tolist(), "leap years keep the calendar"


# -- what the engine makes of it ---------------------------------------------------------------------


@linux
def test_more_nitrogen_gives_more_n2o_and_a_yield_that_saturates() -> None:
    runs = [_run(f"n_rate:{rate}" if rate != 168 else "") for rate in (0, 84, 168, 252)]
    n2o, corn = [_n2o(r) for r in runs], [_corn(r) for r in runs]
    assert n2o == sorted(n2o) and n2o[3] > 1.3 * n2o[0]
    assert corn[1] > 1.1 * corn[0]
    assert corn[3] - corn[2] < 0.2 * (corn[1] - corn[0])


@linux
def test_half_the_rain_gives_less_n2o_and_less_grain() -> None:
    dry = _run("rain:0.5")
    assert _n2o(dry) < 0.95 * _n2o(_run(""))
    assert _corn(dry) < 0.9 * _corn(_run(""))


@linux
def test_the_engine_repeats_itself() -> None:
    first = _run("tillage:none")
    _run.cache_clear()
    pd.testing.assert_frame_equal(first.daily, _run("tillage:none").daily)


@linux
def test_a_cover_crop_stands_through_winter_and_the_rotation_keeps_its_years() -> None:
    covered, usual = _run("cover:wheat"), _run("")
    spring = slice("2006-03-15", "2006-04-30")
    carbon = covered.daily.loc["2005-10-06":"2006-04-30", "NPP"].sum()
    assert usual.daily.loc[spring, "GPP"].sum() == 0 < covered.daily.loc[spring, "GPP"].sum()
    assert 10 < carbon < 200, "g C m-2: 0.2 to 5 t of dry matter with its roots"
    pd.testing.assert_index_equal(_planted(covered), _planted(usual))
    assert covered.annual["Yield"].between(60, 700).all()
    deep, bare = (_mean("NO3_5", slice("2006-04-01", "2006-05-10"))(run) for run in (covered, _run("tillage:reduced")))
    assert deep < 0.9 * bare, "it takes up nitrate"


SPRING, SUMMER = slice("2005-01-01", "2005-04-15"), slice("2005-05-15", "2005-06-30")
#: change, a figure of the run, and whether it is higher (1) or lower (-1) than under the other change.
DIRECTIONS: list[tuple[str, str, Callable[[dssat.Result], float], int]] = [
    ("n_timing:fall", "", _mean("NO3_3", SPRING), 1),
    ("n_kind:urea~n_placement:broadcast", "n_kind:urea", _corn, -1),
    # Ammonium is held where it was put and feeds nitrate there when the nitrate of other kinds has been washed down.
    ("n_kind:ammonia", "", _mean("NO3_1", SUMMER), 1),
    ("n_depth:25", "", _mean("NO3_3", SUMMER), 1),  # 15-30 cm
    ("maturity:later", "", lambda r: float(r.daily["GPP"].sum()), 1),
    ("maturity:earlier", "", lambda r: float(r.daily["GPP"].sum()), -1),
    ("tillage:none", "", _mean("ET"), -1),
    ("tillage:none", "tillage:reduced", _mean("ET"), -1),
    ("residue:80", "", lambda r: float(r.annual["Delta_SOC"].sum()), -1),
    ("drainage:poor", "", _mean("WTR_5"), 1),
    ("drainage:good", "", _mean("WTR_5"), -1),
    ("rain:0.6~irrigation:automatic", "rain:0.6", _soybean, 1),
    ("co2:700", "co2:400", _soybean, 1),
    ("warmer:3", "", lambda r: float(r.daily["TMAX_SOIL_5"].mean()), 1),
]


@linux
@pytest.mark.parametrize(("change", "other", "figure", "sign"), DIRECTIONS, ids=[d[0] + "|" + d[1] for d in DIRECTIONS])
def test_each_lever_is_felt(change: str, other: str, figure: Callable[[dssat.Result], float], sign: int) -> None:
    after, before = figure(_run(change)), figure(_run(other))
    assert math.isfinite(after)
    assert sign * (after - before) > 0.004 * abs(before), (after, before)


@linux
def test_planting_and_nitrogen_move_to_the_days_asked_for() -> None:
    usual, late = _planted(_run("")), _planted(_run("planting:14"))
    assert ((late - usual).days == 14).all()
    given = _run("n_timing:split").daily["FERTZR_N"]
    days = given.index[given > 0]
    assert given.sum() == pytest.approx(16.8)
    assert [(d - usual[0]).days for d in days] == [0, 40]


@linux
@pytest.mark.parametrize("change", ["n_timing:fall", "n_timing:fall~planting:-21", "cover:wheat"])
def test_the_autumn_after_the_last_harvest_is_that_of_a_longer_run(change: str) -> None:
    """Its nitrogen, cover crop and tillage belong to the crop that would come."""
    for first in (2010, 2011):
        runs = [_kept((2010, last), change) for last in (first, first + 1)]
        # The mean of three days ends with the run.
        days = runs[0].daily.index[:-1]
        pd.testing.assert_frame_equal(runs[0].daily.loc[days], runs[1].daily.loc[days], check_freq=False)
        assert runs[0].annual.equals(runs[1].annual.loc[:first])


def _kept(years: tuple[int, int], change: str) -> dssat.Result:
    """County 17003, which has corn in 2010, as ``agroflux whatif`` runs it."""
    scenario, site = Case("17003", years, Change.from_text(change)).build()
    with workspace.scratch() as folder:
        return dssat.run(scenario, site, folder / "r", dssat.prepare_home(folder))
