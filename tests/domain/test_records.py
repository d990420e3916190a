"""The records say of themselves how they are kept."""

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import get_args, get_type_hints

from redrabbit.domain.records import KEYS, TABLES


def test_every_record_has_a_table_and_a_key() -> None:
    assert set(TABLES) == set(KEYS)
    assert all(is_dataclass(kind) for kind in TABLES)


def test_keys_uniques_and_indexes_name_fields_that_exist() -> None:
    for kind, key in KEYS.items():
        names = {field.name for field in fields(kind)}
        indexed = [*kind.INDEXES, *(part.names for part in kind.PARTIAL_INDEXES)]
        wanted = {*key, *kind.UNIQUE, *(name for names in indexed for name in names)}
        wanted |= {part.field for part in kind.PARTIAL_INDEXES}
        assert wanted <= names, kind


def test_tables_have_different_names() -> None:
    assert len(set(TABLES.values())) == len(TABLES)


def test_every_instant_is_named_at_and_every_day_is_a_date() -> None:
    """Style 3: units last, instants end in `_at` (or say since, until, from)."""
    for kind in TABLES:
        hints = get_type_hints(kind)
        for name, hint in ((field.name, hints[field.name]) for field in fields(kind)):
            words = set(get_args(hint)) | {hint}
            if datetime in words:
                assert name.endswith(("_at", "_since", "_until", "_from")), (kind, name)
            if date in words:
                assert name.endswith(("_date", "_on", "_until")), (kind, name)


def test_whoever_did_something_stands_with_how_that_is_known_and_in_which_entry() -> None:
    """D23: beside every `…_by` stand `…_how` and `…_entry`."""
    for kind in TABLES:
        names = {field.name for field in fields(kind)}
        for name in names:
            if name.endswith("_by"):
                did = name.removesuffix("_by")
                assert {f"{did}_how", f"{did}_entry"} <= names, (kind, name)


def test_a_persons_words_never_stand_in_the_field_of_a_code() -> None:
    """D23: a code is a word of an enumeration, a person's words stand in a field of their own."""
    for kind in TABLES:
        hints = get_type_hints(kind)
        for name in hints:
            if name.endswith("_code") and name not in {"expected_code", "observed_code"}:
                words = [each for each in get_args(hints[name]) if isinstance(each, type)]
                assert any(issubclass(each, StrEnum) for each in words), (kind, name)


def test_what_is_numbered_says_its_stream_and_its_number() -> None:
    """D50."""
    for kind in TABLES:
        names = {field.name for field in fields(kind)}
        assert (kind.LETTER is not None) is ("number" in names), kind
        if kind.LETTER is not None:
            assert kind.STREAM in names, kind
