"""`docs/ledger.md` is what the catalogue says, and its recipe for checking by hand is right."""

import hashlib
import json
import sqlite3

import pytest

from redrabbit.domain.facts.catalogue import BY_TYPE, FACTS
from redrabbit.domain.facts.codec import field_names
from tests.store.ledger_dictionary import COMMAND, FILE, printed
from tests.store.sample_database import Sample, played


def test_the_dictionary_is_printed_from_the_catalogue() -> None:
    """D22."""
    same = FILE.exists() and FILE.read_text(encoding="utf-8") == printed()
    assert same, f"docs/ledger.md is not what the catalogue says; print it again: {COMMAND}"


def test_every_type_and_every_field_is_in_it() -> None:
    text = FILE.read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in text.split("\n### ")[1:])
    assert BY_TYPE.keys() <= sections.keys()
    for fact in FACTS:
        for name in field_names(fact):
            assert f"| `{name}` |" in sections[fact.TYPE], (fact.TYPE, name)


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return played(tmp_path_factory.mktemp("played"))


def test_what_is_said_about_checking_by_hand_is_so(plant: Sample) -> None:
    """With nothing of ours: a database driver and SHA-256."""
    with sqlite3.connect(plant.url.removeprefix("sqlite:///")) as connection:
        rows = connection.execute("SELECT raw, salt, payload, leaf_hash FROM ledger").fetchall()
        names = connection.execute("SELECT id, name, salt FROM stated_names").fetchall()
    connection.close()
    for raw, salt, payload, leaf_hash in rows:
        assert hashlib.sha256(b"\0" + raw).digest() == leaf_hash
        if payload is not None:
            assert hashlib.sha256(salt + payload).hexdigest() == json.loads(raw)["payload"]
    assert names
    for kept, name, salt in names:
        assert kept == "name:" + hashlib.sha256(salt + name.encode()).hexdigest()[:32]
