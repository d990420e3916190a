"""What kinds of things are signed: each has its signers (R20)."""

from redrabbit.domain.signing import SIGNERS
from redrabbit.domain.subject import Subject


def test_every_kind_has_its_signers() -> None:
    assert SIGNERS.keys() == set(Subject)
