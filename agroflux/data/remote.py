"""Downloads: the AgroFlux archive from the Hugging Face hub, resumed where it stopped, checked by the hub's client."""

from pathlib import Path

from agroflux.errors import DataError

REPOSITORY = "qic69/AgroFlux"
#: Part of the archive -> patterns of its files; the scalers come with each. Targets are taken once (Combined).
FILES: dict[str, tuple[str, ...]] = {
    "ecosys": ("*X_mw_scaled.npy", "*Y_mw_scaled_Combined.npy"),
    "daycent": ("*X_dc_scaled.npy", "*Y_dc_scaled_Combined.npy"),
    "chambers": ("*t1_n2o/*_real_scaled_*.npy",),
    "towers": ("*t1_co2/*_real_scaled_ECfluxnet_*.npy",),
}
_SCALERS = ("*X_scaler.npy", "*Y_scaler_Combined.npy")


def fetch_agroflux(
    folder: str | Path,
    parts: tuple[str, ...] = tuple(FILES),
    *,
    endpoint: str | None = None,
    revision: str | None = None,
) -> Path:
    """Download ``parts`` of the archive into ``folder``; files that are there and whole are left alone.

    ``endpoint``: another hub (None: the public one, or ``HF_ENDPOINT``). ``revision``: a commit or tag (None: newest).
    No account is used. Returns ``folder``. DataError for an unknown part, no connection, or no space.
    """
    unknown = [p for p in parts if p not in FILES]
    if unknown or not parts:
        raise DataError(f"no part {', '.join(unknown) or 'named'}: choose of {', '.join(FILES)}")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    target = Path(folder)
    patterns = [*_SCALERS, *(pattern for part in parts for pattern in FILES[part])]
    try:
        target.mkdir(parents=True, exist_ok=True)
        snapshot_download(
            REPOSITORY,
            repo_type="dataset",
            revision=revision,
            local_dir=target,
            allow_patterns=patterns,
            endpoint=endpoint,
            token=False,
            max_workers=2,
        )
    except HfHubHTTPError as error:
        raise DataError(
            f"the hub refuses {REPOSITORY} ({_brief(error)}): check the revision, or try again later"
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{REPOSITORY} cannot be fetched ({_brief(error)}): check the connection and space; the same call goes on"
        ) from error
    except Exception as error:  # the hub's HTTP client raises its own kinds where there is no connection
        raise DataError(f"{REPOSITORY} cannot be fetched ({_brief(error)}): check the connection") from error
    if not any(target.rglob("*_scaled*.npy")):
        raise DataError(f"{REPOSITORY} holds no file of {', '.join(parts)} at this revision: name another one")
    return target


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
