"""What the page "Leaderboard" makes of rows."""

from typing import Any

import pandas as pd

from agroflux.ui import leaderboard
from tests.pages import scored


def _choice(rows: list[dict[str, Any]], scored_on: str, metric: str = "r2") -> leaderboard.Choice:
    return leaderboard.Choice(
        rows=pd.DataFrame(rows),
        speeds=pd.Series(dtype=float),
        data="cornbelt-century",
        protocol="clean",
        experiment="temporal",
        scored_on=scored_on,
        target="GPP",
        measure=leaderboard.MEASURES[metric],
    )


def test_a_mean_of_parameters_is_written_as_a_whole_number() -> None:
    sizes = {"lstm": (1000, 1001), "tcn": (700, 700)}
    rows = [
        scored.row(name, "GPP", value, seed=seed, parameters=sizes[name][seed])
        for name, value in (("lstm", 0.9), ("tcn", 0.4))
        for seed in (0, 1)
    ]
    rows.append(scored.row("climatology", "GPP", 0.6, preset=None, model="climatology", parameters=None))
    choice = _choice(rows, "bundle")
    table = leaderboard.written(leaderboard.ranked(choice), choice).set_index("Model")
    assert table["Runs"].to_dict() == {"LSTM": 2, "Climatology": 1, "TCN": 2}
    assert (table.loc["LSTM", "Parameters"], table.loc["TCN", "Parameters"]) == (1000, 700)
    assert pd.isna(table.loc["Climatology", "Parameters"])


def _against(rows: list[dict[str, Any]], metric: str = "r2") -> dict[str, str]:
    choice = _choice(rows, "full", metric)
    table = leaderboard.ranked(choice)
    kinds = table.set_index("name")["kind"]
    written = leaderboard.written(table, choice).set_index("Model")["Against references"].to_dict()
    assert all((kinds[name] == "losing") is text.startswith("loses") for name, text in written.items())
    return written


def test_a_network_loses_only_where_the_intervals_lie_apart() -> None:
    ends = {"lstm": (0.88, 0.93), "tcn": (0.7, 0.8), "transformer": (0.95, 0.97), "climatology": (0.89, 0.94)}
    rows = [
        scored.row(name, "GPP", sum(pair) / 2, scored_on="full", r2_low=pair[0], r2_high=pair[1])
        for name, pair in ends.items()
    ]
    rows.append(scored.row("ridge", "GPP", 0.75, scored_on="full", r2_low=0.74, r2_high=0.76))
    assert _against(rows) == {
        "Transformer": "beats all",
        "Climatology": "reference",
        "LSTM": "level with Climatology",
        "Ridge": "reference",
        "TCN": "loses to Climatology; level with Ridge",
    }


def test_of_a_bias_the_intervals_of_its_size_are_held_against_each_other() -> None:
    ends = {"lstm": (-0.02, 0.04), "tcn": (-0.3, -0.2), "climatology": (0.05, 0.09)}
    rows = [
        scored.row(name, "GPP", 0.5, scored_on="full", bias=sum(pair) / 2, bias_low=pair[0], bias_high=pair[1])
        for name, pair in ends.items()
    ]
    assert _against(rows, "bias") == {
        "LSTM": "beats all",
        "Climatology": "reference",
        "TCN": "loses to Climatology",
    }
    rows[1] |= {"bias": -0.08, "bias_low": -0.1, "bias_high": -0.06}
    assert _against(rows, "bias")["TCN"] == "level with Climatology"


def test_a_command_says_what_has_to_be_there_first() -> None:
    row = {"scored_on": "bundle", "data": "cornbelt-century", "command": "agroflux train --max-minutes 12"}
    assert leaderboard.needs(pd.Series(row)) == ""
    full = leaderboard.needs(pd.Series(row | {"scored_on": "full"}))
    assert "`make simulate`" in full and "ends by the clock" in full
    by_epochs = {"scored_on": "full", "data": "randomised", "command": "agroflux train --max-epochs 45"}
    other = leaderboard.needs(pd.Series(by_epochs))
    assert "`make sources`" in other and "clock" not in other


def test_references_alone_keep_their_ranks() -> None:
    rows = [scored.row(name, "GPP", value, preset=None) for name, value in (("climatology", 0.6), ("ridge", 0.4))]
    choice = _choice(rows, "bundle")
    table = leaderboard.ranked(choice)
    assert leaderboard.written(table, choice)["Rank"].tolist() == [1, 2] and not leaderboard.ranked_apart(table, choice)
