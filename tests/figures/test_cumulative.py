"""Running totals: a break at the turn of the year, the unit without the day."""

import numpy as np
import pandas as pd

from agroflux.figures import cumulative


def test_each_year_is_its_own_line() -> None:
    index = pd.date_range("2015-12-30", "2016-01-03", name="time")
    frame = pd.DataFrame({"CENTURY": [364.0, 365.0, 1.0, 2.0, 3.0]}, index=index)
    kinds = {"CENTURY": "cornbelt-century"}
    fig = cumulative.cumulative(frame, kinds, label="GPP", unit="g C m-2")
    y = np.asarray(fig.data[0].y, dtype=float)
    assert np.isnan(y[2]) and y[[0, 1, 3]].tolist() == [364, 365, 1] and fig.data[0].connectgaps is False
    whole = cumulative.cumulative(frame, kinds, label="GPP", unit="g C m-2", restart=False)
    assert not np.isnan(np.asarray(whole.data[0].y, dtype=float)).any()
    assert fig.layout.yaxis.title.text == "GPP, running total [g C m⁻²]"
