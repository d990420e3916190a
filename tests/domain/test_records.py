"""The records say of themselves how they are kept."""

from dataclasses import fields, is_dataclass
from typing import get_type_hints

from redrabbit.domain.records import KEYS, TABLES


def test_every_record_has_a_table_and_a_key() -> None:
    assert set(TABLES) == set(KEYS)
    assert all(is_dataclass(kind) for kind in TABLES)


def test_keys_uniques_and_indexes_name_fields_that_exist() -> None:
    for kind, key in KEYS.items():
        names = {field.name for field in fields(kind)}
        wanted = {*key, *kind.UNIQUE, *(n for i in kind.INDEXES for n in i)}
        assert wanted <= names, kind


def test_tables_have_different_names() -> None:
    assert len(set(TABLES.values())) == len(TABLES)


def test_every_instant_is_named_at_and_every_day_is_a_date() -> None:
    """Style 3: units last, instants end in `_at` (or say since, until, from)."""
    for kind in TABLES:
        hints = get_type_hints(kind)
        for name, hint in ((field.name, hints[field.name]) for field in fields(kind)):
            if "datetime" in str(hint):
                assert name.endswith(("_at", "_since", "_until", "_from")), (kind, name)
