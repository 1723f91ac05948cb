"""How the iTransformer cuts a series of any length into windows."""

import pytest
import torch

from agroflux.baselines import registry
from agroflux.baselines.itransformer import ITransformer

FAR = 64


@pytest.fixture
def network() -> ITransformer:
    torch.manual_seed(0)
    return registry.build(
        "itransformer", window=8, context=FAR + 12, near=7, hidden=16, layers=1, heads=2, feed=16, channels=2
    ).eval()


@pytest.mark.parametrize("days", [3, 8, 9, 24, 93])
def test_each_day_comes_from_the_window_it_is_said_to_come_from(network: ITransformer, days: int) -> None:
    x = torch.randn(2, days, 11)
    with torch.no_grad():
        out = network(x)
        for day in range(days):
            seen = network.context_of(day, days)
            start = min(day // 8 * 8, max(0, days - 8))
            window = torch.zeros(2, FAR + 20, 11)  # unknown days are the mean
            window[:, seen.start - start + FAR + 12 : seen.stop - start + FAR + 12] = x[:, seen]
            told = torch.cat([window[:, :32].mean(1, True), window[:, 32:FAR].mean(1, True), window[:, FAR:]], dim=1)
            tokens = network.embedding.series(told.transpose(1, 2)) + network.embedding.driver
            tokens = network.encoder(tokens)
            decoded = network.decoder(tokens).view(2, 11, 8, 2)[:, :, day - start].flatten(1)
            torch.testing.assert_close(network.head(decoded), out[:, day])


@pytest.mark.parametrize("days", [3, 8, 93])
def test_no_series_give_no_predictions(network: ITransformer, days: int) -> None:
    assert network(torch.zeros(0, days, 11)).shape == (0, days, 20)


def test_days_that_are_not_there_count_as_unknown(network: ITransformer) -> None:
    x = torch.randn(1, 24, 11)
    mask = torch.ones_like(x, dtype=torch.bool)
    mask[:, :8] = False
    with torch.no_grad():
        torch.testing.assert_close(network(x, mask)[:, 8:], network(x[:, 8:]))


def test_predicting_gives_what_the_layers_of_torch_give(network: ITransformer) -> None:
    tokens = torch.randn(5, 11, 16)
    with torch.no_grad():
        ours = network.encoder(tokens)
        torch.testing.assert_close(ours, network.train().encoder(tokens))  # torch's own way, here without dropout
