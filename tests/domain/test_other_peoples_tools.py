"""Programs that are not ours make the same proofs and accept ours (D25).

pymerkle: proofs of inclusion byte by byte, and roots; the example that Go's package `note` publishes for signed notes; and,
where Python is new enough for it, aics-tlog: both kinds of proof byte by byte, notes and checkpoints.
"""

import base64
import hashlib
import importlib.util
import random
from collections.abc import Iterator
from typing import Any

import pymerkle  # type: ignore[import-untyped]  # because it has no types
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from redrabbit.base.signing import new_signer, parse_verifier
from redrabbit.domain.checkpoint import sign_checkpoint
from redrabbit.domain.log_keys import key_changed
from redrabbit.domain.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion
from redrabbit.domain.signed_note import note_is_signed, parse_note
from tests.logs import log_over, tree_over

TREES = 40
PROOFS = 25
"""Of each kind from each tree: a thousand of each."""

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
"""Source: pkg.go.dev/golang.org/x/mod/sumdb/note, which C2SP signed-note was written after."""


def trees() -> Iterator[tuple[random.Random, list[bytes], Tree]]:
    by = random.Random(7)
    for _ in range(TREES):
        leaves = [by.randbytes(by.randrange(60)) for _ in range(by.randrange(1, 300))]
        yield by, leaves, tree_over(map(leaf_hash, leaves))


def sizes(by: random.Random, tree: Tree) -> Iterator[tuple[int, int]]:
    """Yield sizes of the tree, each with a number below."""
    for _ in range(PROOFS):
        size = by.randrange(1, tree.size + 1)
        yield size, by.randrange(size)


def test_pymerkle_makes_the_same_proofs_of_inclusion() -> None:
    compared = 0
    for by, leaves, tree in trees():
        theirs = pymerkle.InmemoryTree.init_from_entries(leaves)
        assert theirs.get_root() == tree.root()
        for size, index in sizes(by, tree):
            proof = theirs.prove_inclusion(index + 1, size)  # it counts from 1
            leaf, *path = proof.path
            assert (leaf, tuple(path)) == (leaf_hash(leaves[index]), tree.inclusion(index, size))
            assert verify_inclusion(leaf, index, size, path, theirs.get_root(size))
            pymerkle.verify_inclusion(leaf, tree.root(size), proof)
            compared += 1
    assert compared == TREES * PROOFS == 1_000


def test_pymerkle_accepts_what_we_prove_consistent() -> None:
    """Its proofs of consistency have a form of their own; each side's are accepted with the other's roots."""
    compared = 0
    for by, leaves, tree in trees():
        theirs = pymerkle.InmemoryTree.init_from_entries(leaves)
        for size, below in sizes(by, tree):
            old = below + 1
            proof = theirs.prove_consistency(old, size)
            states = theirs.get_root(old), theirs.get_root(size)
            assert states == (tree.root(old), tree.root(size))
            ours = tree.consistency(old, size)
            assert verify_consistency(old, states[0], size, states[1], ours)
            pymerkle.verify_consistency(*states, proof)
            compared += 1
    assert compared == TREES * PROOFS


def test_the_note_that_go_publishes_is_read_and_its_signature_accepted() -> None:
    note = parse_note(GO_NOTE)
    assert note_is_signed(note, parse_verifier(GO_KEY))
    changed = parse_note(GO_NOTE.replace("answer", "Answer"))
    assert not note_is_signed(changed, parse_verifier(GO_KEY))


def test_what_both_keys_sign_is_a_note_as_anybody_reads_it() -> None:
    """C2SP signed-note by hand: each line is a key's signature over the text, named by name and key id."""
    origin = "Suzhou-plant-2/5f0c1e9b7a3d2468"
    signers = new_signer(origin), new_signer(origin)
    text, lines = key_changed(7, bytes(32), *signers).statement.split("\n\n")
    assert len(lines.splitlines()) == len(signers)
    for line, signer in zip(lines.splitlines(), signers, strict=True):
        dash, name, signature = line.split(" ")
        content, public = base64.b64decode(signature), signer.verifier.public_key
        key_id = hashlib.sha256(f"{origin}\n".encode() + b"\x01" + public).digest()[:4]
        assert (dash, name, content[:4]) == ("—", origin, key_id)
        Ed25519PublicKey.from_public_bytes(public).verify(content[4:], f"{text}\n".encode())


if importlib.util.find_spec("aics_tlog"):  # it asks for Python 3.12

    def test_aics_tlog_makes_the_same_proofs_and_accepts_a_checkpoint() -> None:
        tlog: Any = importlib.import_module("aics_tlog")
        for by, leaves, tree in trees():
            theirs = tlog.MerkleTree(leaves)
            for size, index in sizes(by, tree):
                assert tuple(theirs.inclusion_proof(index, size)) == tree.inclusion(index, size)
                old = index + 1
                assert tuple(theirs.consistency_proof(old, size)) == tree.consistency(old, size)
        signer = new_signer("Suzhou-plant-2/5f0c1e9b7a3d2468")
        log = log_over((f"line-{n % 3}", leaf_hash(b"%d" % n)) for n in range(50))
        note = tlog.parse_note(sign_checkpoint(log, signer).encode())
        key = tlog.parse_vkey(signer.verifier.text)
        assert tlog.verify_checkpoint(note, key, [], quorum=0).ok
        assert tlog.parse_checkpoint(note.text).size == log.size
        forged = tlog.parse_note(sign_checkpoint(log, signer).replace("\n50\n", "\n51\n").encode())
        assert not tlog.verify_checkpoint(forged, key, [], quorum=0).ok


def test_pymerkle_refuses_a_proof_that_was_changed() -> None:
    """So that its accepting means something."""
    leaves = [b"%d" % n for n in range(20)]
    theirs = pymerkle.InmemoryTree.init_from_entries(leaves)
    proof = theirs.prove_inclusion(6, 20)
    with pytest.raises(pymerkle.InvalidProof):
        pymerkle.verify_inclusion(leaf_hash(b"6"), theirs.get_root(), proof)
