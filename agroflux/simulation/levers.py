"""The levers of a what-if: their names, limits and choices, and what each choice means to the engine.

One table entry a lever; the command line, the page and the checks follow from it. The effect of each on the engine is
tested in tests/simulation/test_whatif.py.

The cover crop is winter wheat (CSCER): the engine has no rye, which grows more in spring. Sown on 6 October and killed
ten days before planting, it has on average 0.4 t ha-1 above ground before corn and 0.9 before soybean in central Iowa
(0.0-2.6 over 22 years), and 0.7 in southern Illinois. So that the rotation keeps its years, both main crops are then
harvested on 5 October, ripe or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agroflux.simulation.scenario import CONVENTIONAL, Tillage
from agroflux.simulation.soil import Drainage

#: Nitrogen to corn of the usual practice [kg N ha-1], as the rest of the package has it.
USUAL_RATE = 168.0


@dataclass(frozen=True, slots=True)
class Number:
    """A lever that is a number: limits, a step for pickers, unit; ``usual`` None: not a number (as recorded)."""

    label: str
    low: float
    high: float
    step: float
    unit: str
    usual: float | None
    help: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A lever that is one of several: key -> label, the usual one first."""

    label: str
    options: Mapping[str, str]
    help: str

    @property
    def usual(self) -> str:
        """The key of the usual practice."""
        return next(iter(self.options))


#: Materials of the engine's FERCH048.SDA.
MATERIALS = {"uan": "FE010", "urea": "FE005", "ammonia": "FE004", "nitrate": "FE001"}
#: Method of the engine's DETAIL.CDE and depth [cm].
PLACEMENTS = {"injected": ("AP004", 10), "incorporated": ("AP002", 5), "broadcast": ("AP001", 1)}
#: Days from planting, and share of the rate.
TIMINGS: dict[str, tuple[tuple[int, float], ...]] = {
    "sidedress": ((19, 1.0),),
    "fall": ((-150, 1.0),),
    "preplant": ((-10, 1.0),),
    "planting": ((0, 1.0),),
    "late": ((40, 1.0),),
    "split": ((0, 0.3), (40, 0.7)),
}
TILLAGE: dict[str, tuple[Tillage, ...]] = {"conventional": CONVENTIONAL, "reduced": CONVENTIONAL[1:], "none": ()}
#: Fraction of the water above the drained upper limit that leaves in a day (SLDR). The classes of DSSAT's soil
#: tool are 0.05 poorly, 0.25 somewhat poorly, 0.40 moderately well, 0.60 well drained.
DRAINAGES = {"usual": Drainage(), "poor": Drainage(sldr=0.05), "good": Drainage(sldr=0.40)}
#: Cultivars of the engine's MZCER048.CUL from early to late (degree days from silking to maturity 668, 785, 830,
#: 895), and maturity groups of SBGRO048.CUL.
CORN = (("LL0581", "C/LOL 581"), ("IB1072", "DEKALB 485"), ("IB1069", "PIO 3563"), ("IB1066", "PIO 3489"))
SOYBEAN = (
    ("990001", "M GROUP   1"),
    ("990002", "M GROUP   2"),
    ("990003", "M GROUP   3"),
    ("990004", "M GROUP   4"),
)
MATURITY = {"usual": 0, "earlier": -1, "later": 1}

LEVERS: dict[str, Number | Choice] = {
    "n_rate": Number(
        "Nitrogen to corn", 0, 336, 1, "kg N ha-1", USUAL_RATE, "What a corn year gets; soybean gets none."
    ),
    "n_timing": Choice(
        "Timing and split",
        {
            "sidedress": "Once, 19 days after planting (usual)",
            "fall": "Once, in the fall before (150 days before planting)",
            "preplant": "Once, 10 days before planting",
            "planting": "Once, at planting",
            "late": "Once, 40 days after planting",
            "split": "Split: 30 % at planting, 70 % 40 days later",
        },
        "When the nitrogen is given, and in how many parts.",
    ),
    "n_kind": Choice(
        "Fertiliser",
        {
            "uan": "Urea ammonium nitrate (usual)",
            "urea": "Urea",
            "ammonia": "Anhydrous ammonia",
            "nitrate": "Ammonium nitrate",
        },
        "Its share of urea, ammonium and nitrate.",
    ),
    "n_placement": Choice(
        "Placement",
        {"injected": "Injected (usual)", "incorporated": "Broadcast and incorporated", "broadcast": "Broadcast"},
        "On the surface, urea and ammonium lose ammonia to the air: in the engine far more than in field trials, so "
        "that corn yields less and N2O falls.",
    ),
    "n_depth": Number(
        "Depth of placement", 1, 30, 1, "cm", None, "Usual: injected at 10 cm, incorporated at 5 cm; not for broadcast."
    ),
    "planting": Number("Planting date", -21, 28, 1, "days", 0, "Days later (or, below zero, earlier) than usual."),
    "maturity": Choice(
        "Maturity",
        {"usual": "Usual for the latitude", "earlier": "One class earlier", "later": "One class later"},
        "Corn hybrids and soybean maturity groups of the engine's cultivar files.",
    ),
    "tillage": Choice(
        "Tillage",
        {
            "conventional": "Chisel plough and cultivator (usual)",
            "reduced": "Cultivator before planting only",
            "none": "No tillage",
        },
        "Passes before each crop.",
    ),
    "residue": Number("Corn stover removed", 0, 90, 5, "%", 0, "Share of the stover that leaves the field."),
    "cover": Choice(
        "Cover crop",
        {"none": "None (usual)", "wheat": "Winter wheat, in place of rye"},
        "Sown on 6 October after an early harvest, killed 10 days before planting and left on the field; no tillage in "
        "fall. The engine has no rye: wheat grows less.",
    ),
    "drainage": Choice(
        "Drainage",
        {"usual": "Slow, with tiles (usual)", "poor": "Poor", "good": "Good"},
        "How fast water above field capacity leaves: 10, 5 or 40 % a day. In wetter soil more nitrogen is lost, but as "
        "N2: N2O need not rise.",
    ),
    "irrigation": Choice(
        "Irrigation",
        {"none": "None (usual)", "automatic": "Automatic"},
        "Sprinkled when half of what plants can take from 0-30 cm is gone.",
    ),
    "warmer": Number("Warmer", -3, 6, 0.5, "degC", 0, "Added to every day's temperature; planting follows warmth."),
    "rain": Number("Rain", 0.3, 2.0, 0.05, "times", 1, "Every day's rain is multiplied by it."),
    "co2": Number("Carbon dioxide", 300, 1000, 10, "ppm", None, "In the air; usual: as recorded year by year."),
    "year": Choice(
        "Years of weather",
        {"recorded": "As recorded (usual)", "dry": "The driest year again and again", "wet": "The wettest year"},
        "Driest and wettest May to August of 2000-2018 in the county.",
    ),
}
