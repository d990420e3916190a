"""Checkpoints and single-record proofs: one form each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.checkpoint import (
    checkpoint_of,
    checkpoint_text,
    log_origin,
    parse_checkpoint,
    parse_proof,
    proof_text,
    sign_checkpoint,
)
from redrabbit.domain.ledger import LogState
from redrabbit.domain.merkle import EMPTY_ROOT, leaf_hash
from redrabbit.domain.signed_note import note_is_signed, parse_note, to_base64
from tests.fakes import ToyKey
from tests.logs import earlier_checkpoint, log_over, tree_over

STREAMS = st.lists(st.sampled_from(["line-1", "line-2", "plant", "装配线"]), max_size=30)
LEAVES = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")]
LOG = log_over(zip(["plant", "line-1", "plant"], LEAVES, strict=True))


def test_a_checkpoint_is_origin_size_and_root() -> None:
    assert checkpoint_text(checkpoint_of("Suzhou-2/5f0c", LOG)).splitlines() == [
        "Suzhou-2/5f0c",
        "3",
        to_base64(LOG.root),
    ]


def test_earlier_versions_wrote_the_streams_heads_below() -> None:
    assert checkpoint_text(earlier_checkpoint("Suzhou-2/5f0c", LOG)).splitlines() == [
        "Suzhou-2/5f0c",
        "3",
        to_base64(LOG.root),
        f"stream line-1 1 {to_base64(LEAVES[1])}",
        f"stream plant 2 {to_base64(LEAVES[2])}",
    ]


def test_the_empty_log_has_a_checkpoint_too() -> None:
    text = checkpoint_text(checkpoint_of("Suzhou-2/5f0c", LogState()))
    assert text == f"Suzhou-2/5f0c\n0\n{to_base64(EMPTY_ROOT)}\n"
    assert parse_checkpoint(text).heads == {}


@given(STREAMS)
def test_a_checkpoint_is_read_back(streams: list[str]) -> None:
    log = log_over((stream, leaf_hash(bytes([place]))) for place, stream in enumerate(streams))
    for checkpoint in (
        checkpoint_of("Suzhou-2/5f0c", log),
        earlier_checkpoint("Suzhou-2/5f0c", log),
    ):
        assert parse_checkpoint(checkpoint_text(checkpoint)) == checkpoint


def test_a_signed_checkpoint_names_the_signers_log() -> None:
    key = ToyKey()
    note = parse_note(sign_checkpoint(LOG, key))
    assert note_is_signed(note, key)
    assert parse_checkpoint(note.text) == checkpoint_of(key.name, LOG)


def test_the_origin_is_plant_and_log_id() -> None:
    assert log_origin("Suzhou plant 2", "5f0c") == "Suzhou-plant-2/5f0c"


ROOT = to_base64(LOG.root)
LINE = f"stream line-1 3 {ROOT}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"plant/1\n3\n{ROOT}\n{LINE}", id="cut off"),
        pytest.param("plant/1\n3\n", id="no root"),
        pytest.param(f"plant/1\n3\n{ROOT}\n\n{LINE}\n", id="empty line"),
        pytest.param(f"plant/1\n03\n{ROOT}\n{LINE}\n", id="leading zero"),
        pytest.param(f"plant/1\n-3\n{ROOT}\n{LINE}\n", id="negative"),
        pytest.param(f"plant/1\n٣\n{ROOT}\n{LINE}\n", id="other digits"),
        pytest.param(f"plant/1\n3\n{ROOT[:-4]}\n{LINE}\n", id="short root"),
        pytest.param(f"plant/1\n3\n{ROOT.replace('=', '')}\n{LINE}\n", id="no padding"),
        pytest.param(f"plant/1\n3\n{ROOT}\n{LINE}\nstream a 0 {ROOT}\n", id="unsorted"),
        pytest.param(f"plant/1\n6\n{ROOT}\n{LINE}\n{LINE}\n", id="twice"),
        pytest.param(f"plant/1\n4\n{ROOT}\n{LINE}\n", id="does not add up"),
        pytest.param(f"plant/1\n3\n{ROOT}\nstream line-1 3\n", id="no hash"),
        pytest.param(f"plant/1\n3\n{ROOT}\nline line-1 3 {ROOT}\n", id="another extension"),
        pytest.param(f"plant/1\n3\n{ROOT}\nstream \x7f 3 {ROOT}\n", id="unfit name"),
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"checkpoint|number|hash|base64|stream"):
        parse_checkpoint(text)


def test_a_records_proof_is_read_back() -> None:
    note = sign_checkpoint(LOG, ToyKey())
    path = tree_over(LEAVES).inclusion(1)
    text = proof_text(1, path, note)
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    proof = parse_proof(text)
    assert (proof.index, proof.path, proof.note) == (1, path, note)


@pytest.mark.parametrize(
    ("old", "new"),
    [("@v1", "@v2"), ("index 1", "place 1"), ("index 1", "index 01"), ("\n\n", "\n"), ("— ", "")],
)
def test_another_form_of_proof_is_refused(old: str, new: str) -> None:
    text = proof_text(1, tree_over(LEAVES).inclusion(1), sign_checkpoint(LOG, ToyKey()))
    with pytest.raises(ValueError, match=r"proof|number|note|signature"):
        parse_proof(text.replace(old, new))


def test_a_proof_without_index_is_refused() -> None:
    with pytest.raises(ValueError, match="index"):
        parse_proof("c2sp.org/tlog-proof@v1\n\n" + sign_checkpoint(LOG, ToyKey()))
