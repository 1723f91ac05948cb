"""What the page "Leaderboard" makes of rows."""

import pandas as pd

from agroflux.ui import leaderboard
from tests.pages import scored


def test_a_mean_of_parameters_is_written_as_a_whole_number() -> None:
    sizes = {"lstm": (1000, 1001), "tcn": (700, 700)}
    rows = [
        scored.row(name, "GPP", value, seed=seed, parameters=sizes[name][seed])
        for name, value in (("lstm", 0.9), ("tcn", 0.4))
        for seed in (0, 1)
    ]
    rows.append(scored.row("climatology", "GPP", 0.6, preset=None, model="climatology", parameters=None))
    choice = leaderboard.Choice(
        rows=pd.DataFrame(rows),
        speeds=pd.Series(dtype=float),
        data="cornbelt-century",
        protocol="clean",
        experiment="temporal",
        scored_on="bundle",
        target="GPP",
        measure=leaderboard.MEASURES["r2"],
    )
    table = leaderboard.written(leaderboard.ranked(choice), choice).set_index("Model")
    assert table["Runs"].to_dict() == {"LSTM": 2, "Climatology": 1, "TCN": 2}
    assert (table.loc["LSTM", "Parameters"], table.loc["TCN", "Parameters"]) == (1000, 700)
    assert pd.isna(table.loc["Climatology", "Parameters"])
