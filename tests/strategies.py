"""Values of any frozen class with types, for Hypothesis: facts, and parts of them."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=12)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
INSTANTS = st.integers(0, 3_155_760_000).map(
    lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)

_SIMPLE: Mapping[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: NUMBERS,
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: INSTANTS,
    date: st.dates(date(2000, 1, 1), date(2100, 1, 1)),
}


def values_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return any value of a frozen class with types."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: _of(hints[field.name]) for field in fields(kind)})


def _of(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) in (types.UnionType, Union):
        return st.one_of(
            *(st.none() if each is types.NoneType else _of(each) for each in get_args(hint))
        )
    if isinstance(hint, NewType):
        return _of(hint.__supertype__)
    if get_origin(hint) is tuple:
        return st.lists(_of(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) is not None:
        return st.dictionaries(WORDS, JSON, max_size=3)
    if is_dataclass(hint):
        return values_of(hint)  # type: ignore[arg-type]  # a class, not a value of it
    if issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    return _SIMPLE[hint]
