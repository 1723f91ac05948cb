"""The ``agroflux`` command: one module a command, errors in one line, JSON on request."""

import errno
import importlib
import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError  # Typer itself exports none of them
from typer.core import TyperGroup

from agroflux import __version__, paths
from agroflux.errors import AgroFluxError

#: command -> (module, help). The module holds ``command`` (a function) or ``app`` (a Typer of subcommands).
#: Loaded when called, so that ``agroflux --help`` imports neither torch nor xarray.
COMMANDS: dict[str, tuple[str, str]] = {
    "data": ("agroflux.cli.data", "List, show, check, import and remove data sets."),
    "simulate": ("agroflux.cli.simulate", "Run the DSSAT process model over counties and nitrogen rates."),
    "whatif": ("agroflux.cli.whatif", "Simulate counties under other practices or weather."),
    "train": ("agroflux.cli.train", "Train a baseline on a data set."),
    "finetune": ("agroflux.cli.finetune", "Adapt a trained model to measured site-years."),
    "transfer": ("agroflux.cli.transfer", "Compare transfer recipes with training from scratch."),
    "gains": ("agroflux.cli.gains", "Count what gains by transfer, what loses, what is open."),
    "evaluate": ("agroflux.cli.evaluate", "Score a trained model under a named protocol."),
    "leaderboard": ("agroflux.cli.leaderboard", "Rank every evaluated model; check the figures."),
    "search": ("agroflux.cli.search", "Search each network's settings on validation years."),
    "study": ("agroflux.cli.study", "Train and score every model of the study, resumable."),
    "predict": ("agroflux.cli.predict", "Run a trained model and write NetCDF or Zarr."),
    "emissions": ("agroflux.cli.emissions", "County and state totals of N2O and CO2."),
    "app": ("agroflux.cli.app", "Open AgroFlux Explorer in the browser."),
}


class _Lazy(TyperGroup):
    """A group that imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module_name, text = COMMANDS[cmd_name]
        module = importlib.import_module(module_name)
        sub = getattr(module, "app", None)
        if sub is None:
            sub = typer.Typer(add_completion=False, help=text, pretty_exceptions_enable=False, rich_markup_mode=None)
            sub.command(name=cmd_name, help=text)(module.command)
        command = typer.main.get_command(sub)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


#: What the file system says no with to a user, not to the program: rights, space, names.
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG, errno.ELOOP)

_STOPPED = 130  # what shells tell of a program that an interrupt ended

cli = typer.Typer(
    cls=_Lazy, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)


def _version(show: bool) -> None:
    if show:
        typer.echo(__version__)
        raise typer.Exit()


@cli.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """AgroFlux Explorer: farm greenhouse-gas fluxes, simulated, measured and predicted."""


def main(argv: list[str] | None = None) -> None:
    """Entry point: a user's error is one line on stderr and exit code 2, never a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a sign that the terminal does not know is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    try:
        _check_checkout(sys.argv[1:] if argv is None else argv)
        code = cli(args=argv, prog_name="agroflux", standalone_mode=False) or 0
        said = "stopped" if code == _STOPPED else ""  # Typer makes this of Ctrl-C, and says nothing
    except NoArgsIsHelpError as asked:
        asked.show()
        code, said = asked.exit_code, ""
    except ClickException as error:
        code, said = error.exit_code, _usage(error)
    except typer.Abort:  # the answer to a question did not come
        code, said = 1, "stopped"
    except AgroFluxError as error:
        code, said = 2, str(error)
    except Exception as fault:
        if os.environ.get("AGROFLUX_DEBUG"):
            raise
        code, said = _fault(fault)
    if said:
        typer.echo(f"agroflux: {' '.join(said.split())}", err=True)
    sys.exit(code)


def _check_checkout(words: Sequence[str]) -> None:
    """Raise AgroFluxError where the package was installed without what it reads; help and version need nothing."""
    if words and not {"--help", "--version"} & set(words) and not paths.ASSETS.is_dir():
        raise AgroFluxError(f"{paths.ASSETS} is missing: run this from a checkout of the project (pip install -e .)")


def _usage(error: ClickException) -> str:
    """What is wrong with the words of a command, and whose help tells the right ones."""
    said = error.format_message().rstrip(".")
    known = error.ctx if isinstance(error, UsageError) else None
    return f"{said} (see {known.command_path} --help)" if known else said


def _fault(fault: Exception) -> tuple[int, str]:
    """Exit code and words for an error that no command foresaw."""
    if isinstance(fault, OSError) and fault.errno in _REFUSED:
        where = f"{fault.filename}: " if fault.filename else ""
        return 2, f"{where}{fault.strerror}: check rights, space and name, or use another place"
    return 1, f"a fault of the program ({type(fault).__name__}: {fault}): AGROFLUX_DEBUG=1 shows where"
