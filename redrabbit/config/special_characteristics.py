"""`special_characteristics` of plant.yaml: the classes of the plant's customers, and by which symbols plans mark them."""

from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import (
    Bilingual,
    Block,
    Entry,
    Key,
    ListOf,
    Located,
    MapOf,
    Section,
    Words,
)
from redrabbit.config.plan_file import PlanFile
from redrabbit.config.problem import Problems, SourcePosition, nearest, one_of
from redrabbit.config.spellings import SPECIAL_CODE
from redrabbit.domain.special_characteristic import (
    SpecialCharacteristic,
    codes_by_mark,
    mark_of,
)

SPECIAL_CHARACTERISTIC: Final = Section(
    {
        "name": Key(Bilingual(), "What the class means."),
        "symbols": Key(
            ListOf(Words(), at_least=1),
            "How plans mark it beside its letters, for example ◆.",
            required=False,
            default=(),
        ),
    },
    "{name: …, symbols: […]}",
)
SPECIAL_CHARACTERISTICS: Final = MapOf(SPECIAL_CODE, SPECIAL_CHARACTERISTIC, at_least=1)


def read_special_characteristics(
    entries: tuple[Entry[Block], ...] | None, problems: Problems
) -> tuple[SpecialCharacteristic, ...] | None:
    """Return the classes in the order of the file; None where one of them could not be read, so that none can be called unknown."""
    seen: dict[str, SourcePosition] = {}
    found: list[SpecialCharacteristic] = []
    for entry in entries or ():
        symbols: tuple[Located[str], ...] = ()
        if entry.value is not None:
            symbols = entry.value["symbols"] or ()
        for mark in (Located(entry.key, entry.place), *symbols):
            first = seen.setdefault(mark_of(mark.value), mark.place)
            if first != mark.place:
                problems.add(
                    mark.place,
                    sentence("{mark!r} a second time", mark=mark.value),
                    "each mark for one special characteristic",
                    sentence("the first stands at {first}", first=first),
                )
        if entry.value is not None and entry.value.complete:
            found.append(
                SpecialCharacteristic(
                    code=entry.key,
                    name=entry.value["name"],
                    symbols=tuple(symbol.value for symbol in symbols),
                )
            )
    return tuple(found) if entries is None or len(found) == len(entries) else None


def check_special(
    plan: PlanFile, declared: tuple[SpecialCharacteristic, ...] | None, problems: Problems
) -> None:
    """Refuse a check of a class that the plant doesn't declare, where it declares any."""
    if not declared:
        return
    codes, by_mark = [each.code for each in declared], codes_by_mark(declared)
    for check in plan.checks:
        code: str | None = check.block["special_characteristic"]
        if code is None or code in codes:
            continue
        meant = by_mark.get(mark_of(code))
        problems.add(
            check.block.place_of("special_characteristic"),
            sentence("unknown special characteristic {code!r}", code=code),
            one_of(codes),
            nearest(code, codes)
            if meant is None
            else sentence("did you mean {word!r}?", word=meant),
        )
