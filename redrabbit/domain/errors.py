"""What the domain raises.

    Exception
    └── Refusal      the domain says no, with a code and parameters that a page can put into words

A refusal changes nothing. Trouble (network, disk) is raised by adapters; a bug is an assertion.
"""


class Refusal(Exception):
    """A command or event that the rules do not allow now.

    `code` is a stable word (`part_expired`), `params` are numbers, ids and instants, never
    sentences: the edge renders both in the reader's language (D17).
    """

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        shown = ", ".join(f"{name}={value}" for name, value in params.items())
        super().__init__(f"{code} ({shown})" if shown else code)
