"""Where secrets lie: a file that only its owner can read, outside of the configuration's folder, or an environment variable (D24).

What is wrong with one is said without showing it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from redrabbit.base.private_files import ReadableByOthers, refuse_readable_by_others
from redrabbit.base.sentence import sentence, system_words, words_of

MOST_CHARACTERS: Final = 4096
"""Longer than any token that a header takes."""


class SecretUnusable(Exception):
    """What is needed can't be had: where it was looked for, what was found, what to do."""


class SecretPlaces:
    """Reads secrets where a configuration says that they lie: in `file`, or else in the variable `env`."""

    def __init__(self, config_dir: Path, environment: Mapping[str, str]) -> None:
        self._config_dir = config_dir.resolve()
        self._environment = environment

    def read(self, file: str | None, env: str | None) -> tuple[str, str]:
        """Return what stands there without its line's end, and how the place is called; SecretUnusable."""
        if file is not None:
            return self._of_file(Path(file)), file
        assert env is not None  # noqa: S101  because the plant file was checked
        if env not in self._environment:
            raise SecretUnusable(sentence("the environment has no variable {env}", env=env))
        return self._environment[env], f"the variable {env}"

    def _of_file(self, path: Path) -> str:
        if path.resolve().is_relative_to(self._config_dir):
            raise SecretUnusable(
                sentence("{path} lies in the configuration's folder; move it out", path=path)
            )
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                raise SecretUnusable(sentence("{path} is no file", path=path))
            refuse_readable_by_others(path, "a secret")
            with path.open("rb") as file:
                content = file.read(MOST_CHARACTERS + 2)  # two more: its line end
        except ReadableByOthers as error:
            raise SecretUnusable(words_of(error)) from error
        except OSError as error:
            raise SecretUnusable(
                sentence("{path}: {problem}", path=path, problem=system_words(error))
            ) from error
        return content.decode("ascii", errors="replace").rstrip("\r\n")


def usable(text: str, where: str, form: re.Pattern[str], what: str, more: str) -> str:
    """Return the text where it has the form; SecretUnusable says what is wrong with it without showing it."""
    if not form.fullmatch(text) or len(text) > MOST_CHARACTERS:
        raise SecretUnusable(
            sentence(
                "{where} does not hold one {what}; expected one line of at most {limit} visible ASCII "
                "characters{more}",
                where=where,
                what=what,
                limit=MOST_CHARACTERS,
                more=more,
            )
        )
    return text
