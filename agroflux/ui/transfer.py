"""What the page "Transfer" shows of models/transfer.json: choices, the rows behind each picture, and what they say.

Nothing is scored here: every number is a row's own.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from agroflux import schema
from agroflux.data import field_days
from agroflux.errors import SelectionError
from agroflux.evaluation import gain_rows, gains
from agroflux.ui import cache, controls, day_groups, show, state

VIEW, BY = "transfer-view", "transfer-by"
VIEWS = {"gains": "What transfer gains", "live": "Adapt live", "models": "Adapted models"}
#: Recipe -> (name in legends, what it does); the keys are those of :data:`agroflux.training.transfer.RECIPES`.
RECIPES = {
    "finetune": ("Fine-tune", "all layers, earlier ones learn slower"),
    "finetune-head": ("Fine-tune the head", "the last layer alone"),
    "finetune-gradual": ("Fine-tune, unfreezing", "layers thaw one by one from the head down"),
    "adversarial": ("Adversarial", "simulated and measured series are made alike inside the network (DANN)"),
    "pooled": ("Pooled", "simulations and measurements together: the control of the adversarial one"),
    "hybrid": ("Hybrid", "from scratch, with what the process model gives for the site as further drivers"),
    "zero-shot": ("Source as it is", "no training: a control"),
    "scratch": ("From scratch", "new weights, the measurements alone: what the others are compared with"),
}
NAMES = {name: title for name, (title, _) in RECIPES.items()}
PROTOCOLS = {"leave-years-out": "Other years of the site", "leave-one-site-out": "Another site"}
ALL = "all"
#: Every source of the pretrained models.
ANY = "any"
#: What sources are called that the catalog does not name, or names at length.
_SOURCES = {
    "randomised": "Random fields (synthetic)",
    "cornbelt-century+cornbelt-ceres": "Corn Belt, DSSAT with CENTURY and CERES",
}
#: What is chosen first, each from the rows that those before it left: column -> (label, width [px]).
_NARROW = {
    "data": ("Measured", 380),
    "target": ("Target", 230),
    "protocol": ("Tested on", 210),
    "source": ("Source", 390),
}
_GAIN = ("gain", "gain_low", "gain_high")
_DRIVERS_OF_MANAGEMENT = ("CROP", "PLANTING", "FERTZR_N")


@dataclass(frozen=True)
class Choice:
    """What is compared: rows of one data set, protocol, target and source; models, recipes, site-years, a site or all.

    ``model`` is the one that all pictures but that of models are of.
    ``rows`` are those over all seeds of one group of days; ``groups`` those of every group of its kind ``by``, and
    ``every`` holds all kinds, and the single seeds' too.
    """

    rows: pd.DataFrame
    groups: pd.DataFrame
    every: pd.DataFrame
    data: str
    protocol: str
    target: str
    source: str
    by: str
    group: str
    models: list[str]
    model: str
    recipes: list[str]
    count: int
    site: str

    @property
    def shown(self) -> pd.DataFrame:
        """Rows of the chosen models and recipes."""
        return self.of(self.rows)

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Those of ``rows`` that are of the chosen models and recipes."""
        return rows[rows["model"].isin(self.models) & rows["recipe"].isin(self.recipes)]


def pick_view() -> str:
    """Control: scores of the comparison, a training of one's own, or adapted models."""
    st.segmented_control(
        "What to show", list(VIEWS), format_func=VIEWS.__getitem__, required=True, label_visibility="collapsed",
        **state.bind(VIEW, default="gains", options=list(VIEWS)),
    )  # fmt: skip
    return str(state.get(VIEW, "gains"))


def board() -> pd.DataFrame:
    """Rows of ``models/transfer.json`` (:func:`agroflux.evaluation.gain_rows.read`); DataError if damaged."""
    return _board(*cache.stamp(gain_rows.NAME))


@st.cache_data(show_spinner=False, max_entries=4)
def _board(path: str, written: int) -> pd.DataFrame:
    from pathlib import Path

    return pd.DataFrame(gain_rows.read(Path(path).parent))


def choose(table: pd.DataFrame) -> Choice | None:
    """The pickers: each offers what the rows left by those before it hold; None, and it is said, for an empty one."""
    rows, picked, titles = table, {}, _titles(table)
    row = controls.row()
    with row:
        for column, (title, width) in _NARROW.items():
            options = _options(rows, column)
            picked[column] = pick(title, options, f"transfer-{column}", width, shown=lambda n: titles.get(n) or said(n))
            if picked[column] != ANY:
                rows = rows[rows[column].astype(str) == picked[column]]
        by = day_groups.pick_by(rows["by"], BY)
    groups = over_seeds(rows[rows["by"] == by])
    names = field_days.ordered(groups["group"].unique())
    models, recipes = (list(dict.fromkeys(groups[column])) for column in ("model", "recipe"))
    recipes = [name for name in RECIPES if name in recipes]
    with row:
        group = ALL
        if by != ALL:
            group = pick(
                day_groups.KINDS[by], names, f"transfer-{by}", 210, shown=lambda name: day_groups.title(by, name)
            )
        over = groups[groups["group"] == group].reset_index(drop=True)
        tested = over.groupby("n_site_years")["site"].nunique()
        # Where most sites were tested, and of those the most data.
        count = int(tested[tested == tested.max()].index[-1])
        counts = [int(n) for n in tested.index]
        count = int(pick("Site-years to train on", counts, "transfer-count", 180, count))
        sites = list(dict.fromkeys(over.loc[over["n_site_years"] == count, "site"]))
        default = ALL if ALL in sites else sites[0]
        site = str(pick("Site", sites, "transfer-site", 180, default))
    chosen = [name for name in recipes if name != gains.REFERENCE]
    picked_models = _several("Models", models, "transfer-models", models, {})
    picked_recipes = _several("Recipes", recipes, "transfer-recipes", chosen, NAMES)
    for what, picked_ones in (("model", picked_models), ("recipe", picked_recipes)):
        if not picked_ones:
            show.empty(f"No {what} is chosen.", "Pick at least one above.")
            return None
    model = picked_models[0]
    if len(picked_models) > 1:
        model = str(pick("Model in detail", picked_models, "transfer-detail", 300))
    return Choice(
        over, groups, rows, by=by, group=str(group), count=count, site=site, models=picked_models, model=model,
        recipes=picked_recipes, **picked,
    )  # fmt: skip


def _options(rows: pd.DataFrame, column: str) -> list[str]:
    """What there is to choose, sources by how many models they have: several are seen side by side as :data:`ANY`."""
    options = list(dict.fromkeys(rows[column].astype(str)))
    if column != "source":
        return sorted(options, key=lambda name: list(PROTOCOLS).index(name) if name in PROTOCOLS else 0)
    models = rows.groupby(column)["model"].nunique()
    options.sort(key=lambda name: -models[name])
    return [*options, ANY] if len(options) > 1 else options


def _titles(table: pd.DataFrame) -> dict[str, str]:
    """Titles of data sets that rows tell themselves, as those were not bundled."""
    if "title" not in table:
        return {}
    told = table.dropna(subset=["title"]).drop_duplicates("data")
    return dict(zip(told["data"], told["title"], strict=True))


def sources(choice: Choice) -> list[Any]:
    """For :func:`.show.sources`: the catalog entry of the data set, or what rows tell of one that is not here."""
    here = [entry for entry in cache.entries() if entry.id == choice.data]
    row = choice.every.iloc[0]
    if here or not isinstance(row.get("title"), str):
        return here
    told = {name: str(row[name]) for name in gain_rows.TOLD}
    return [SimpleNamespace(id=choice.data, kind="observation", synthetic=bool(row["synthetic"]), **told)]


def over_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows over all seeds that a comparison has (one seed: its only row)."""
    if rows.empty:
        raise SelectionError("no row is left by this choice: pick another data set or target")
    number = rows["seeds"].map(len)
    most = number.groupby([rows[c] for c in ("model", "source", "protocol", "n_site_years", "target")]).transform("max")
    return rows[number == most].reset_index(drop=True)


def pick(
    label: str,
    options: list[Any],
    name: str,
    width: int,
    default: Any = None,
    shown: Callable[[Any], str] | None = None,
) -> Any:
    """Control: one of ``options``, written as ``shown`` does (default :func:`said`), kept in the link as ``name``."""
    first = options[0] if default is None else default
    bound = state.bind(name, default=first, options=options)
    st.selectbox(label, options, format_func=shown or said, width=width, **bound)
    return state.get(name, first)


def _several(label: str, options: list[str], name: str, default: list[str], titles: dict[str, str]) -> list[str]:
    bound = state.bind(name, default=default, options=options, kind="many")
    st.multiselect(label, options, format_func=lambda o: titles.get(o, o), **bound)
    return list(state.get(name, []))


def said(name: Any) -> str:
    """How a picker writes a data set, target, protocol, number or site."""
    text = str(name)
    if text == ALL:
        return "All sites"
    if text == ANY:
        return "Every simulator"
    if text in schema.VARIABLES:
        return label(text)
    titles = {entry.id: schema.written(entry.title) for entry in cache.entries()} | _SOURCES
    return PROTOCOLS.get(text) or titles.get(text) or " and ".join(titles.get(one, one) for one in text.split("+"))


def label(target: str) -> str:
    """What a flux is called, with formulas as people write them (N₂O)."""
    return schema.get(target).title


def site_years(keys: Sequence[str]) -> str:
    """Site-years as people write them: ``US-ARM 2003, 2004; US-Tw3 2014``."""
    years: dict[str, list[str]] = {}
    for key in keys:
        site, _, year = key.rpartition(":")
        years.setdefault(site, []).append(year)
    return "; ".join(f"{site} {', '.join(sorted(of))}" for site, of in years.items())


def written(sentence: str) -> str:
    """A sentence of :mod:`agroflux.evaluation.gains` for Markdown, with R² as people write it."""
    return show.plain(sentence).replace("R2", "R²")


def tell_causes(sentences: list[str], of: str = "") -> None:
    """Likely causes where nothing is won, each once; ``of`` ends the heading."""
    why = list(dict.fromkeys(sentences))
    if why:
        with st.expander(f"Likely causes where nothing is won{of}", expanded=True, icon=":material/help:"):
            st.markdown("\n".join(f"- {written(sentence)}" for sentence in why))


def compared(choice: Choice) -> pd.DataFrame:
    """Rows of the picture of models, at the chosen number, site and group of days: a model a label."""
    rows = at(choice)
    return rows.assign(label=rows["model"])


def by_group(choice: Choice) -> pd.DataFrame:
    """Rows of the picture of groups of days, of the model in detail: a group a label."""
    rows = choice.of(choice.groups)
    rows = rows[(rows["site"] == choice.site) & (rows["n_site_years"] == choice.count)]
    rows = rows[rows["model"] == choice.model]
    return rows.assign(label=rows["group"].map(lambda name: day_groups.title(choice.by, name)))


def by_site(choice: Choice) -> pd.DataFrame:
    """Rows of the second picture, of the model in detail: a site a label."""
    rows = choice.shown
    rows = rows[(rows["site"] != ALL) & (rows["n_site_years"] == choice.count) & (rows["model"] == choice.model)]
    return rows.assign(label=rows["site"])


def at(choice: Choice) -> pd.DataFrame:
    """The chosen models and recipes at the chosen number of site-years and site."""
    rows = choice.shown
    return rows[(rows["site"] == choice.site) & (rows["n_site_years"] == choice.count)]


def learning(choice: Choice) -> pd.DataFrame:
    """Rows of the learning curves of the model in detail: scratch always among them."""
    kept = {*choice.recipes, gains.REFERENCE}
    rows = choice.rows[choice.rows["recipe"].isin(kept) & (choice.rows["model"] == choice.model)]
    return rows[rows["site"] == choice.site].rename(columns={"n_site_years": "n"})


def numbers(choice: Choice) -> pd.DataFrame:
    """Rows of the table: of every number of site-years, site and group of days, scratch always among them.

    By model, recipe, site (all of them first) and number of site-years. Scratch gains nothing over itself: NaN.
    """
    kept = {*choice.recipes, gains.REFERENCE}
    rows = choice.groups[choice.groups["recipe"].isin(kept) & choice.groups["model"].isin(choice.models)]
    turns = {"model": choice.models, "recipe": list(RECIPES), "site": [ALL, *sorted(set(rows["site"]) - {ALL})]}
    turns["group"] = field_days.ordered(rows["group"].unique())
    order = {name: rows[name].map(held.index) for name, held in turns.items()} | {"n": rows["n_site_years"]}
    rows = rows.loc[pd.DataFrame(order).sort_values(["model", "recipe", "site", "n", "group"], kind="stable").index]
    return rows.assign(**{name: rows[name].where(rows["recipe"] != gains.REFERENCE) for name in _GAIN})


def places(choice: Choice, recipe: str) -> pd.DataFrame:
    """Sites of the data set with the gain of a recipe of the model in detail; empty where the data set is not here."""
    if choice.data not in {entry.id for entry in cache.entries()}:
        return pd.DataFrame()
    rows = by_site(choice)
    rows = rows[rows["recipe"] == recipe].set_index("site")
    found = cache.sites(choice.data)[["lat", "lon"]].join(rows[["gain", "gain_low", "gain_high"]], how="inner")
    return found.dropna(subset=["lat", "lon", "gain"]).rename_axis("site").reset_index()


class Finding(NamedTuple):
    """What one adaptation wins: its gain in words, and the likely causes where it wins nothing.

    ``behind``: it gains, and the source model as it is does better still. ``sure``: lower end of its interval [R2].
    """

    recipe: str
    model: str
    said: str
    causes: list[str]
    outcome: gains.Outcome
    behind: bool
    sure: float


#: What is told first.
_TOLD = ("gains", "unchanged", "open", "loses")


def findings(choice: Choice) -> list[Finding]:
    """Of each chosen recipe and model what it wins: the surest gain first, or those of the model that was picked."""
    found = _found(choice)
    picked = choice.model if choice.model != choice.models[0] else None

    def place(one: Finding) -> tuple[bool, int, bool, float]:
        return one.model != picked, _TOLD.index(one.outcome), one.behind, -one.sure

    return sorted(found, key=place)


def _found(choice: Choice) -> list[Finding]:
    here = choice.data in {entry.id for entry in cache.entries()}
    # Of all days: what the record tells of the days of one group is not known here.
    known = management(choice.data, choice.target, choice.site) if here and choice.by == ALL else None
    found = []
    for _, row in at(choice).iterrows():
        if row["recipe"] in (gains.REFERENCE, gains.UNTRAINED):
            continue
        same = choice.rows[(choice.rows["model"] == row["model"]) & (choice.rows["site"] == row["site"])]
        others = beside(choice, row)
        line = same[same["recipe"] == row["recipe"]]
        curve = [(int(n), float(g)) for n, g in zip(line["n_site_years"], line["gain"], strict=True)]
        why = gains.causes(row.to_dict(), others, management=known, curve=curve)
        source = gains.untrained(row.to_dict(), others)
        outcome = gains.outcome(row.to_dict(), source)
        behind = outcome == "gains" and gains.source_leads(row.to_dict(), source)
        said = f"{gains.sentence(row.to_dict())}. {gains.caveat(row.to_dict(), source)}".strip()
        sure = float(row["gain_low"]) if pd.notna(row["gain_low"]) else -math.inf
        found.append(Finding(str(row["recipe"]), str(row["model"]), said, why, outcome, behind, sure))
    return found


def beside(choice: Choice, row: pd.Series) -> list[dict[str, Any]]:
    """Rows of every recipe of the model of ``row`` at its site and number of site-years, chosen or not."""
    found, place = choice.rows, ["model", "site", "n_site_years"]
    rows: list[dict[str, Any]] = found[(found[place] == row[place]).all(axis=1)].to_dict("records")
    return rows


def management(data: str, target: str, *sites: str) -> float:
    """Share of the days [1] on which a flux was measured that say what grew: mean of planting, crop and fertiliser.

    Of ``sites``, of all where none is given or one is :data:`ALL`; NaN where the data set holds none of them.
    """
    return _management(data, cache.version(data), target, () if ALL in sites else sites)


@st.cache_data(show_spinner=False, max_entries=64)
def _management(data: str, version: str, target: str, sites: tuple[str, ...]) -> float:
    ds = cache.dataset(data)
    # Sites of one data set have records of different length: days without a measurement say nothing.
    if sites:
        ds = ds.isel(site=ds["site"].isin(sites).to_numpy())
    if not ds.sizes["site"]:
        return float("nan")
    measured = ds[target if target in ds else "CO2_FLUX"].notnull()
    known = sum(int((measured & ds[name].notnull()).sum()) for name in _DRIVERS_OF_MANAGEMENT if name in ds)
    return known / max(1, int(measured.sum())) / len(_DRIVERS_OF_MANAGEMENT)
