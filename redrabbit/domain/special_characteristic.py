"""Special characteristics as a plant declares them: CC, SC, D, TLD, each with the symbols by which its plans mark it (IATF 16949, 8.3.3.3)."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redrabbit.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialCharacteristic:
    """One class of special characteristics."""

    code: str
    """As records have it, `CC`."""
    name: Text
    symbols: tuple[str, ...] = ()
    """How else plans mark it, `◆`."""


def mark_of(text: str) -> str:
    """Return what two marks of a special characteristic are compared by: width, case and blanks make no other one."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def codes_by_mark(declared: Iterable[SpecialCharacteristic]) -> Mapping[str, str]:
    """Return the code of each mark that a plan may have: the codes themselves, and the symbols."""
    return {mark_of(mark): each.code for each in declared for mark in (each.code, *each.symbols)}
