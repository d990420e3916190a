"""Secrets stand outside of the configuration: here they are only named (D24).

A configuration is adopted into the signed ledger, which is never rewritten, goes to auditors and
customers, and is read by whoever may see the pages. So what looks like a secret is refused before
it gets there, in words that do not show it.
"""

from typing import Final

from redrabbit.base.redaction import names_a_secret, secrets_in
from redrabbit.base.sentence import sentence
from redrabbit.config.located_yaml import Node, Scalar, scalars
from redrabbit.config.problem import Problems

EXPECTED: Final = "no secret in these files, which the ledger keeps for ever"
HINT: Final = (
    "write it into a file outside this folder and name that: token_file or password_file: FILE, token_env or "
    "password_env: NAME; if it was ever in use here, change it"
)


def refuse_secrets(root: Node, problems: Problems) -> None:
    """Note every value or key of a file in which a secret stands."""
    for scalar in scalars(root):
        for found in secrets_in(scalar.text):
            problems.add(scalar.place, found, EXPECTED, HINT)


def is_secret_key(key: Scalar, problems: Problems) -> bool:
    """Tell whether a key's name says that its value is a secret, after noting it."""
    if not names_a_secret(key.text):
        return False
    problems.add(
        key.place, sentence("the key {text!r}, named as a secret is", text=key.text), EXPECTED, HINT
    )
    return True
