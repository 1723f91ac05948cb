"""What is asked of every network in the registry, whatever its architecture."""

import copy
import math
import re
from typing import Any

import pytest
import torch

from agroflux import paths
from agroflux.baselines import card as cards
from agroflux.baselines import registry
from agroflux.baselines.network import Network, PreNorm
from agroflux.baselines.precision import in_bfloat16
from agroflux.errors import ModelError

DAYS = 120

#: Small settings under which a series of DAYS spans several windows or blocks of each network.
SMALL = {
    "lstm": {"hidden": 16},
    "ealstm": {"hidden": 16},
    "tcn": {"hidden": 16, "dilations": [1, 3, 9]},
    "transformer": {"hidden": 16, "layers": 2, "heads": 2, "feed": 32, "window": 20},
    "itransformer": {"window": 8, "context": 40, "hidden": 16, "layers": 2, "heads": 2, "feed": 32, "channels": 2},
    "pyraformer": {"hidden": 16, "layers": 2, "heads": 2, "feed": 32, "fan": 3, "scales": 3, "narrow": 8},
}


def small(name: str) -> Network:
    torch.manual_seed(3)
    return registry.build(name, **SMALL[name]).eval()


def series(batch: int = 1, days: int = DAYS, seed: int = 5) -> torch.Tensor:
    return torch.randn(batch, days, 11, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=registry.names())
def network(request: pytest.FixtureRequest) -> Network:
    return small(request.param)


@pytest.mark.parametrize("preset", registry.PRESETS)
@pytest.mark.parametrize("name", registry.names())
def test_any_batch_and_length(name: str, preset: str) -> None:
    network = registry.build(name, preset=preset).eval()
    with torch.no_grad():
        for batch, days in ((2, 1), (1, 30), (0, 30), (0, 366), (3, 365), (1, 800), (1, 2190)):
            out = network(series(batch, days))
            assert out.shape == (batch, days, 20)
            assert torch.isfinite(out).all()


@pytest.mark.parametrize("preset", registry.PRESETS)
@pytest.mark.parametrize("name", registry.names())
def test_twelve_checkpoints_stay_small(name: str, preset: str) -> None:
    assert sum(p.numel() for p in registry.build(name, preset=preset).parameters()) < 250_000


def test_a_prediction_does_not_depend_on_its_batch_mates(network: Network) -> None:
    x = series(5)
    with torch.no_grad():
        whole, order = network(x), torch.tensor([2, 4, 0, 3, 1])
        torch.testing.assert_close(network(x[order]), whole[order])
        torch.testing.assert_close(torch.cat([network(x[:1]), network(x[1:])]), whole)


def test_groups_of_series_change_nothing(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    x = series(5)
    with torch.no_grad():
        whole = network(x)
        monkeypatch.setattr(network, "group_days", 2 * DAYS)
        torch.testing.assert_close(network(x), whole)


def test_it_is_deterministic_in_evaluation(network: Network) -> None:
    x = series(2)
    with torch.no_grad():
        assert torch.equal(network(x), network(x))


def test_a_causal_network_sees_no_later_day(network: Network) -> None:
    x, cut = series(), 77
    later = x.clone()
    later[:, cut:] += 3
    with torch.no_grad():
        before, after = network(x)[:, :cut], network(later)[:, :cut]
        assert torch.allclose(before, after, atol=1e-6) == network.causal


@pytest.mark.parametrize("day", [0, 17, 61, 116, DAYS - 1])
def test_a_day_depends_on_what_is_stated_and_on_nothing_else(network: Network, day: int) -> None:
    x = series().requires_grad_()
    network(x)[0, day].square().sum().backward()
    assert x.grad is not None
    felt = x.grad[0].abs().sum(-1) > 0
    if hasattr(network, "context_of"):
        stated = network.context_of(day, DAYS)
    else:
        stated = range(max(0, day + 1 - getattr(network, "receptive_field", DAYS)), day + 1)
    assert felt.nonzero().ravel().tolist() == list(stated)


def test_every_driver_of_a_late_day_matters(network: Network) -> None:
    x = series().requires_grad_()
    network(x)[0, DAYS - 4 :].square().sum().backward()
    assert x.grad is not None
    assert (x.grad[0, DAYS - 4] != 0).all()


@pytest.mark.parametrize("name", registry.names())
def test_last_years_nitrogen_can_be_remembered(name: str) -> None:
    """The recommended networks reach back more than a year from the last day of three."""
    torch.manual_seed(0)
    network, x = registry.build(name), series(1, 1095).requires_grad_()
    network(x)[0, -1].sum().backward()
    assert x.grad is not None
    assert x.grad[0, 1094 - 370, 3] != 0


def test_an_unknown_driver_counts_as_its_mean(network: Network) -> None:
    x = series(2)
    mask = torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) > 0.2
    mean = torch.where(mask, x, torch.zeros_like(x))
    with torch.no_grad():
        torch.testing.assert_close(network(torch.where(mask, x, torch.nan), mask), network(mean))
        assert not torch.allclose(network(x), network(mean))


def test_the_head_makes_the_targets_from_the_embedding(network: Network) -> None:
    x = series(2)
    mask = torch.ones_like(x, dtype=torch.bool)
    mask[:, 10:20, 2] = False
    with torch.no_grad():
        embedding = network.embed(x, mask)
        assert embedding.shape[:2] == x.shape[:2]
        torch.testing.assert_close(network.head(embedding), network(x, mask))


def test_its_parts_hold_every_weight_once_and_can_be_frozen(network: Network) -> None:
    parts = [getattr(network, part) for part in network.module_parts]
    weights = [id(p) for part in parts for p in part.parameters()]
    assert len(weights) == len(set(weights))
    assert set(weights) == {id(p) for p in network.parameters()}
    assert network.module_parts[-1] == "head"
    tuned = copy.deepcopy(network)
    for part in tuned.module_parts[:-1]:
        getattr(tuned, part).requires_grad_(False)
    torch.optim.SGD((p for p in tuned.parameters() if p.requires_grad), 0.1).zero_grad()
    tuned(series()).square().sum().backward()
    assert {n.split(".")[0] for n, p in tuned.named_parameters() if p.grad is not None} == {"head"}


def test_targets_may_lie_below_their_mean(network: Network) -> None:
    with torch.no_grad():
        assert (network(series()) < 0).any()


def test_bfloat16_is_near_and_leaves_the_network_alone(network: Network) -> None:
    x, kept = series(2), copy.deepcopy(network.state_dict())
    with torch.no_grad():
        exact, faster = network(x), in_bfloat16(network)(x)
    assert faster.dtype == torch.float32
    assert torch.equal(exact, faster) != network.faster_in_bfloat16
    torch.testing.assert_close(faster, exact, atol=0.02 * float(exact.std()) + 0.02, rtol=0.02)
    torch.testing.assert_close(network.state_dict(), kept, atol=0, rtol=0)


@pytest.mark.parametrize("name", ["lstm", "ealstm"])
def test_the_state_carries_on_in_bfloat16(name: str) -> None:
    faster, x = in_bfloat16(small(name)), series(2)
    with torch.no_grad():
        first, state = faster.step(x[:, :50], None)
        second, _ = faster.step(x[:, 50:], state)
        torch.testing.assert_close(torch.cat([first, second], 1), faster(x), atol=0.02, rtol=0.02)


def test_presets_and_settings() -> None:
    assert registry.configuration("lstm", "official")["layers"] == 3
    assert registry.configuration("tcn", hidden=8)["hidden"] == 8
    registry.configuration("tcn")["dilations"].append(7)
    assert registry.configuration("tcn")["dilations"] == [1, 3, 9, 27, 81]
    with pytest.raises(ModelError, match="use one of lstm, ealstm"):
        registry.build("lstn")
    with pytest.raises(ModelError, match="no preset 'large': use recommended or official"):
        registry.build("tcn", preset="large")
    with pytest.raises(ModelError, match="no setting width"):
        registry.build("lstm", width=3)


@pytest.mark.parametrize("name", registry.names())
def test_every_number_of_a_network_is_refused_by_name_where_it_makes_none(name: str) -> None:
    """None of these may reach torch, which refuses some late, and by some ends the process."""
    for key in registry.configuration(name):
        few = 1.9 if key == "memory_days" else 1 if key in ("fan", "scales") else 0
        wrong = [-1, math.nan, math.inf, True, "9", None]
        wrong += [] if key in ("reach", "context", "near", "dropout") else [few]
        wrong += [1] if key == "dropout" else [] if key == "memory_days" else [2.5]
        for number in wrong:
            if key == "static" and number is None:
                continue  # the soil's
            said = re.escape(f"model '{name}' cannot be built with {key}={number}: give a ")
            with pytest.raises(ModelError, match=said):
                registry.configuration(name, **{key: number})


@pytest.mark.parametrize(
    ("name", "wrong", "says"),
    [
        ("transformer", {"heads": 3}, "heads=3: hidden 64 must be a multiple of heads 3"),
        ("itransformer", {"hidden": 50}, "heads=4: hidden 50 must be a multiple of heads 4"),
        ("pyraformer", {"scales": 20}, "fan=4 and scales=20: .* must be 65,536 at most"),
        ("tcn", {"dilations": [1, 0]}, "a list of whole numbers of at least 1"),
        ("tcn", {"dilations": []}, "a list of whole numbers of at least 1"),
        ("ealstm", {"static": ["BD", "CLAY"]}, "a list of some, not all, of TMAX, .* SOC"),
    ],
)
def test_settings_that_make_no_network_are_refused(name: str, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        registry.build(name, **wrong)


def test_a_network_registered_from_elsewhere_has_settings_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.NETWORKS, "mine", ("elsewhere", "Mine", {"recommended": {"form": "lstm"}}))
    assert registry.configuration("mine") == {"form": "lstm"}


def test_the_smallest_settings_make_a_network() -> None:
    least = {"memory_days": 2, "fan": 2, "scales": 2, "reach": 0, "context": 0, "near": 0, "dropout": 0}
    for name in registry.names():
        kept = {key: value for key, value in registry.configuration(name).items() if isinstance(value, list)}
        smallest = {key: kept.get(key, least.get(key, 1)) for key in registry.configuration(name)}
        smallest |= {"hidden": 2} if name == "transformer" else {}  # features turn in pairs
        with torch.no_grad():
            assert torch.isfinite(registry.build(name, **smallest)(series(2))).all()


def test_readers_see_names_as_the_papers_write_them() -> None:
    titles = [registry.title(name) for name in (*registry.NETWORKS, "ridge", "mine")]
    networks = ["LSTM", "EA-LSTM", "TCN", "Transformer", "iTransformer", "Pyraformer"]
    assert titles == [*networks, "Ridge", "Mine"]


def test_dropout_drops_all_that_a_layer_adds() -> None:
    layer, x = PreNorm(8, 2, 16, dropout=0.5).train(), torch.randn(2, 5, 8)
    layer.drop.p = 1.0
    torch.testing.assert_close(layer.run(x.clone(), lambda asked: asked[:, :, 2].flatten(2)), x)


@pytest.mark.parametrize("name", ["itransformer", "pyraformer"])
def test_a_network_drops_values_while_it_learns_alone(name: str) -> None:
    network = registry.build(name, **SMALL[name] | {"dropout": 0.5})
    assert not torch.equal(network.train()(series()), network(series()))
    assert torch.equal(network.eval()(series()), network(series()))


@pytest.mark.parametrize("name", ["lstm", "ealstm"])
def test_gates_start_to_keep_what_they_hold_and_to_let_little_in(name: str) -> None:
    torch.manual_seed(0)
    network = registry.build(name, hidden=16, memory_days=100.0)
    if name == "lstm":
        total = network.lstm.bias_ih_l0 + network.lstm.bias_hh_l0
        into, keep = total[:16], total[16:32]
    else:
        into, keep = network.input_gate.bias, network.cell.bias[:16]
    torch.testing.assert_close(into, -keep)
    memory = 1 / (1 - torch.sigmoid(keep))
    assert 1.9 < memory.min() < 10 < memory.max() < 102


def test_networks_have_as_many_weights_as_the_shipped_cards_say() -> None:
    for card in cards.available(paths.MODELS):
        network = registry.build(card["model"], **card["config"])
        assert sum(p.numel() for p in network.parameters()) == card["training"]["parameters"], card["id"]
