"""The settings of a service in one YAML file, `redrabbit serve --settings FILE`.

Every option of `serve` has its key here, and nothing secret has: an address with a password in it
is a problem. The plant itself stands in its own folder, which `config` names. Relative paths count
from where the service is started, as on the command line.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import KB, read_at_most
from redrabbit.base.database_address import VARIABLE, has_password
from redrabbit.base.sentence import sentence, system_words
from redrabbit.base.settings import LARGEST_LIMIT, network_of
from redrabbit.config.file_schema import (
    Flag,
    Key,
    ListOf,
    Schema,
    Section,
    Shape,
    Spelled,
    Whole,
    Words,
)
from redrabbit.config.located_yaml import Node, parse
from redrabbit.config.outside_text import refuse_unreadable
from redrabbit.config.problem import ConfigurationProblems, Problems, SourcePosition
from redrabbit.config.spellings import LAST_PORT


class AddressWithoutPassword(Shape[str]):
    """A database's URL; what is refused is not repeated, because it has a password in it."""

    expected = "a URL without a password"
    _words = Words("a URL such as sqlite:///plant.sqlite3")

    def read(self, node: Node, problems: Problems) -> str | None:
        """Return the URL, or note that there is a password in it."""
        url = self._words.read(node, problems)
        if url is None or not has_password(url):
            return url
        hint = sentence(
            "name a file (chmod 600) with `database_file`, or set {variable}", variable=VARIABLE
        )
        problems.add(node.place, "found a password", self.expected, hint)
        return None

    def schema(self) -> Schema:
        """Return that of any text."""
        return self._words.schema()


FILE: Final = Spelled(Path, "a path")
LIMIT: Final = Whole(1, LARGEST_LIMIT)

SETTINGS: Final = Section(
    {
        "config": Key(FILE, "The folder of the plant's configuration.", required=False),
        "database": Key(AddressWithoutPassword(), "The database's URL.", required=False),
        "database_file": Key(FILE, "A file (0600) with the database's URL.", required=False),
        "host": Key(Words("an address"), "Where to listen.", required=False),
        "port": Key(Whole(0, LAST_PORT), "The port; 0 takes a free one.", required=False),
        "trust_network": Key(
            Flag(), "Refused: people sign in now; see own_certificate, look_only.", required=False
        ),
        "look_only": Key(
            Flag(), "Serve boards and health beyond loopback, and nothing else.", required=False
        ),
        "allow_host": Key(
            ListOf(Words("a host name")),
            "Other names under which tablets ask for the pages.",
            required=False,
        ),
        "behind_proxy": Key(
            ListOf(Spelled(network_of, "an address or network such as 192.0.2.7 or 192.0.2.0/28")),
            "The proxies that bring requests, and whose forwarded headers are believed.",
            required=False,
        ),
        "tls_cert": Key(FILE, "The certificate of the pages, PEM.", required=False),
        "tls_key": Key(FILE, "Its key, PEM (0600).", required=False),
        "own_certificate": Key(
            Flag(),
            "The service makes its certificate itself (`redrabbit certificate`).",
            required=False,
        ),
        "metrics": Key(Flag(), "Serve /metrics; true if left out.", required=False),
        "key": Key(FILE, "The file of the ledger's signing key.", required=False),
        "most_connections": Key(LIMIT, "Connections that are open at once.", required=False),
        "most_connections_per_client": Key(LIMIT, "Of one address.", required=False),
        "most_streams": Key(LIMIT, "Live pages and followers of the ledger.", required=False),
        "most_streams_per_client": Key(LIMIT, "Of one address.", required=False),
        "header_deadline_s": Key(LIMIT, "Until a request's header is here.", required=False),
        "body_deadline_s": Key(LIMIT, "Until its body is here.", required=False),
        "plain_logs": Key(Flag(), "Log lines for people instead of JSON.", required=False),
    },
    "a mapping of settings",
    "How one service is served.",
)


def read_settings(path: Path) -> Mapping[str, object]:
    """Return the settings that the file has, by key; raise ConfigurationProblems with all problems."""
    problems = Problems()
    text = _text(path, problems)
    root = None if text is None else parse(text, str(path), problems)
    if root is not None:
        refuse_unreadable(root, problems)
    block = None if root is None else SETTINGS.read(root, problems)
    if block is None or problems.found:
        raise ConfigurationProblems(problems.found)
    found = {key: block[key] for key in SETTINGS.keys if key in block}
    for name in ("allow_host", "behind_proxy"):
        if name in found:
            found[name] = [each.value for each in found[name]]
    return found


def _text(path: Path, problems: Problems) -> str | None:
    try:
        return read_at_most(path, 100 * KB, "a file of settings").decode("utf-8-sig")
    except OSError as error:
        problems.add(
            SourcePosition(str(path)),
            sentence("unreadable ({problem})", problem=system_words(error)),
            "a file of settings",
        )
    except UnicodeDecodeError:
        problems.add(SourcePosition(str(path)), "bytes that are no text", "text in UTF-8")
    return None
