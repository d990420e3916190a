"""Where the secret of an installation lies: beside the ledger's key, `….pepper` (decision 0039)."""

from pathlib import Path

from redrabbit.base.local_secret import DamagedSecret, LocalSecret, local_secret
from redrabbit.base.private_files import ReadableByOthers
from redrabbit.services.errors import StoreTrouble
from redrabbit.store.database_files import companion
from redrabbit.store.engine import parsed_url, sqlite_path


def installation_secret(url: str, key_path: Path | None) -> LocalSecret:
    """Return the secret of the installation with this database; made at the first asking.

    Raises StoreTrouble where it can't be had, or others can read it.
    """
    path = sqlite_path(parsed_url(url))
    beside = key_path or (path and companion(path, ".key"))
    if beside is None:
        raise StoreTrouble("PostgreSQL needs a path for the log's signing key (key_path)")
    secret_path = beside.with_suffix(".pepper")
    try:
        return local_secret(secret_path)
    except (ReadableByOthers, DamagedSecret) as error:
        raise StoreTrouble(str(error)) from error
    except OSError as error:
        raise StoreTrouble(f"reading the secret {secret_path}: {error}") from error
