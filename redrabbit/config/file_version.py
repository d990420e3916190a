"""The version of a configuration file's form: 1, and 1 where the file doesn't say (D65).

A file of a newer form is one problem, not one for each of its words that this version can't know.
"""

from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import Key, Whole
from redrabbit.config.located_yaml import Mapping, Node, Scalar
from redrabbit.config.problem import Problems

READ: Final = 1
"""The version that this program reads and writes."""


class _Number(Whole):
    """One number only."""

    @property
    def expected(self) -> str:  # type: ignore[override]  # because a read-only property serves all readers of the attribute
        """The number, without quotes."""
        return f"the number {self.low}"


VERSION: Final = Key(
    _Number(READ, READ),
    f"The version of this file's form: {READ}; may be left out.",
    required=False,
    default=READ,
)


def is_newer(root: Node, problems: Problems) -> bool:
    """Note a file of a newer version, and return whether it is one: nothing else in it is read."""
    if not isinstance(root, Mapping):
        return False
    for key, value in root.entries:
        found = value.value if key.text == "version" and isinstance(value, Scalar) else None
        if isinstance(found, int) and not isinstance(found, bool) and found > READ:
            problems.add(
                value.place,
                sentence("this file is of version {found}", found=found),
                sentence("version {read}, which this program reads", read=READ),
                "update Red Rabbit",
            )
            return True
    return False
