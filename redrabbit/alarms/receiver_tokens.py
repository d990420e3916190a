"""The tokens that webhooks ask for: read once, at the start, from where the plant file says.

A token is in no configuration, ledger, log, message or page (D24): it lies in a file that only its
owner can read, outside of the configuration's folder, or in an environment variable.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from redrabbit.base.private_files import ReadableByOthers, refuse_readable_by_others
from redrabbit.domain.plant import NotificationTarget

MOST_CHARACTERS: Final = 4096
"""Longer than any token that a header takes."""
_TOKEN: Final = re.compile(r"[!-~]+")
"""What a header can carry; an error about another character would quote the token."""


class TokenUnusable(Exception):
    """A receiver's token can't be had: where it was looked for, what was found, what to do."""


def read_tokens(
    targets: Iterable[NotificationTarget], config_dir: Path, environment: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the tokens by receiver's name; TokenUnusable names all that can't be had."""
    tokens: dict[str, str] = {}
    problems: list[str] = []
    for target in targets:
        try:
            if target.token_file is not None:
                tokens[target.name] = _of_file(Path(target.token_file), config_dir)
            elif target.token_env is not None:
                tokens[target.name] = _of_variable(target.token_env, environment)
        except TokenUnusable as unusable:
            problems.append(f"receiver {target.name}: {unusable}")
    if problems:
        raise TokenUnusable("; ".join(problems))
    return tokens


def _of_file(path: Path, config_dir: Path) -> str:
    if path.resolve().is_relative_to(config_dir.resolve()):
        raise TokenUnusable(f"{path} lies in the configuration's folder; move it out")
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise TokenUnusable(f"{path} is no file")
        refuse_readable_by_others(path, "a token")
        with path.open("rb") as file:
            content = file.read(MOST_CHARACTERS + 2)  # two more: its line end
    except ReadableByOthers as error:
        raise TokenUnusable(str(error)) from error
    except OSError as error:
        raise TokenUnusable(f"{path}: {error.strerror}") from error
    return _usable(content.decode("ascii", errors="replace").rstrip("\r\n"), str(path))


def _of_variable(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise TokenUnusable(f"the environment has no variable {name}")
    return _usable(environment[name], f"the variable {name}")


def _usable(token: str, where: str) -> str:
    """Return the token; what is wrong with it is said without showing it."""
    if not _TOKEN.fullmatch(token) or len(token) > MOST_CHARACTERS:
        raise TokenUnusable(
            f"{where} does not hold one token; expected one line of at most {MOST_CHARACTERS} "
            "visible ASCII characters without blanks"
        )
    return token
