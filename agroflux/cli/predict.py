"""``agroflux predict``: run a trained model and write NetCDF or Zarr, with units, whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import xarray as xr

ENDINGS = (".nc", ".zarr", ".zarr.zip")


def command(
    out: Annotated[Path, typer.Option(help="File to write: .nc, .zarr or .zarr.zip.")],
    model: Annotated[str, typer.Option(help="Model id or path of a checkpoint.")] = "lstm-cornbelt-century",
    data: Annotated[str, typer.Option(help="Data set id, or path of a .zarr or .zarr.zip.")] = "cornbelt-century",
    sites: Annotated[str, typer.Option(help="Site ids with commas between; default: all.")] = "",
    years: Annotated[str, typer.Option(help="Years, as 2015 or 2015-2018 or 2015,2017; default: all.")] = "",
    n_rate: Annotated[float | None, typer.Option(help="N rate to corn [kg N ha-1]; default: all.")] = None,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16", help="Faster and less exact, on a processor with bfloat16 instructions.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON only.")] = False,
) -> None:
    """Predict all targets in physical units and write them to a file."""
    from agroflux.cli.lists import words, year_list
    from agroflux.cli.output import check_file, print_rows
    from agroflux.cli.progress import bar
    from agroflux.inference import predict, region

    check_file(out, "--out", ENDINGS, force=force)
    chosen, wanted, checkpoint = list(words(sites)) or None, year_list(years), predict.load(model)
    if bfloat16:
        from agroflux.baselines.precision import hastened

        checkpoint = hastened(checkpoint)
    with bar("Predicting", show=not as_json) as progress:
        result = region.run_region(checkpoint, data, chosen, wanted, n_rate, progress)
    result.attrs["precision"] = "bfloat16, head in float32" if bfloat16 else "float32"
    write(result, out)
    summary = {
        "path": str(out),
        "model": result.attrs["model"],
        "data": data,
        "n_sites": result.sizes["site"],
        "n_scenarios": result.sizes["scenario"],
        "start": str(result["time"].values[0])[:10],
        "end": str(result["time"].values[-1])[:10],
        "variables": [str(name) for name in result.data_vars],
        "warmup": result.attrs["warmup"],
        "precision": result.attrs["precision"],
    }
    print_rows([summary], as_json=as_json, columns=("path", "model", "n_sites", "n_scenarios", "start", "end"))


def write(ds: "xr.Dataset", out: Path) -> None:
    """Write ``ds`` as what the name ends in, whole or not at all; DataError where it cannot be written."""
    if not out.name.endswith(".nc"):
        from agroflux.data import store

        store.write_store(ds, out)  # what is there stays until the new one is whole
        return
    from agroflux.cli.output import write_bytes

    plain = ds.assign_attrs({k: int(v) if isinstance(v, bool) else v for k, v in ds.attrs.items()})
    compressed = {name: {"zlib": True, "complevel": 1} for name in ds.data_vars}
    # In memory first: HDF5 crashes where a disk fills up under it.
    write_bytes(plain.to_netcdf(engine="h5netcdf", encoding=compressed), out)
