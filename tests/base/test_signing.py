"""Keys: their files, their text forms, and what is refused."""

import base64
import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.signing import (
    DamagedKey,
    Signer,
    load_key_file,
    load_public_key,
    new_signer,
    parse_verifier,
    random_log_id,
    write_key_file,
    write_public_key,
)

NAME = "Suzhou-2/5f0c1e9b7a3d2468"

# Key and signature of Go's golang.org/x/mod/sumdb/note, example_test.go and note_test.go.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)


def create_key_file(path: Path) -> Signer:
    signer = new_signer(NAME)
    write_key_file(path, signer)
    write_public_key(path.with_suffix(".pub"), signer.verifier)
    return signer


def test_a_key_made_and_loaded_again_signs_alike(tmp_path: Path) -> None:
    made = create_key_file(tmp_path / "plant.db.key")
    loaded = load_key_file(tmp_path / "plant.db.key")
    assert loaded == made
    assert loaded.sign(b"records") == made.sign(b"records")
    assert made.verifier.verify(b"records", loaded.sign(b"records"))


def test_the_public_half_lies_beside_the_key(tmp_path: Path) -> None:
    made = create_key_file(tmp_path / "plant.db.key")
    assert load_public_key(tmp_path / "plant.db.pub") == made.verifier
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plant.db.key", "plant.db.pub"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
def test_only_the_owner_may_read_the_key(tmp_path: Path) -> None:
    create_key_file(tmp_path / "plant.db.key")
    assert stat.S_IMODE((tmp_path / "plant.db.key").stat().st_mode) == 0o600


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    made = create_key_file(tmp_path / "plant.db.key")
    with pytest.raises(FileExistsError):
        create_key_file(tmp_path / "plant.db.key")
    assert load_key_file(tmp_path / "plant.db.key") == made


@pytest.mark.parametrize("there", [False, True])
def test_a_file_system_without_hard_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    def no_links(_old: Path, new: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(new))

    monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "plant.db.key"
    signer = new_signer(NAME)
    if there:
        path.write_text("older", encoding="utf-8")
        with pytest.raises(FileExistsError):
            write_key_file(path, signer)
        assert path.read_text(encoding="utf-8") == "older"
    else:
        write_key_file(path, signer)
        assert load_key_file(path) == signer
    assert [found.name for found in tmp_path.iterdir()] == ["plant.db.key"]


@given(st.data())
def test_a_key_file_with_any_byte_changed_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("key") / "plant.db.key"
    create_key_file(path)
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 2))
    raw[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    with pytest.raises(DamagedKey, match="damaged"):
        load_key_file(path)


@pytest.mark.parametrize("text", ["", "\n", "PRIVATE+KEY+", "nonsense"])
def test_a_key_file_cut_off_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plant.db.key"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(DamagedKey, match="Put the file back from a copy"):
        load_key_file(path)
    assert path.read_text(encoding="utf-8") == text


def test_the_private_key_is_shown_nowhere(tmp_path: Path) -> None:
    signer = new_signer(NAME)
    secret = signer.private_text.split("+", 4)[4]
    assert secret not in repr(signer)
    path = tmp_path / "wrong.pub"
    path.write_text(signer.private_text, encoding="utf-8")
    with pytest.raises(DamagedKey) as caught:
        load_public_key(path)
    assert secret not in str(caught.value)


def test_key_texts_and_signatures_are_those_of_the_reference(tmp_path: Path) -> None:
    path = tmp_path / "go.key"
    path.write_text(GO_PRIVATE + "\n", encoding="utf-8")
    path.chmod(0o600)
    signer = load_key_file(path)
    assert signer.verifier.text == GO_PUBLIC
    signature = signer.key_id + signer.sign(GO_TEXT.encode())
    assert base64.b64encode(signature).decode() == GO_SIGNATURE


def test_a_key_id_is_made_of_name_type_and_key() -> None:
    verifier = new_signer(NAME).verifier
    content = NAME.encode() + b"\n\x01" + verifier.public_key
    assert verifier.key_id == hashlib.sha256(content).digest()[:4]
    assert parse_verifier(verifier.text) == verifier


def test_a_wrong_signature_is_no_signature() -> None:
    signer = new_signer(NAME)
    signature = signer.sign(b"records")
    assert not signer.verifier.verify(b"Records", signature)
    assert not signer.verifier.verify(b"records", signature[:-1])
    assert not new_signer(NAME).verifier.verify(b"records", signature)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb"])
def test_a_name_that_would_spoil_the_text_form_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="can't name a key"):
        new_signer(name)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PeterNeumann+c74f20a3", "not NAME"),
        (GO_PUBLIC + " ", "not NAME"),
        (GO_PUBLIC.replace("c74f20a3", "c74f20a4"), "does not belong"),
        (GO_PUBLIC.replace("+AR", "+AQ"), "does not belong"),
        (GO_PUBLIC.replace("+AR", "+BR"), "not an Ed25519 key"),
        (GO_PUBLIC + "AAAA", "not an Ed25519 key"),
        (GO_PUBLIC[:-1], "not base64"),
        (f"a+00000000+{base64.b64encode(bytes([1] * 32)).decode()}", "not an Ed25519 key"),
        (f"a+00000000+{base64.b64encode(bytes([1] * 33)).decode()}=", "not "),
    ],
)
def test_another_text_is_no_verifier_key(text: str, found: str) -> None:
    with pytest.raises(DamagedKey, match=found):
        parse_verifier(text)


def test_log_ids_are_random() -> None:
    assert random_log_id() != random_log_id()
    assert len(bytes.fromhex(random_log_id())) == 8


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no modes")
def test_only_its_owner_may_change_a_public_key_whatever_the_umask(tmp_path: Path) -> None:
    """`verify` trusts the file that lies beside the database."""
    before = os.umask(0)
    try:
        write_public_key(tmp_path / "plant.pub", new_signer(NAME).verifier)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "plant.pub").stat().st_mode) & 0o022 == 0
