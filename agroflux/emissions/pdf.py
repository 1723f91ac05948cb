"""A report as PDF, printed by a Chrome or Chromium that is already installed."""

import subprocess
import tempfile
from pathlib import Path

from agroflux.errors import AgroFluxError

_SECONDS = 120


def browser() -> str | None:
    """Path of a Chrome or Chromium, or None."""
    from choreographer.browsers.chromium import Chromium

    found = Chromium.find_browser(skip_local=False)
    return str(found) if found else None


def to_pdf(html: str) -> bytes:
    """``html`` printed to PDF, without a header or footer of the browser; AgroFluxError where no browser prints it."""
    path = browser()
    if path is None:
        raise AgroFluxError("no Chrome or Chromium found to print a PDF: write .html and print it from a browser")
    with tempfile.TemporaryDirectory(prefix="agroflux-report-") as folder:
        page, out = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(html, encoding="utf-8")
        command = [path, "--headless", "--disable-gpu", "--no-sandbox", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={out}", page.as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)
            return out.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise AgroFluxError(
                f"{Path(path).name} could not print the PDF ({type(error).__name__}): write .html and print it"
            ) from None
