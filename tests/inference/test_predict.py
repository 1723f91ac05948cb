"""Prediction of a data set: the contract, the state through the years, chunks, and what is refused."""

import dataclasses

import numpy as np
import pytest
import torch
import xarray as xr

from agroflux import contract, schema
from agroflux.baselines import registry
from agroflux.baselines.checkpoint import Checkpoint
from agroflux.data import windows
from agroflux.errors import ModelError, SelectionError
from agroflux.inference import predict as predictor
from agroflux.inference.predict import _one_thread_each, predict


def test_the_result_keeps_the_contract(model: Checkpoint, simulation: xr.Dataset) -> None:
    result = predict(model, simulation, years=[2002, 2003])
    assert contract.problems(result) == []
    assert set(result.data_vars) == {*schema.TARGETS, "NEE"}
    assert result["GPP"].dims == ("site", "scenario", "time")
    assert result["GPP"].shape == (3, 2, 730)
    assert result["Yield"].shape == (3, 2, 2)
    assert result["year"].values.tolist() == [2002, 2003]
    assert result.attrs["model"] == "lstm-tiny"
    np.testing.assert_array_equal(result["site_name"], simulation["site_name"])
    np.testing.assert_array_equal(result["NEE"], result["CO2_FLUX"])


def test_it_is_the_network_run_from_two_years_before(model: Checkpoint, simulation: xr.Dataset) -> None:
    result = predict(model, simulation, years=[2003])
    names = schema.DRIVERS
    one = [simulation[n].isel(site=1) for n in names]
    one = [a.isel(scenario=1) if "scenario" in a.dims else a for a in one]
    table = np.stack([np.broadcast_to(a.values, 1825) for a in one], -1)[365:1460]
    z = model.network(torch.from_numpy(model.drivers.scale(table.astype(np.float32)))[None])[0, 730:]
    physical = model.targets.unscale(z.numpy())
    np.testing.assert_allclose(result["GPP"][1, 1], physical[:, schema.TARGETS.index("GPP")], atol=1e-4)
    yield_ = float(result["Yield"][1, 1, 0])
    assert yield_ == pytest.approx(float(physical[-1, schema.TARGETS.index("Yield")]), rel=1e-4)


def test_chunks_and_order_make_no_difference(
    model: Checkpoint, simulation: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = predict(model, simulation)
    monkeypatch.setattr(predictor, "CHUNK", 2)
    seen: list[tuple[int, int]] = []
    parts = predict(model, simulation.isel(site=[2, 0, 1]), progress=lambda done, total: seen.append((done, total)))
    xr.testing.assert_allclose(parts.sortby("site").drop_attrs(), whole.drop_attrs(), atol=1e-4)
    assert seen == [(2, 6), (4, 6), (6, 6)]


def test_the_first_year_is_warmed_up_in_phase_and_says_so(model: Checkpoint, simulation: xr.Dataset) -> None:
    first = predict(model, simulation, years=[2000])
    assert "730 of them repeated" in first.attrs["warmup"]
    assert "repeated" not in predict(model, simulation, years=[2002]).attrs["warmup"]
    again = xr.concat(
        [simulation.isel(time=slice(0, 730)), simulation.isel(time=slice(0, 365))], "time", data_vars="minimal"
    )
    days = simulation["time"].values[: again.sizes["time"]]
    later = predict(model, again.assign_coords(time=days), years=[2002])
    np.testing.assert_allclose(first["NO3_1"], later["NO3_1"], atol=1e-4)


def test_what_warmed_up_is_told_as_it_was(model: Checkpoint, simulation: xr.Dataset) -> None:
    torch.manual_seed(0)
    name = next(n for n in registry.names() if not registry.build(n).causal)
    by_year = dataclasses.replace(model, network=registry.build(name, preset="official").eval().requires_grad_(False))
    cut = simulation.isel(time=slice(50, None))
    # Such a network begins on 1 January, fifty days before this record does.
    assert predict(by_year, cut).attrs["warmup"].startswith("780 days before the first day, 780 of them repeated")
    assert predict(model, cut).attrs["warmup"].startswith("730 days before the first day, 730 of them repeated")
    short = simulation.isel(time=slice(0, 200))
    assert predict(model, short).attrs["warmup"] == "0 days before the first day"


def test_years_with_a_hole_are_given_without_it(model: Checkpoint, simulation: xr.Dataset) -> None:
    result = predict(model, simulation, years=[2004, 2002])
    assert sorted(set(result["time"].dt.year.values.tolist())) == [2002, 2004]
    alone = predict(model, simulation, years=[2002])
    np.testing.assert_allclose(result["GPP"][..., :365], alone["GPP"], atol=1e-4)


def test_what_does_not_fit_is_refused(model: Checkpoint, simulation: xr.Dataset) -> None:
    with pytest.raises(ModelError, match="PRECN, which the data set lacks"):
        predict(model, simulation.drop_vars("PRECN"))
    kelvin = simulation.copy()
    kelvin["TMAX"] = (simulation["TMAX"] + 273.15).assign_attrs(units="K")
    with pytest.raises(ModelError, match="TMAX in 'degC', the data set has 'K'"):
        predict(model, kelvin)
    with pytest.raises(ModelError, match="jumps from 2000-01-10 to 2000-01-12"):
        predict(model, simulation.drop_isel(time=10))
    with pytest.raises(SelectionError, match="2030"):
        predict(model, simulation, years=[2030])
    gap = simulation.copy(deep=True)
    gap["TMIN"][0, 5] = np.nan
    with pytest.raises(ModelError, match="TMIN have missing values"):
        predict(model, gap)


def test_torch_keeps_its_threads(model: Checkpoint, simulation: xr.Dataset) -> None:
    before = torch.get_num_threads()
    predict(model, simulation, years=[2002])
    assert torch.get_num_threads() == before


def test_torch_keeps_its_threads_when_predictions_overlap() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        first, second = _one_thread_each(), _one_thread_each()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert torch.get_num_threads() == 1, "the second still runs"
        second.__exit__(None, None, None)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", [n for n in registry.names() if not registry.build(n).causal])
def test_a_year_does_not_depend_on_the_years_asked_beside_it(
    name: str, model: Checkpoint, simulation: xr.Dataset
) -> None:
    """Windows and nodes are counted from the first day given: only from 1 January on are they those of training."""
    torch.manual_seed(0)
    network = registry.build(name, preset="official").eval().requires_grad_(False)
    other = dataclasses.replace(model, network=network)
    alone = predict(other, simulation, years=[2003])
    together = predict(other, simulation, years=[2001, 2002, 2003, 2004]).sel(time="2003", year=[2003])
    xr.testing.assert_allclose(together.drop_attrs(), alone.drop_attrs(), rtol=1e-5)
    xr.testing.assert_allclose(
        predict(other, simulation).sel(time="2003", year=[2003]).drop_attrs(), alone.drop_attrs(), rtol=1e-5
    )
    cut = simulation.isel(time=slice(100, None))  # a record that begins within a year
    again = predict(other, cut).sel(time="2004", year=[2004])
    xr.testing.assert_allclose(again.drop_attrs(), predict(other, simulation, years=[2004]).drop_attrs(), rtol=1e-5)
    seen: list[tuple[int, int]] = []
    predict(other, cut, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(6 * k, 30) for k in range(1, 6)]


def test_the_days_of_a_part_of_a_record_are_split_by_year() -> None:
    time = np.arange("2003-11-30", "2005-01-02", dtype="datetime64[D]")
    parts = windows.by_year(time, slice(1, len(time)))
    assert [(str(time[p.start]), str(time[p.stop - 1])) for p in parts] == [
        ("2003-12-01", "2003-12-31"), ("2004-01-01", "2004-12-31"), ("2005-01-01", "2005-01-01"),
    ]  # fmt: skip
    ds = xr.Dataset(coords={"time": time})
    assert [windows.day_of_year(ds, p.start) for p in parts] == [334, 0, 0]


@pytest.mark.parametrize("name", [n for n in registry.names() if not registry.build(n).causal])
@pytest.mark.parametrize(("first", "since"), [("2000-02-28", 58), ("2000-03-01", 59), ("2001-03-01", 59)])
def test_a_record_that_begins_within_a_year_is_led_from_its_1_january(
    first: str, since: int, name: str, model: Checkpoint, simulation: xr.Dataset
) -> None:
    """2000 is a leap year: the calendar of the simulation has no 29 February, the stamps know of one."""
    network = registry.build(name, preset="official").eval().requires_grad_(False)
    cut = simulation.isel(site=slice(1), scenario=slice(1)).sel(time=slice(first, None))
    made = predict(dataclasses.replace(model, network=network), cut)
    assert made.attrs["warmup"].startswith(f"{730 + since} days before the first day, {730 + since} of them repeated")


def test_a_prediction_is_synthetic_where_drivers_or_what_the_model_learned_from_are(
    model: Checkpoint, simulation: xr.Dataset
) -> None:
    def told(ds: xr.Dataset, **changes: object) -> object:
        card = dataclasses.replace(model.card, **{"synthetic": False, "training": {}} | changes)
        return predict(dataclasses.replace(model, card=card), ds, years=[2003]).attrs["synthetic"]

    real = simulation.assign_attrs(synthetic=False)
    assert told(real) is False
    assert told(simulation) is True
    assert told(real, synthetic=True) is True
    source = {"id": "lstm-randomised-hidden30", "data": "randomised"}
    assert told(real, training={"recipe": "finetune", "source_model": source}) is True, "its source learned from it"
    source = {"id": "lstm-cornbelt-century", "data": "cornbelt-century"}
    assert told(real, training={"recipe": "finetune", "source_model": source}) is False
