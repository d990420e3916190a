"""Where a secret is found that a configuration only names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPlace:
    """Where a secret is found; a configuration never holds one (D24). One of the two."""

    file: str | None = None
    """A file that only its owner can read, outside of the configuration's folder."""
    env: str | None = None
    """An environment variable."""
