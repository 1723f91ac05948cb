"""Put Leaflet under ``static/vendor/`` so that maps need no network: ``python assets/build/vendor.py``.

Fetches the npm package with ``npm pack``, or reads one already there (``--tgz leaflet-1.9.3.tgz``), checks its
digest, and keeps the minified script, the style sheet, its pictures and the licence.
"""

import sys
import tarfile
import tempfile
from pathlib import Path

import npm

PACKAGE = "leaflet@1.9.3"
SHA256 = "10d016716b56048661eaf9cde004dc82e80bd3613b52c4f53cf5aec73088006c"
KEEP = {
    "package/LICENSE": "LICENSE",
    "package/dist/leaflet.js": "leaflet.js",
    "package/dist/leaflet.css": "leaflet.css",
    "package/dist/images/layers.png": "images/layers.png",
    "package/dist/images/layers-2x.png": "images/layers-2x.png",
    "package/dist/images/marker-icon.png": "images/marker-icon.png",
    "package/dist/images/marker-icon-2x.png": "images/marker-icon-2x.png",
    "package/dist/images/marker-shadow.png": "images/marker-shadow.png",
}
TARGET = Path(__file__).resolve().parents[2] / "static" / "vendor" / PACKAGE.replace("@", "-")


def main() -> None:
    """Unpack the kept files; exit with a sentence where the package is not the expected one."""
    with tempfile.TemporaryDirectory() as folder:
        archive = npm.package(PACKAGE, SHA256, __doc__, Path(folder))
        with tarfile.open(archive) as package:
            for member, name in KEEP.items():
                held = package.extractfile(member)
                if held is None:
                    sys.exit(f"{archive} holds no {member}: is it {PACKAGE}?")
                path = TARGET / name
                path.parent.mkdir(parents=True, exist_ok=True)
                # The minified script points at a map that is not shipped; browsers would look for it in vain.
                path.write_bytes(held.read().replace(b"//# sourceMappingURL=leaflet.js.map", b""))


if __name__ == "__main__":
    main()
