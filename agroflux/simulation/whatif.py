"""A change of practice or weather: what differs from a county's usual way of farming, small enough for a link.

The usual practice is the benchmark's: corn and soybean in turn, urea ammonium nitrate injected 19 days after planting
corn, chisel plough and field cultivator, stover left, tiles, no irrigation, weather as recorded. A change holds from
the start of the run, spin-up included, as the nitrogen rates of the benchmark do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import yaml

from agroflux.errors import SelectionError
from agroflux.simulation import levers
from agroflux.simulation.dssat import Site
from agroflux.simulation.levers import LEVERS, Choice, Number
from agroflux.simulation.scenario import CoverCrop, CropPlan, Fertiliser, Scenario
from agroflux.simulation.weather import extreme_year, repeated, shifted

_PAIR, _VALUE = "~", ":"  # in a link: n_rate:84~tillage:none
#: A scenario file may hold so many: a page parses it at each rerun. Ten scenarios need far less.
MOST_CHARACTERS = 50_000
#: Types of values that YAML and JSON can hold where one text or number is due, as a message names them.
_KINDS = {
    "list": "a list",
    "dict": "a mapping",
    "set": "a set",
    "date": "a date",
    "datetime": "a time",
    "bytes": "binary",
}
#: Levers whose effect an emulator trained on the benchmark has seen: other nitrogen rates, other recorded weather.
EMULATED = frozenset({"n_rate", "year"})


@dataclass(frozen=True)
class Change:
    """What differs from the usual practice; a field left alone is as usual. Fields are the keys of ``LEVERS``.

    Raises SelectionError for a value outside its limits, an unknown choice, or two that exclude each other.
    """

    n_rate: float | None = None
    n_timing: str = "sidedress"
    n_kind: str = "uan"
    n_placement: str = "injected"
    n_depth: float | None = None
    planting: float = 0
    maturity: str = "usual"
    tillage: str = "conventional"
    residue: float = 0
    cover: str = "none"
    drainage: str = "usual"
    irrigation: str = "none"
    warmer: float = 0
    rain: float = 1
    co2: float | None = None
    year: str = "recorded"

    def __post_init__(self) -> None:
        for name, value in self.changed().items():
            object.__setattr__(self, name, _checked(name, value))
        if self.n_rate == levers.USUAL_RATE:
            object.__setattr__(self, "n_rate", None)
        if self.n_depth == levers.PLACEMENTS[self.n_placement][1] and self.n_placement != "broadcast":
            object.__setattr__(self, "n_depth", None)
        if self.n_kind == "ammonia" and self.n_placement != "injected":
            raise SelectionError("n_kind=ammonia is a gas: it can only be injected (n_placement=injected)")
        if self.n_placement == "broadcast" and self.n_depth is not None:
            raise SelectionError("n_depth says how deep: it does not go with n_placement=broadcast")

    def changed(self) -> dict[str, Any]:
        """The levers that are not left as usual: name -> value, in the order of the fields."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    @property
    def emulated(self) -> bool:
        """True where an emulator trained on the benchmark knows every lever that is changed."""
        return set(self.changed()) <= EMULATED

    def label(self) -> str:
        """A short text for legends: ``84 kg N ha-1, no tillage``; ``usual practice`` where nothing differs."""
        return ", ".join(_say(name, value) for name, value in self.changed().items()) or "usual practice"

    def to_text(self) -> str:
        """The text for a link; empty for the usual practice."""
        return _PAIR.join(f"{k}{_VALUE}{_plain(v)}" for k, v in self.changed().items())

    @classmethod
    def from_text(cls, text: str) -> "Change":
        """Read :meth:`to_text`; SelectionError says what is wrong."""
        return cls.from_pairs((part.replace(_VALUE, "=", 1) for part in text.split(_PAIR)) if text else ())

    @classmethod
    def from_pairs(cls, pairs: Iterable[str]) -> "Change":
        """Read ``lever=value`` texts, as the command line has them; SelectionError says what is wrong."""
        values: dict[str, Any] = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise SelectionError(f"{pair[:40]!r} is not a change: write lever=value, as n_rate=84")
            if name.strip() in values:
                raise SelectionError(f"{name.strip()} is given twice: give each lever once")
            values[name.strip()] = value.strip()
        return cls.from_mapping(values)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Change":
        """Read lever -> value (from YAML or JSON); SelectionError says what is wrong."""
        unknown = [name for name in values if name not in LEVERS]
        if unknown:
            raise SelectionError(f"{_cut(unknown[0], 40)!r} is not a lever: the levers are {', '.join(LEVERS)}")
        return cls(**{name: _number(name, value) for name, value in values.items()})


#: The usual practice.
USUAL = Change()


def _say(name: str, value: Any) -> str:
    lever = LEVERS[name]
    if name == "n_rate":
        return f"{value:g} kg N ha-1"
    if isinstance(lever, Choice):
        return f"{lever.label.lower()}: {value}"
    if name == "rain":
        return f"rain x {value:g}"
    sign = "+" if name in ("planting", "warmer") else ""
    return f"{lever.label.lower()} {value:{sign}g} {lever.unit}"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | int) else str(value)


def _number(name: str, value: Any) -> Any:
    """A text as a number where the lever is one."""
    if isinstance(LEVERS[name], Number) and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise SelectionError(f"{name}={value[:24]!r} is not a number") from None
    return value


def _checked(name: str, value: Any) -> Any:
    """``value`` of the lever, numbers rounded to what the engine's files can hold; SelectionError if impossible."""
    lever = LEVERS[name]
    _check_single(name, value)
    if isinstance(lever, Choice):
        if not isinstance(value, str) or value not in lever.options:
            raise SelectionError(f"{name}={_cut(value)!r} is not one of {', '.join(lever.options)}")
        return value
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise SelectionError(f"{name}={_cut(value)!r} is not a number")
    if not lever.low <= value <= lever.high:  # NaN fails too
        raise SelectionError(f"{name}={_cut(value)} lies outside {lever.low:g} to {lever.high:g} {lever.unit}")
    whole = name in ("n_rate", "planting", "n_depth", "co2", "residue")
    return round(float(value)) if whole else round(float(value), 3)


def _check_single(name: str, value: Any) -> None:
    """SelectionError unless ``value`` is a text, a number or nothing.

    What holds other values is never written out: a few lines of YAML whose lists refer to each other can stand for
    gigabytes of text.
    """
    if isinstance(value, str | float | int | None):
        return
    lever, kind = LEVERS[name], type(value).__name__
    allowed = f"one of {', '.join(lever.options)}" if isinstance(lever, Choice) else "one number"
    raise SelectionError(f"{name} is {_KINDS.get(kind, kind)}: give {allowed}, as {name}: {_example(lever)}")


def _example(lever: Number | Choice) -> str:
    return lever.usual if isinstance(lever, Choice) else f"{lever.high:g}"


def _cut(value: Any, most: int = 24) -> str:
    """A single value as a message repeats it: a file may hold one without end, even a number too long to be written."""
    if isinstance(value, float | int) and abs(value) > 1e300:
        return "a number of hundreds of digits"
    return str(value)[:most]


def usual_rate(change: Change) -> float:
    """Nitrogen to corn [kg N ha-1] under the change."""
    return levers.USUAL_RATE if change.n_rate is None else change.n_rate


def apply(change: Change, scenario: Scenario, site: Site) -> tuple[Scenario, Site]:
    """The rotation and the place under the change; what is not changed stays as it is."""
    method, depth = levers.PLACEMENTS[change.n_placement]
    step = levers.MATURITY[change.maturity]
    scenario = replace(
        scenario,
        n_rate=scenario.n_rate if change.n_rate is None else change.n_rate,
        fertiliser=Fertiliser(
            levers.MATERIALS[change.n_kind],
            method,
            depth if change.n_depth is None else int(change.n_depth),
            levers.TIMINGS[change.n_timing],
        ),
        planting_shift=int(change.planting),
        corn=_matured(scenario.corn, levers.CORN, step),
        soybean=_matured(scenario.soybean, levers.SOYBEAN, step),
        tillage=levers.TILLAGE[change.tillage],
        residue_removal=change.residue,
        irrigated=change.irrigation == "automatic",
        co2=change.co2,
    )
    if change.cover != "none":
        cover = CoverCrop()
        spring = tuple(one for one in scenario.tillage if one.fall_day is None)
        scenario = replace(scenario, cover=cover, tillage=spring, harvest_by=cover.sown - 1)
    weather = site.weather
    if change.year != "recorded":
        extreme: Literal["dry", "wet"] = "dry" if change.year == "dry" else "wet"
        weather = repeated(weather, extreme_year(weather, extreme))
    if change.warmer or change.rain != 1:
        weather = shifted(weather, warmer=change.warmer, rain=change.rain)
    soil = site.soil
    if change.drainage != "usual":
        soil = replace(soil, drainage=levers.DRAINAGES[change.drainage])
    # A site keeps its written weather file: the same object where nothing of it differs.
    same = weather is site.weather and soil is site.soil
    return scenario, site if same else replace(site, weather=weather, soil=soil)


def _matured(plan: CropPlan, classes: tuple[tuple[str, str], ...], step: int) -> CropPlan:
    """The plan with the cultivar ``step`` classes later."""
    if not step:
        return plan
    at = [code for code, _ in classes].index(plan.cultivar) + step
    code, name = classes[at]
    return replace(plan, cultivar=code, name=name)


def to_yaml(changes: Mapping[str, Change]) -> str:
    """Scenarios by name as YAML, to be read by :func:`from_yaml` and ``agroflux whatif --scenario``."""
    return str(yaml.safe_dump({"scenarios": {n: c.changed() for n, c in changes.items()}}, sort_keys=False))


class _Once(yaml.SafeLoader):
    """The safe loader, which also refuses a key that stands twice: the last one would count, unsaid."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        first = {key.value: key for key in reversed(names)}
        for key in names:
            if first[key.value] is not key:
                what = f"{key.value!r} stands there twice: leave one of them out"
                raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
        return super().construct_mapping(node, deep)


def from_yaml(text: str, source: str = "the scenario file") -> dict[str, Change]:
    """Scenarios by name from YAML or JSON: ``scenarios: {name: {lever: value}}``, or one scenario's levers alone.

    Raises:
        SelectionError: more than ``MOST_CHARACTERS``, no YAML, or scenarios that are none.
    """
    if len(text) > MOST_CHARACTERS:
        raise SelectionError(
            f"{source} has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read: keep the scenarios to run"
        )
    try:
        found = _Once(text).get_single_data()
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # of dates and numbers that are none, plain ValueError
        raise SelectionError(f"{source} cannot be read as YAML: {str(error)[:400]}") from None
    if isinstance(found, Mapping) and set(found) == {"scenarios"}:
        found = found["scenarios"]
    elif isinstance(found, Mapping):
        found = {"scenario": found}
    if not isinstance(found, Mapping) or not all(isinstance(v, Mapping) for v in found.values()):
        raise SelectionError(f"{source} must hold scenarios: {{name: {{lever: value}}}}, or lever: value lines")
    return {_named(name): Change.from_mapping(values) for name, values in found.items()}


def _named(name: Any) -> str:
    """A scenario's name; YAML reads one of digits as a number, which can be too long to be written."""
    return name if isinstance(name, str) else _cut(name)
