"""``agroflux app``: open AgroFlux Explorer in the browser."""

import os
import subprocess
import sys

import typer

from agroflux.errors import AgroFluxError
from agroflux.paths import ROOT, user_data


def command(
    port: int = typer.Option(8501, min=1, max=65535, help="Port to serve on."),
    address: str = typer.Option("localhost", help="Address to serve on; 0.0.0.0 opens the app to the network."),
    browser: bool = typer.Option(True, "--browser/--no-browser", help="Open a browser window."),
) -> None:
    """Open AgroFlux Explorer in the browser; stop it with Ctrl-C."""
    page = ROOT / "app.py"
    if not page.is_file():
        raise AgroFluxError(f"{page} is missing: run this from a checkout of the project (pip install -e .)")
    arguments = [
        sys.executable,
        *("-m", "streamlit", "run", str(page)),
        *("--server.port", str(port)),
        *("--server.address", address),
        *("--server.headless", str(not browser).lower()),
    ]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "AGROFLUX_DATA": str(user_data())}
    # The app reads its configuration from the folder it is started in; the user's data stay where they are.
    code = subprocess.run(arguments, cwd=ROOT, env=environment, check=False).returncode
    if code not in (0, 130, -2):
        raise AgroFluxError(f"the app stopped with code {code}: is port {port} in use? Try --port {port + 1}")
