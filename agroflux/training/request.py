"""What one adaptation is asked for, as plain values that a command, a page and a job folder share."""

import dataclasses
import shlex
from dataclasses import dataclass
from typing import Any

from agroflux.data.joined import without_folders
from agroflux.errors import ModelError, SelectionError
from agroflux.training.site_years import parse


@dataclass(frozen=True)
class Request:
    """One adaptation. Site-years are text, ``US-Tw3:2014,US-Tw3:2015``; empty: chosen as :func:`folds.chosen` does.

    Attributes:
        data: id or path of a data set of observations.
        targets: what to adapt, as ``NEE`` and ``GPP``.
        train, validate, test: site-years of each use.
        model: id of the source model, or the path of its weights.
        recipe: a key of :data:`agroflux.training.transfer.RECIPES`.
        source: simulations for recipes that train on them too, several with ``+`` between; empty: those that the
            model was trained on.
        epochs, seconds, every: the budget (:class:`agroflux.training.adaptation.Budget`).
    """

    data: str
    targets: tuple[str, ...]
    train: str
    model: str
    recipe: str = "finetune"
    validate: str = ""
    test: str = ""
    source: str = ""
    seed: int = 0
    epochs: int = 120
    seconds: float | None = None
    every: int = 4

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionary for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> "Request":
        """The request that :meth:`as_dict` gave; ModelError for anything else."""
        known = {field.name for field in dataclasses.fields(cls)}
        try:
            said: dict[str, Any] = {k: v for k, v in dict(raw).items() if k in known}
            return cls(**(said | {"targets": tuple(said["targets"])}))
        except (KeyError, TypeError, ValueError) as error:  # any JSON may stand there
            raise ModelError(f"this is no request for an adaptation ({error}): start a new one") from None

    def check(self) -> None:
        """Refuse what can be seen to be wrong without opening data or model (SelectionError)."""
        if not self.targets:
            raise SelectionError("no target is chosen: name what to adapt, as in NEE,GPP")
        for text in (self.train, *filter(None, (self.validate, self.test))):
            parse(text)
        if self.epochs < 1 or self.every < 1 or (self.seconds is not None and not self.seconds > 0):
            raise SelectionError("epochs and seconds must be positive")


def command(request: Request, model: str, data: str) -> str:
    """The command that a card gives, without the folders of the machine it ran on.

    ``request`` spells out the site-years of each use; ``model`` and ``data`` are ids.
    """
    parts = ["agroflux", "finetune", "--model", model, "--data", data, "--target", ",".join(request.targets)]
    parts += ["--recipe", request.recipe, "--site-years", request.train]
    parts += ["--validate", request.validate, "--test", request.test]
    parts += ["--source", without_folders(request.source)] if request.source else []
    parts += ["--seed", str(request.seed), "--epochs", str(request.epochs)]
    parts += ["--every", str(request.every)] if request.every != Request.every else []
    return shlex.join(parts + ([] if request.seconds is None else ["--seconds", f"{request.seconds:g}"]))
