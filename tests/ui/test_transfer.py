"""What the page "Transfer" makes of rows."""

import pandas as pd
import pytest

from agroflux.errors import SelectionError
from agroflux.ui import transfer


def test_seeds_are_counted_within_each_source() -> None:
    case = {"model": "lstm", "protocol": "leave-years-out", "n_site_years": 2, "target": "NEE"}
    runs = [("century", [0]), ("century", [0, 1, 2]), ("ceres", [0])]
    rows = pd.DataFrame([case | {"source": source, "seeds": seeds} for source, seeds in runs])
    kept = transfer.over_seeds(rows)
    assert list(zip(kept["source"], kept["seeds"], strict=True)) == [("century", [0, 1, 2]), ("ceres", [0])]
    with pytest.raises(SelectionError, match="no row is left"):
        transfer.over_seeds(rows[:0])
