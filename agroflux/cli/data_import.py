"""``agroflux data check`` and ``agroflux data import``: from a file as downloaded to a data set of your own."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agroflux.cli.lists import words
from agroflux.cli.output import JSON, print_json, print_rows, say, told, told_of
from agroflux.errors import SelectionError

if TYPE_CHECKING:
    from agroflux.data.formats import Options
    from agroflux.data.report import Report

FormatName = Annotated[
    str, typer.Argument(metavar="FORMAT", help="fluxnet, icos, ameriflux, saha-n2o, n2o, netcdf or agroflux.")
]
Source = Annotated[Path, typer.Argument(metavar="PATH", help="File, folder or zip as downloaded.")]
Threshold = Annotated[str, typer.Option(help="Friction velocity threshold of FLUXNET fluxes: VUT or CUT.")]
Partitioning = Annotated[str, typer.Option(help="Partitioning of FLUXNET fluxes: NT or DT.")]
_CHAMBERS = "N2O chambers"
Date = Annotated[str, typer.Option(help="Column of the day.", rich_help_panel=_CHAMBERS)]
Flux = Annotated[str, typer.Option(help="Column of the flux.", rich_help_panel=_CHAMBERS)]
Unit = Annotated[str, typer.Option(help="Unit of the flux, as 'g N ha-1 d-1'.", rich_help_panel=_CHAMBERS)]
Plot = Annotated[str, typer.Option(help="Column of the plot (replicate).", rich_help_panel=_CHAMBERS)]
Series = Annotated[
    list[str] | None,
    typer.Option(
        help="Column whose values become sites; several times: what they say together.", rich_help_panel=_CHAMBERS
    ),
]
DayFirst = Annotated[bool, typer.Option("--day-first", help="1/2/2010 is 1 February.", rich_help_panel=_CHAMBERS)]
_ABOUT = ("--title", "--licence", "--citation", "--management")
_SITE = ("--site", "--lat", "--lon", "--name", "--state", *_ABOUT)
_COLUMNS = ("--date", "--flux", "--unit", "--plot", "--series", "--day-first")
_FLUXNET = ("--threshold", "--partitioning")
#: What can be told of each format; --id, --replace and --json go with all.
TAKES: dict[str, tuple[str, ...]] = {
    "fluxnet": (*_SITE, *_FLUXNET),
    "icos": (*_SITE, *_FLUXNET),
    "ameriflux": _SITE,
    "saha-n2o": _SITE,
    "n2o": (*_SITE, *_COLUMNS),
    "netcdf": _ABOUT,
    "agroflux": ("--part", "--first-year"),
}


def check(
    context: typer.Context,
    path: Source,
    form: Annotated[str, typer.Option("--format", help="The format; left out, it is recognised.")] = "",
    threshold: Threshold = "VUT",
    partitioning: Partitioning = "NT",
    date: Date = "",
    flux: Flux = "",
    unit: Unit = "",
    plot: Plot = "",
    series: Series = None,
    day_first: DayFirst = False,
    as_json: bool = JSON,
) -> None:
    """What is wrong with a file, by row and column, and what it would give. Exit code 2 where it cannot be imported."""
    from agroflux.data import checking

    columns = (date, flux, unit, plot)
    _fits(form, told(context, *_FLUXNET, *_COLUMNS))
    done = checking.check(path, form, _options(threshold, partitioning, columns, tuple(series or ()), day_first))
    if as_json:
        facts = {"path": str(path), "format": done.format, "ok": done.ok}
        print_json(facts | told_of(done.report) | {"sites": done.sites()})
    else:
        say(done.report, err=False)
        for site in done.sites():
            title = f"{site['site']}, {site['first']} to {site['last']}, {site['days']:,} days"
            print_rows(site["variables"], as_json=False, title=title)
        verdict = f"can be used as {done.format}" if done.ok else "cannot be used as it is"
        typer.echo(f"{path.name} {verdict}.")
    if not done.ok:
        raise typer.Exit(2)


def import_(
    context: typer.Context,
    form: FormatName,
    path: Source,
    data_id: Annotated[str, typer.Option("--id", help="What the data set is to be called.")],
    site: Annotated[str, typer.Option(help="Site id, where the file's own is not to be used.")] = "",
    lat: Annotated[float | None, typer.Option(help="Latitude [degrees north]; known towers need none.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude [degrees east].")] = None,
    name: Annotated[str, typer.Option(help="Name of the site.")] = "",
    state: Annotated[str, typer.Option(help="State or country of the site.")] = "",
    title: Annotated[str, typer.Option(help="Title of the data set.")] = "",
    licence: Annotated[str, typer.Option(help="Licence, where it is not the network's.")] = "",
    citation: Annotated[str, typer.Option(help="How to cite the data.")] = "",
    threshold: Threshold = "VUT",
    partitioning: Partitioning = "NT",
    date: Date = "",
    flux: Flux = "",
    unit: Unit = "",
    plot: Plot = "",
    series: Series = None,
    day_first: DayFirst = False,
    management: Annotated[Path | None, typer.Option(help="Management table (CSV, xlsx) of the sites.")] = None,
    part: Annotated[str, typer.Option(help="Of the AgroFlux archive: ecosys, daycent, chambers or towers.")] = "",
    first_year: Annotated[int | None, typer.Option(min=1900, max=2199, help="First year of that part.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a data set of that id; its management table stays.")
    ] = False,
    as_json: bool = JSON,
) -> None:
    """Import a file, a folder, or a zip as downloaded, into your data folder."""
    from agroflux.data import importing, management_table
    from agroflux.data.known_sites import SiteFacts
    from agroflux.data.report import Report

    report = Report()
    columns = (date, flux, unit, plot)
    _fits(form, told(context, *_SITE, *_FLUXNET, *_COLUMNS, "--part", "--first-year"))
    if form == "agroflux":
        _archive(path, part, data_id, first_year, report, replace=replace, as_json=as_json)
        return
    importing.import_file(
        form,
        path,
        data_id,
        site=SiteFacts(site, name, state, lat, lon),
        options=_options(threshold, partitioning, columns, tuple(series or ()), day_first),
        about=importing.About(title, licence, citation),
        seasons=management_table.read(management, report) if management else (),
        replace=replace,
        report=report,
        history="agroflux " + shlex.join(sys.argv[1:]),
    )
    _done(data_id, report, as_json=as_json)


def fetch(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="agroflux: the published archive.")],
    out: Annotated[Path, typer.Option(help="Folder for the files; a download that stopped goes on.")],
    parts: Annotated[str, typer.Option(help="Parts, comma separated.")] = "ecosys,daycent,chambers,towers",
    revision: Annotated[str, typer.Option(help="Commit or tag; left out, the newest.")] = "",
    endpoint: Annotated[str, typer.Option(help="Another hub than the public one.")] = "",
) -> None:
    """Download the AgroFlux archive from the Hugging Face hub (needs internet); import its parts afterwards."""
    from agroflux.data import remote

    if what != "agroflux":
        raise SelectionError(f"nothing called {what!r} can be fetched: choose agroflux")
    names = words(parts)
    folder = remote.fetch_agroflux(out, names, endpoint=endpoint or None, revision=revision or None)
    typer.echo(f"{folder}: now run `agroflux data import agroflux {folder} --part {names[0]} --id agroflux-{names[0]}`")


def _archive(
    path: Path, part: str, data_id: str, first_year: int | None, report: "Report", *, replace: bool, as_json: bool
) -> None:
    from agroflux.cli.progress import bar
    from agroflux.data import agroflux_import

    with bar("Counties", show=not as_json) as progress:
        agroflux_import.import_part(
            path, part, data_id, first_year=first_year, replace=replace, report=report, progress=progress
        )
    _done(data_id, report, as_json=as_json)


def _done(data_id: str, report: "Report", *, as_json: bool) -> None:
    """Tell of a data set that was imported, and of what was found on the way."""
    from agroflux.data import catalog

    facts = catalog.describe(catalog.get(data_id))
    if as_json:
        print_json(facts | told_of(report))
        return
    say(report, err=True)
    typer.echo(f"{data_id}: {facts['n_sites']} site(s), {facts['start']} to {facts['end']}, {facts['path']}")


def _fits(form: str, said: Mapping[str, bool]) -> None:
    """SelectionError for an option that ``form`` does not take: what was said in vain would be missed later.

    A format that is not named, or not known, is left to what reads it.
    """
    vain = [name for name, given in said.items() if given and name not in TAKES.get(form, said)]
    if vain:
        raise SelectionError(f"{', '.join(vain)} cannot be told of {form}: leave it out")


def _options(
    threshold: str, partitioning: str, columns: tuple[str, str, str, str], series: tuple[str, ...], day_first: bool
) -> "Options":
    from agroflux.data.fluxnet import Choice
    from agroflux.data.formats import Options
    from agroflux.data.n2o_chambers import Columns

    if threshold not in ("VUT", "CUT"):
        raise SelectionError(f"--threshold {threshold!r} is not one of VUT, CUT")
    if partitioning not in ("NT", "DT"):
        raise SelectionError(f"--partitioning {partitioning!r} is not one of NT, DT")
    mapped = any(columns) or bool(series)
    if (mapped or day_first) and not all(columns[:3]):
        raise SelectionError(
            "--date, --flux and --unit go together, --plot, --series and --day-first with them: "
            "name all three, or none to have them guessed"
        )
    own = Columns(*columns, series, day_first) if mapped else None
    return Options(Choice(threshold, partitioning), columns=own)  # type: ignore[arg-type]
