"""Adapted models on the page "Transfer": scores on their test days, series beside scratch and source, downloads."""

import contextlib
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from agroflux import schema
from agroflux.data import field_days, text_cells
from agroflux.errors import ModelError, SelectionError
from agroflux.evaluation import gains
from agroflux.figures import residuals, theme
from agroflux.figures import series as figures
from agroflux.ui import cache, controls, day_groups, show, state, transfer
from agroflux.ui.transfer import NAMES, pick

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from agroflux.training.jobs import Job

#: Rows of the score table that are shown whole; a longer one scrolls in this height [px].
_MOST_ROWS, _TALLEST = 12, 400
#: R2 by which two scores of the same model and days may differ: rounding.
_SAME = 1e-6
_GAIN = ("Gain", "Low", "High")
_SITE_YEARS = {"train": "Trained on", "validate": "Epoch chosen by", "test": "Tested on"}


@dataclass(frozen=True)
class Result:
    """What is known of one adapted model: rows and days as :class:`agroflux.training.paired.Compared`.

    Rows of an older job know no groups of days. ``weights``: SHA-256 of its weights as they are installed, empty where
    they are not or where others have taken its name.
    """

    model: str
    source: str
    recipe: str
    data: str
    rows: "list[dict[str, Any]]"
    series: "pd.DataFrame"
    fold: dict[str, list[str]]
    facts: list[tuple[str, object]]
    command: str
    synthetic: bool
    weights: str

    def of(self, by: str) -> "list[dict[str, Any]]":
        """Rows of all days, by crop or by management."""
        return [row for row in (field_days.EVERY | row for row in self.rows) if row["by"] == by]

    @property
    def measured(self) -> str:
        """What legends call the values that the models are held against."""
        return "Synthetic measurement" if self.synthetic else "Measured"

    @property
    def tested(self) -> list[str]:
        """Sites of its test days, each once."""
        return list(dict.fromkeys(key.rpartition(":")[0] for key in self.fold["test"]))

    @property
    def stem(self) -> str:
        """Start of the names of its downloads."""
        return f"{self.model}-synthetic" if self.synthetic else self.model


def adapted() -> list[dict[str, Any]]:
    """Cards of the models that were adapted to measurements, shipped ones and the user's own."""
    return [card for card in cache.models() if card.get("training", {}).get("source_model")]


def show_models() -> None:
    """Pick an adapted model that is installed and see how it does."""
    cards = {str(card["id"]): card for card in adapted()}
    if not cards:
        show.empty("No adapted model is installed yet.", "**Adapt live** makes one; it then appears on every page.")
        return
    chosen = str(pick("Model", list(cards), "transfer-model", 520))
    with show.guard("The model"):
        made = _job_of(cards[chosen])
        if made is not None:
            show_job(made)
        else:
            _show(_of_card(cards[chosen]))


def _job_of(card: dict[str, Any]) -> "Job | None":
    """The latest job that made the model of ``card``; a damaged result tells nothing, the card still does."""
    from agroflux.training import jobs

    for job in jobs.listed():
        with contextlib.suppress(ModelError):
            if job.state == "done" and job.model == card["id"] and _made(jobs.result(job.id), card):
                return job
    return None


def _made(said: dict[str, Any], card: dict[str, Any]) -> bool:
    """Whether the job with the result ``said`` made the model of ``card``, and not one that had its name before.

    Jobs of older versions noted no weights: theirs is the model if each R2 of its recipe is the card's.
    """
    if "weights_sha256" in said:
        return bool(said["weights_sha256"] == card["weights_sha256"])
    scores = {row["target"]: row["r2"] for row in card["scores"] if row["model"] == card["id"]}
    rows = [field_days.EVERY | row for row in said["rows"]]
    own = [row for row in rows if row["by"] == field_days.ALL and row["recipe"] == card["training"].get("recipe")]
    return bool(own) and all(_alike(row["r2"], scores.get(row["target"])) for row in own)


def _alike(one: float | None, other: float | None) -> bool:
    """Whether two scores of the same days are of one model; what has no score tells nothing."""
    return one is None or other is None or not abs(one - other) > _SAME


def show_job(job: "Job") -> None:
    """The result of a job that is done."""
    from agroflux.training import jobs

    said = jobs.result(job.id)
    recipe = job.request.recipe
    seconds = said["training_seconds"]
    facts: list[tuple[str, object]] = [("Adapted model", job.model), ("Source model", said["source_model"])]
    facts += [(title, transfer.site_years(said["fold"][use])) for use, title in _SITE_YEARS.items()]
    facts += [("Best epoch", ", ".join(f"{NAMES[n]}: {e}" for n, e in said["best_epoch"].items()))]
    facts += [("Training took", ", ".join(f"{NAMES[n]}: {s:.1f} s" for n, s in seconds.items()))]
    path = jobs.series_path(job.id)
    series = _series(str(path), path.stat().st_mtime_ns)
    card = next((card for card in cache.models() if card["id"] == job.model), None)
    weights = str(card["weights_sha256"]) if card is not None and _made(said, card) else ""
    _show(
        Result(
            job.model, said["source_model"], recipe, str(said["data"]), said["rows"], series, said["fold"], facts,
            said["command"], said["synthetic"], weights,
        )
    )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=16)
def _series(path: str, written: int) -> "pd.DataFrame":
    import pandas as pd

    # Sites may be called 02, NA or -A: only what is empty is no value, and no site is a number.
    told = {"site": str, "target": str}
    frame = pd.read_csv(path, parse_dates=["time"], dtype=told, keep_default_na=False, na_values=[""])
    return frame.assign(site=frame["site"].map(text_cells.as_told))


def _of_card(card: dict[str, Any]) -> Result:
    training, data = card["training"], str(card["data"]["id"])
    if data not in {entry.id for entry in cache.entries("observation")}:
        raise SelectionError(
            f"the measurements of {card['id']} ({data}) are not installed: import them on the Data page"
        )
    source = training["source_model"]["id"]
    # A model of that name that was trained anew since is not the one that was adapted.
    weights = training["source_model"].get("weights_sha256")
    same = any(other["id"] == source and other["weights_sha256"] == weights for other in cache.models())
    here = source if same else ""
    rows, series = _run(str(card["id"]), str(card["weights_sha256"]), here, data, cache.version(data))
    fold = card["data"]["site_years"]
    facts: list[tuple[str, object]] = [("Source model", source)]
    facts += [(title, transfer.site_years(fold[use])) for use, title in _SITE_YEARS.items()]
    facts += [("Best epoch", training.get("best_epoch", "not trained"))]
    return Result(
        str(card["id"]),
        source,
        str(training["recipe"]),
        data,
        rows,
        series,
        fold,
        facts,
        card["command"],
        card["synthetic"],
        str(card["weights_sha256"]),
    )


@st.cache_data(show_spinner="Running the model on its test days", max_entries=16)
def _run(model: str, weights: str, source: str, data: str, version: str) -> "tuple[list[dict[str, Any]], pd.DataFrame]":
    from agroflux.inference.predict import load
    from agroflux.training import paired

    found = paired.of_checkpoint(load(model), load(source) if source else None, cache.dataset(data))
    return found.rows, found.series


def _show(result: Result) -> None:
    show.banner([entry for entry in cache.entries() if entry.id == result.data])
    _findings(result)
    left, right = st.columns([1, 1.4], gap="medium")
    with left:
        show.facts(result.facts)
    with right:
        _scores(result)
    blind = _blind(result)
    told = _told(result.series, blind)
    with show.guard("The series"):
        _days(result, told, blind)
    _ways_on(result, told, len(told.loc[blind, ["site", "time"]].drop_duplicates()))


def _findings(result: Result) -> None:
    rows = result.of(transfer.ALL)
    own = [row for row in rows if row["recipe"] == result.recipe and result.recipe != gains.REFERENCE]
    of_target = {row["target"]: [other for other in rows if other["target"] == row["target"]] for row in own}
    sources = {row["target"]: gains.untrained(row, of_target[row["target"]]) for row in own}
    if not any(row["recipe"] == gains.REFERENCE for row in rows):
        show.empty(
            "No model from scratch was kept beside this one, so its gain is not known here.",
            "The first view has it if it was compared; **Adapt live** trains both.",
        )
        for row in own:
            if caveat := gains.caveat(row, sources[row["target"]]):
                label = show.plain(transfer.label(row["target"]))
                st.warning(f"**{label}**: {transfer.written(caveat)}", icon=":material/fact_check:")
        return
    held = result.data in {entry.id for entry in cache.entries()}
    why: dict[str, list[str]] = {}
    for row in own:
        label, source = transfer.label(row["target"]), sources[row["target"]]
        said = f"{gains.sentence(row)}. {gains.caveat(row, source)}".strip()
        # Green says that adapting pays: not where the source is better without it.
        good = st.info if gains.source_leads(row, source) else st.success
        box = {"gains": good, "loses": st.warning, "open": st.info}[gains.verdict(row)]
        box(f"**{show.plain(label)}**: {NAMES[result.recipe]} {transfer.written(said)}", icon=":material/fact_check:")
        known = transfer.management(result.data, row["target"], *result.tested) if held else None
        for cause in gains.causes(row, of_target[row["target"]], management=known):
            why.setdefault(cause, []).append(label)
    # A cause that holds for some of the fluxes only says for which.
    transfer.tell_causes([c if len(of) == len(own) else f"{', '.join(of)}: {c}" for c, of in why.items()])


def _scores(result: Result) -> None:
    import numpy as np
    import pandas as pd

    by = day_groups.pick_by([row.get("by", transfer.ALL) for row in result.rows], transfer.BY)
    rows = [
        {
            "Flux": transfer.label(row["target"]),
            "Days": day_groups.title(by, row["group"]),
            "Model": NAMES[row["recipe"]],
            "R²": row["r2"],
            "RMSE": row["rmse"],
            "Bias": row["bias"],
            "Gain": row["gain"],
            "Low": row["gain_low"],
            "High": row["gain_high"],
        }
        for row in result.of(by)
    ]
    numbers = ("R²", "RMSE", "Bias", *_GAIN)
    frame = (
        pd.DataFrame(rows)
        .astype(dict.fromkeys(numbers, float))
        .rename(columns={"Days": day_groups.KINDS.get(by, "Days")})
    )
    frame = frame.drop(columns="Days", errors="ignore")
    # Scratch gains nothing over itself; without it there is no gain to tell.
    frame.loc[frame["Model"] == NAMES[gains.REFERENCE], list(_GAIN)] = np.nan
    known = bool(frame["Gain"].notna().any())
    if not known:
        frame = frame.drop(columns=list(_GAIN))
    digits = {name: st.column_config.NumberColumn(format="%.3f") for name in numbers if name in frame}
    in_units = st.column_config.NumberColumn(format="%.3g")  # those of N2O are a few ten-thousandths
    digits |= {"RMSE": in_units, "Bias": in_units}
    height: Literal["content"] | int = "content" if len(frame) <= _MOST_ROWS else _TALLEST
    show.frame(frame, hide_index=True, column_config=digits, height=height)
    units = {theme.pretty(schema.get(row["target"]).unit) for row in result.rows}
    gain = "; gain: R² less that of scratch, with its 95 % interval over test site-years" if known else ""
    st.caption(f"On the test days. RMSE and bias in {', '.join(sorted(units))}{gain}.")


def _days(result: Result, frame: "pd.DataFrame", blind: "NDArray[np.bool_]") -> None:
    """The test days of one flux: measured, adapted, from scratch and source on one axis, and their differences."""
    from agroflux.evaluation import compare

    targets = list(dict.fromkeys(frame["target"]))
    years = frame["site"] + " " + frame["time"].dt.year.astype(str)
    with controls.row():
        target = str(pick("Flux", targets, "transfer-flux", 260))
        when = str(pick("Test site-year", list(dict.fromkeys(years)), "transfer-test", 180))
    variable = schema.get(target)
    names = {name: NAMES[name] for name in frame.columns if name in NAMES}
    whole = frame[frame["target"] == target].rename(columns={"measured": result.measured} | names)
    kinds = {result.measured: "measured"} | {title: name for name, title in names.items()}
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        st.markdown(f"**Day by day**, {show.plain(when)}")
        here = whole[years[whole.index] == when].set_index("time")[list(kinds)]
        fig = figures.series(here, kinds, label=transfer.label(target), unit=variable.unit)
        show.figure(fig, f"{result.model}-{target}-days", key="transfer.days")
        hidden = int(blind[(frame["target"] == target) & (years == when)].sum())
        if hidden:
            st.caption(f"No model is drawn on {hidden} days: the data set has no weather for them.")
    with right:
        st.markdown("**Differences by season**, all test site-years")
        table = whole.set_index(["site", "time"])[list(kinds)].dropna(subset=[result.measured])
        found = compare.by_month(compare.residuals(table, result.measured))
        # "Source" would be read as the source model here.
        words = {"what": "Model", "reference": result.measured.lower(), "unit": variable.unit}
        fig = residuals.residuals_by_month(found, kinds, **words)
        show.figure(fig, f"{result.model}-{target}-season", key="transfer.season")


def _blind(result: Result) -> "NDArray[np.bool_]":
    """Which rows of its series have no weather; none where the data set is not at hand."""
    import numpy as np

    from agroflux.data import coverage

    if result.data not in {entry.id for entry in cache.entries()}:
        return np.zeros(len(result.series), bool)
    return coverage.without_weather(cache.dataset(result.data), result.series)


def _told(series: "pd.DataFrame", blind: "NDArray[np.bool_]") -> "pd.DataFrame":
    """``series`` without what the models gave on ``blind`` days."""
    told = series.copy()
    told.loc[blind, [name for name in series.columns if name in NAMES]] = float("nan")
    return told


def _ways_on(result: Result, series: "pd.DataFrame", hidden: int) -> None:
    """Downloads and the ways to other pages; on ``hidden`` site-days ``series`` has no value of a model."""
    import pandas as pd

    with st.container(horizontal=True):
        held = result.measured.lower().replace(" ", "_")
        show.csv(series.rename(columns={"measured": held}), f"{result.stem}-days", "Days as CSV", index=False)
        show.csv(pd.DataFrame(result.rows), f"{result.stem}-scores", "Scores as CSV", index=False)
        if result.weights:
            show.download(
                "Model as ZIP", lambda: packed(result.model, result.weights), f"{result.model}.zip", "application/zip"
            )
            if st.button("Run it on a region", icon=":material/grid_on:", key="transfer.region"):
                state.put("model", [result.model])
                st.switch_page("pages/region.py")
            if st.button("Compare day by day", icon=":material/stacked_line_chart:", key="transfer.compare"):
                state.put("sites", result.tested[:1])
                state.put("compare-where", result.data)
                state.put(
                    "compare-sources", [result.data, *(f"model:{name}" for name in (result.model, result.source))]
                )
                st.switch_page("pages/compare.py")
    if hidden:
        st.caption(f"Days as CSV has no value of a model on {hidden:,} days: the data set has no weather for them.")
    if not result.weights and result.model in {card["id"] for card in cache.models()}:
        show.empty(
            "Another model has taken the name of this one, which cannot be downloaded or used any more.",
            "**Adapted models** shows the one that has the name now.",
        )
    elif not result.weights:
        show.empty("The adapted model was removed: it cannot be downloaded or used any more.")
    with st.expander("The command that makes it again", icon=":material/terminal:"):
        st.code(result.command, language="bash", wrap_lines=True)


def packed(model: str, sha256: str = "") -> bytes:
    """Weights and card of an installed model as a ZIP; ``sha256``: of the weights that are meant, if told.

    ModelError where a file is missing, or where other weights have taken the name of the model.
    """
    from agroflux.baselines.card import weights_path

    weights = weights_path(model)
    parts = {path.name: _bytes(path) for path in (weights, weights.with_suffix(".json"))}
    if sha256 and hashlib.sha256(parts[weights.name]).hexdigest() != sha256:
        raise ModelError(f"another model has taken the name {model}: reload the page to see which")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read ({error}): adapt the model again") from None
