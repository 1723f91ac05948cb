"""What is told of each day: tables before the crop flag, seasons by their dates, nothing where nothing is said."""

from datetime import date

import numpy as np
import pandas as pd
import xarray as xr

from agroflux.data import catalog, field_days, management
from agroflux.data.field_days import FieldDays
from agroflux.data.management import Event, Season
from tests.conftest import noleap_days

DAYS = pd.date_range("2004-01-01", "2007-12-31")
CORN = Season("a", 2005, "corn", date(2005, 5, 1), harvest=date(2005, 10, 1))
WHEAT = Season("a", 2006, "winter wheat", date(2005, 10, 5), harvest=date(2006, 7, 10))
SOYBEAN = Season("a", 2006, "soybean", date(2006, 7, 12))


def test_a_day_has_the_crop_that_stands_on_it_else_that_of_its_year() -> None:
    crop = management.in_field([SOYBEAN, WHEAT, CORN], DAYS)
    expected = {
        "2004-12-31": "", "2005-01-01": "corn", "2005-10-04": "corn", "2005-10-05": "winter wheat",
        "2006-07-10": "winter wheat", "2006-07-11": "soybean + winter wheat", "2006-07-12": "soybean",
        "2006-12-31": "soybean", "2007-01-01": "",
    }  # fmt: skip
    assert {day: crop[day] for day in expected} == expected


def test_two_crops_without_dates_are_one_group_of_their_year() -> None:
    seasons = [Season("a", 2006, "winter wheat"), Season("a", 2006, "soybean"), Season("a", 2007)]
    crop = management.in_field(seasons, DAYS)
    assert crop.equals(management.in_field(seasons[::-1], DAYS)), "the order of the rows makes no other group"
    assert set(crop["2006"]) == {"soybean + winter wheat"} and set(crop["2007"]) == {""}


def test_management_is_known_where_crop_planting_and_nitrogen_are(tiny_observation: xr.Dataset) -> None:
    days = pd.DatetimeIndex(tiny_observation["time"].to_numpy())

    def told(season: Season) -> FieldDays:
        ds = management.apply(tiny_observation, [season])
        return field_days.on(ds, "US-Xx1", days, field_days.seasons(ds))

    whole = told(Season("US-Xx1", 2016, "alfalfa", "none", nitrogen=()))
    assert set(whole.crops) == {"alfalfa"} and whole.managed.all(), "none planted, none given: both are told"
    for lacking in (
        Season("US-Xx1", 2016, "alfalfa", "none"),
        Season("US-Xx1", 2016, "alfalfa", nitrogen=(Event(date(2016, 3, 1), 50.0),)),
        Season("US-Xx1", 2016, "", "none", nitrogen=()),
    ):
        assert not told(lacking).managed.any()
    outside = management.apply(tiny_observation, [Season("US-Xx1", 2016, "alfalfa", "none", nitrogen=())])
    later = field_days.on(outside, "US-Xx1", pd.DatetimeIndex(["2016-12-01"]), field_days.seasons(outside))
    assert later.crops.tolist() == ["alfalfa"] and not later.managed.any(), "the record ends in March"


def test_a_crop_flag_names_the_crop_where_no_table_does() -> None:
    ds = catalog.open_dataset("chambers-synthetic")
    days = pd.DatetimeIndex(noleap_days(2014, 2014))
    told = field_days.on(ds, "CH-1", days, field_days.seasons(ds))
    recorded = days.isin(pd.DatetimeIndex(ds["time"].to_numpy()))
    assert set(told.crops[recorded]) <= {"corn", "soybean"} and told.managed[recorded].all()
    assert set(told.crops[~recorded]) == {"unknown"} and not told.managed[~recorded].any()


def test_published_tables_speak_for_known_towers_that_carry_none() -> None:
    ds = catalog.open_dataset("towers-sample")
    seasons = field_days.seasons(ds)
    days = pd.DatetimeIndex(["2009-07-01", "2010-07-01"])
    assert field_days.on(ds, "US-AR1", days, seasons).crops.tolist() == ["unknown", "switchgrass"]
    own = ds.assign_attrs({management.ATTRIBUTE: "[]"})
    assert field_days.seasons(own) == [], "an emptied table of one's own is not filled up"


def test_groups_are_ordered_and_empty_ones_left_out() -> None:
    crops = np.array([["unknown", "soybean"], ["corn", "soybean"]])
    groups = FieldDays(crops, np.zeros((2, 2), bool)).groups()
    assert list(groups) == [
        ("all", "all"), ("crop", "corn"), ("crop", "soybean"), ("crop", "unknown"), ("management", "unknown")
    ]  # fmt: skip
    assert groups["crop", "soybean"].tolist() == [[False, True], [False, True]]
    assert [field_days.words(*group) for group in groups] == [
        "all days", "corn", "soybean", "unknown crop", "unknown management"
    ]  # fmt: skip


def test_what_is_sown_last_is_what_stands_where_no_harvest_is_told() -> None:
    corn = Season("a", 2005, "corn", date(2005, 5, 1))
    for seasons in ([corn, WHEAT], [WHEAT, corn]):
        crop = management.in_field(seasons, DAYS)
        assert (crop["2005-10-04"], crop["2005-10-05"], crop["2005-12-31"]) == ("corn", "winter wheat", "winter wheat")
