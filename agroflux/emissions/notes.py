"""An answer in plain words: the figure, what drives its interval, its years, and what it is and is not."""

from agroflux.emissions import words
from agroflux.emissions.assess import Assessment
from agroflux.emissions.totals import COLUMNS, REGION

#: What the plot of years shows besides its bars.
BARS = "Dotted: the mean of the chosen years; grey: their range; pale bars: years outside the period."
#: Headline figure -> what it counts.
NAMES = {"n2o_t_co2e": "N2O", "n2o_all_t_co2e": "Direct and indirect N2O"}


def axis(answer: Assessment) -> str:
    """What the headline counts, as figures of it are labelled: their unit stands behind."""
    return f"{NAMES[answer.headline]} as CO2e"


def headline(answer: Assessment) -> str:
    """``2.1 million t CO2e, 80 % interval 1.6-2.9``, a year."""
    row = answer.interval(answer.headline)
    return words.with_interval(row["value"], row["low80"], row["high80"], row["unit"])


def what(answer: Assessment) -> str:
    """What the headline counts, of how many counties, at which nitrogen rate, in which years."""
    made = answer.totals
    names = made.crops.drop_duplicates("fips")
    counties = f"{len(names)} counties" if len(names) > 1 else f"{names['county'].iloc[0]}, {names['state'].iloc[0]}"
    if answer.question.shares is not None and answer.question.areas is not None:
        counties = f"the part of {counties} inside {answer.question.areas.attrs['inside']}"
    return (
        f"{NAMES[answer.headline]} of the corn and soybean fields of {counties}, {_when(answer)}, with "
        f"{made.n_rate:g} kg N ha-1 to corn ({made.gwp} GWP-{made.horizon})"
    )


def _when(answer: Assessment) -> str:
    """How the period makes the figure: not as the mean of its years, see :func:`beside_years`."""
    made = answer.totals
    if len(made.years) == 1:
        return f"in {made.period}{' (a crop not grown then: in its nearest years)' if made.borrowed else ''}"
    return (
        f"a year: each crop's mean over its own years in {made.period}{' or else its nearest' if made.borrowed else ''}"
    )


def drivers(answer: Assessment) -> str:
    """Which component makes most of the interval."""
    parts = answer.parts[answer.parts["quantity"] == answer.headline]
    if parts.empty:
        return "Nothing is drawn here: the figure has no interval."
    first = parts.iloc[0]
    rest = ", ".join(f"{_lower(row['label'])} {words.percent(row['share'])}" for _, row in parts.iloc[1:].iterrows())
    return (
        f"Most of the interval comes from: {_lower(first['label'])} ({words.percent(first['share'])} of the variance"
        + (f"; {rest})." if rest else ").")
    )


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def apart(answer: Assessment) -> str:
    """What each process model gives, where they are more than a tenth apart; else an empty text."""
    found = answer.simulators
    if len(found) < 2 or max(found.values()) <= 1.1 * min(found.values()):  # 0 and 0 agree
        return ""
    given = ", ".join(f"{name} {words.amount(value, 't N2O')}" for name, value in found.items())
    interval = (
        "takes each of them to be as likely, so that the figure need not lie in the middle of it"
        if "simulators" in answer.components
        else "does not hold that difference"
    )
    return (
        f"The process models disagree: {given} (direct N2O a year). The figure is that of the chosen source; its "
        f"interval {interval}."
    )


def trend(answer: Assessment) -> str:
    """Lowest and highest year of the period, and how far apart."""
    table = answer.years[answer.years["in_period"]]
    column, unit = answer.headline, COLUMNS[answer.headline].unit
    if len(table) < 2:
        said = "One year is chosen: it shows no range over years."
        return f"{said} {answer.totals.borrowed}".rstrip()
    low, high = table.loc[table[column].idxmin()], table.loc[table[column].idxmax()]
    apart = (high[column] - low[column]) / table[column].mean() if table[column].mean() else 0.0
    return (
        f"From {words.amount(low[column], unit)} in {low['year']} to {words.amount(high[column], unit)} in "
        f"{high['year']}: {words.percent(apart)} of the mean. {beside_years(answer)}"
    )


def beside_years(answer: Assessment) -> str:
    """How a year's total is made, and that the figure of the period is not their mean; empty for one year.

    A county shows one crop a year. The figure takes each crop's mean over its own years of the period; a year must
    take the other crop from somewhere, and takes its nearest years. Filling in the period's mean would make the two
    equal, but then a year's total would change with the period asked for.
    """
    chosen = answer.years.loc[answer.years["in_period"], answer.headline]
    if len(chosen) < 2:
        return ""
    said = (
        "A year takes the crop that a county does not grow in it from that crop's nearest years, also from outside the "
        "period. The figure of the period takes each crop from its own years in it, if there are any"
    )
    figure, mean = answer.interval(answer.headline)["value"], chosen.mean()
    away = figure / mean - 1 if mean else 0.0
    if abs(away) < 0.0005:
        return f"{said}."
    side = "above" if away > 0 else "below"
    beyond = f", and {side} each of them" if not chosen.min() <= figure <= chosen.max() else ""
    return f"{said}: it is not the mean of the years, but lies {words.percent(abs(away), 1)} {side} that{beyond}."


def is_and_is_not(answer: Assessment) -> list[str]:
    """Sentences on what the number is, what its interval holds, and what it leaves out."""
    made = answer.totals
    tier1 = answer.tier1[(answer.tier1["place"] == REGION) & (answer.tier1["kind"] == "tier1")].iloc[0]
    held = [_HELD[name] for name in answer.components]
    said = [
        f"It is a calculation, not a measurement: {made.data} gives N2O per hectare, multiplied by harvested area "
        f"({made.area_source}). Nobody has measured the N2O of these counties.",
        "Its interval holds " + ("; ".join(held) if held else "nothing") + ".",
        "Its interval does not hold errors that all process models share, such as drainage, soils or management that "
        "differ from what was simulated: what farmers really did may lie outside it.",
        f"It counts corn and soybean at one nitrogen rate ({made.n_rate:g} kg N ha-1 to corn), not the farms' own; "
        f"other crops, manure, livestock, lime, machinery and fertiliser production are left out.",
        f"IPCC Tier 1 in a wet climate gives {words.amount(tier1['n2o_t'], 't N2O')} for the nitrogen alone; the "
        f"figure here holds the field's background{' and indirect N2O' if answer.question.indirect else ''} as well.",
        "N2O and carbon stand apart. NEE is not a balance: the grain's carbon returns to the air elsewhere. In soybean "
        "years as DSSAT simulates them here it misses what the crop sheds while it grows, so that the field's balance "
        "(NECB) looks worse than it is; the change of soil carbon is not touched.",
    ]
    if not answer.question.indirect:
        said.append("Indirect N2O, from nitrogen that volatilises or leaches, is not in it; it can be added.")
    return [*said, *answer.gaps]


_HELD = {
    "simulators": "the difference between the process models, each as likely as the others",
    "models": "the difference between kinds of trained model",
    "seeds": "the difference between seeds of one model",
    "residual": "the error of the trained model on years it had not seen, common to all counties of a year in part",
    "weather": "that the period's few years stand for the weather of many",
    "area": "the stated error of harvested areas",
    "indirect": "the ranges of IPCC's factors of indirect N2O",
}
