"""A package of the npm registry as published, or as it lies there already (``--tgz``), checked by its digest."""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path


def package(name: str, sha256: str, about: str | None, folder: Path) -> Path:
    """The archive of ``name`` (as ``leaflet@1.9.3``), fetched into ``folder`` unless the command line names one.

    ``about`` is what ``--help`` says. Exits with a sentence where the archive is not the expected one.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--tgz", type=Path, help="the npm package, if it is already there")
    archive = parser.parse_args().tgz or _fetched(name, folder)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != sha256:
        sys.exit(f"{archive} is not {name} as published (sha256 {digest}): fetch it again")
    return archive


def _fetched(name: str, folder: Path) -> Path:
    subprocess.run(["npm", "pack", name, "--pack-destination", str(folder)], check=True, capture_output=True)
    return next(folder.glob("*.tgz"))
