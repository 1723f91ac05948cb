"""Where a measurement was made: what the user says, else what the tables of known towers say."""

import math
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from agroflux import paths
from agroflux.errors import DataError


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site: id, name, state or country, position [degrees]. Empty text or None where not told."""

    site_id: str = ""
    name: str = ""
    state: str = ""
    lat: float | None = None
    lon: float | None = None

    def filled(self, site_id: str) -> "SiteFacts":
        """These facts for ``site_id``, completed from the tables of known towers.

        A site that is called otherwise than its file calls it (``site_id``) lies where it lay.
        Raises DataError where no position is known, or it lies outside the globe.
        """
        site = self.site_id or site_id
        known = _known().get(site) or _known().get(site_id) or SiteFacts()
        lat = self.lat if self.lat is not None else known.lat
        lon = self.lon if self.lon is not None else known.lon
        if lat is None or lon is None:
            raise DataError(
                f"the position of site {site[:60]} is not known: "
                "give its latitude and longitude, as 41.2 and -96.5 (--lat, --lon)"
            )
        if not (math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180):
            raise DataError(
                f"site {site[:60]} cannot lie at {lat:g}, {lon:g}: latitude -90 to 90, longitude -180 to 180"
            )
        country = _country(site) or _country(site_id)
        return SiteFacts(site, self.name or known.name or site, self.state or known.state or country, lat, lon)


def _country(site: str) -> str:
    """Country in the id that a network gave (BE-Lon), empty where there is none, or the state tells more (US)."""
    told = len(site) == 6 and site[2] == "-" and site[:2].isupper() and not site.startswith("US")
    return site[:2] if told else ""


@lru_cache(maxsize=1)
def _known() -> dict[str, SiteFacts]:
    found = {}
    for name in ("towers.csv", "sites.csv"):
        path = paths.ASSETS / "facts" / name
        try:
            table = pd.read_csv(path, dtype={"site_id": str, "name": str, "state": str})
        except (OSError, ValueError) as error:
            raise DataError(
                f"known sites cannot be read from {path} ({error}): restore it from the repository"
            ) from error
        for row in table.itertuples():
            found[str(row.site_id)] = SiteFacts(
                str(row.site_id), str(row.name), str(row.state), float(row.lat), float(row.lon)
            )
    return found
