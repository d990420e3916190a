"""Where a command finds its database: named on the command line, in a file, or in the environment.

Rules (D24): exactly one of the three; a password never stands on the command line, which every
user of the machine can read in the process list; a file with an address is its owner's only. No
message repeats an address, because a mistyped one may have its password anywhere.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from redrabbit.base.bounded import KB, read_at_most
from redrabbit.base.private_files import ReadableByOthers, refuse_readable_by_others
from redrabbit.base.sentence import sentence, system_words, words_of

VARIABLE: Final = "REDRABBIT_DATABASE"

_PASSWORD = re.compile(r"[^/@:]*:[^@]+@")
"""`user:password@` after the scheme; the same that SQLAlchemy understands."""
_SECRET = re.compile(r"passw|secret|token", re.IGNORECASE)
"""Parameters of an address that are passwords: `password`, `sslpassword`."""


class WrongAddress(Exception):
    """No database is named, or more than one, or not as it should be; says what to do."""


def database_url(
    url: str | None,
    file: Path | None,
    environment: Mapping[str, str],
    names: tuple[str, str] = ("--database", "--database-file"),
) -> str:
    """Return the address of the database; `names` are what URL and file were asked for as.

    Raises WrongAddress.
    """
    option, file_option = names
    told = {option: url, file_option: file, VARIABLE: environment.get(VARIABLE) or None}
    given = [name for name, value in told.items() if value is not None]
    if len(given) != 1:
        found = (
            sentence("found {given}", given=" and ".join(given))
            if given
            else sentence("found no database")
        )
        raise WrongAddress(
            sentence(
                "{found}; expected exactly one of {option}, {file_option} and the environment variable {variable}",
                found=found,
                option=option,
                file_option=file_option,
                variable=VARIABLE,
            )
        )
    if url is not None:
        _refuse_password(url, option, file_option)
        return url
    return _of_file(file) if file is not None else environment[VARIABLE]


def has_password(url: str) -> bool:
    """Tell whether there is a password in an address, where SQLAlchemy and libpq look for one."""
    after_scheme = url.partition("://")[2]
    named = [name for name, _ in parse_qsl(after_scheme.partition("?")[2], keep_blank_values=True)]
    return bool(_PASSWORD.match(after_scheme)) or any(_SECRET.search(name) for name in named)


def _refuse_password(url: str, option: str, file_option: str) -> None:
    if has_password(url):
        raise WrongAddress(
            sentence(
                "found a password in {option}, where everybody on this machine can read it; expected an address "
                "without one. Put the whole address into the environment variable {variable}, or into a file for "
                "{file_option} (chmod 600); or leave the password out, and let PGPASSFILE name a file of "
                "passwords for PostgreSQL",
                option=option,
                variable=VARIABLE,
                file_option=file_option,
            )
        )


def _of_file(path: Path) -> str:
    try:
        refuse_readable_by_others(path, "a database's address")
        lines = read_at_most(path, 16 * KB, "one URL").decode("utf-8").split()
    except ReadableByOthers as error:
        raise WrongAddress(words_of(error)) from error
    except UnicodeDecodeError:
        raise WrongAddress(
            sentence("{path}: found bytes that are no text; expected a URL", path=path)
        ) from None
    except OSError as error:
        raise WrongAddress(
            sentence(
                "{path}: {problem}; expected a file with a URL",
                path=path,
                problem=system_words(error),
            )
        ) from error
    if len(lines) != 1:
        raise WrongAddress(
            sentence(
                "{path}: found {n} words; expected one URL and nothing else",
                path=path,
                n=len(lines),
            )
        )
    return lines[0]
