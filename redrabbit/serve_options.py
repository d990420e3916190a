"""What `redrabbit serve` is told: by its settings file, and by the command line, which wins.

The database counts as one setting: an address on the command line puts aside what the file says.
"""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from redrabbit.base.database_address import database_url
from redrabbit.base.sentence import sentence
from redrabbit.base.settings import ServeSettings, WebLimits
from redrabbit.config.settings_file import SETTINGS, read_settings

KEYS: Final = tuple(SETTINGS.keys)
LIMITS: Final = tuple(each.name for each in fields(WebLimits))
_DATABASE: Final = ("database", "database_file")


class WrongOptions(Exception):
    """The options, together with the settings file, don't say how to serve; says what to do."""


def serve_settings(
    options: Mapping[str, Any], file: Path | None, environment: Mapping[str, str]
) -> ServeSettings:
    """Return how to serve; `options` are those of the command line by key, None where not given.

    Raises WrongOptions, WrongAddress, and ConfigurationProblems for the file.
    """
    given = {key: options[key] for key in KEYS if options[key] is not None}
    kept = dict(read_settings(file)) if file is not None else {}
    names = ("--database", "--database-file")
    if kept.keys() & _DATABASE and not given.keys() & _DATABASE:
        names = (f"`database` in {file}", f"`database_file` in {file}")
    elif given.keys() & _DATABASE:
        kept = {key: value for key, value in kept.items() if key not in _DATABASE}
    told: dict[str, Any] = kept | given
    _refuse_trust(told)
    told.pop("trust_network", None)
    if "config" not in told:
        raise WrongOptions(
            sentence(
                "found no folder with the plant's configuration; expected --config DIR, or `config` in the file "
                "of --settings"
            )
        )
    url = database_url(
        told.pop("database", None), told.pop("database_file", None), environment, names
    )
    settings = ServeSettings(
        config_dir=told.pop("config"),
        database_url=url,
        allowed_hosts=tuple(told.pop("allow_host", ())),
        behind_proxy=tuple(told.pop("behind_proxy", ())),
        key_file=told.pop("key", None),
        web_limits=_web_limits(told),
        plant_renamed=bool(options.get("plant_renamed")),
        **told,
    )
    _refuse_strange_network(settings)
    _refuse_half_a_certificate(settings)
    return settings


def _web_limits(told: dict[str, Any]) -> WebLimits:
    """Take the limits out of what was told."""
    given = {key: told.pop(key) for key in LIMITS if key in told}
    limits = WebLimits(**given)
    if limits.most_streams >= limits.most_connections:
        raise WrongOptions(
            sentence(
                "found {most_streams} streams of {most_connections} connections; expected fewer streams than "
                "connections, so that pages can be asked for when all streams are open",
                most_streams=limits.most_streams,
                most_connections=limits.most_connections,
            )
        )
    return limits


def _refuse_trust(told: Mapping[str, Any]) -> None:
    """Refuse what let everybody act in any name, before there were people (D47)."""
    if told.get("trust_network"):
        raise WrongOptions(
            sentence(
                "found --trust-network, which is no more: people sign in now; expected --own-certificate, --tls-cert "
                "with --tls-key, or --behind-proxy, and people (redrabbit people add); or --look-only for screens on "
                "walls"
            )
        )


def _refuse_strange_network(settings: ServeSettings) -> None:
    is_safe = settings.is_encrypted or settings.behind_proxy or settings.look_only
    if not (settings.listens_on_loopback or is_safe):
        raise WrongOptions(
            sentence(
                "found --host {host}, which other machines can reach, and whoever is on the way would read along; expected "
                "--own-certificate, --tls-cert with --tls-key, or --behind-proxy; or --look-only for screens on walls",
                host=settings.host,
            )
        )


def _refuse_half_a_certificate(settings: ServeSettings) -> None:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        one, other = ("--tls-cert", "--tls-key")[:: 1 if settings.tls_key is None else -1]
        raise WrongOptions(
            sentence("found {one} without {other}; expected both, or neither", one=one, other=other)
        )
    if settings.tls_cert is not None and settings.own_certificate:
        raise WrongOptions(
            sentence("found --tls-cert and --own-certificate; expected one of the two")
        )
