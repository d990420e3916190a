"""The signature is the one of Standard Webhooks, which receivers verify with a library of theirs."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.alarms.signature import HEADERS, message_id, signed_headers, signing_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime(2021, 2, 25, 15, 2, 10, 987654, tzinfo=UTC)


def test_it_is_the_one_that_the_public_libraries_test_for() -> None:
    """The vector of `sign function works` in the public JavaScript, Go and Python libraries."""
    headers = signed_headers(
        [signing_secret(SECRET)], "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_sign_each_so_that_a_receiver_can_change_over() -> None:
    new = signing_secret("whsec_" + base64.b64encode(b"n" * 32).decode())
    old = signing_secret(SECRET)
    both = signed_headers([new, old], "k", AT, b"{}")["webhook-signature"].split(" ")
    one_each = [signed_headers([s], "k", AT, b"{}")["webhook-signature"] for s in (new, old)]
    assert both == one_each


@given(
    secret=st.binary(min_size=24, max_size=64),
    key=st.text(st.characters(categories=(), include_characters="abz09_.-"), min_size=1),
    body=st.binary(max_size=200),
)
def test_whoever_has_the_secret_finds_the_signature_by_the_specification(
    secret: bytes, key: str, body: bytes
) -> None:
    text = "whsec_" + base64.b64encode(secret).decode()
    for written in (text, text.rstrip("=")):
        assert signing_secret(written) == secret
    headers = signed_headers([signing_secret(text)], key, AT, body)
    identifier, moment, signature = (headers[name] for name in HEADERS)
    content = f"{identifier}.{moment}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    assert signature == f"v1,{expected}"


KEYS = st.text(st.characters(categories=(), include_characters="az09_.-A"), min_size=1)


@given(one=KEYS, other=KEYS)
def test_no_id_has_a_full_stop_and_no_two_keys_have_one_id(one: str, other: str) -> None:
    """A line's id may have one; in a signed text it would pass for the end of the id."""
    assert "." not in message_id(one)
    assert (message_id(one) == message_id(other)) is (one == other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected whsec_"),
        ("whsec_", "0 bytes"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "expected whsec_"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!w", "expected whsec_"),
        ("whsec_A", "expected whsec_"),
        ("whsec_" + base64.b64encode(b"k" * 23).decode(), "23 bytes; expected 24 to 64"),
        ("whsec_" + base64.b64encode(b"k" * 65).decode(), "65 bytes; expected 24 to 64"),
        ("whsec_密钥", "expected whsec_"),
    ],
)
def test_what_is_no_signing_secret_is_refused_without_showing_it(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        signing_secret(text)
    assert text.removeprefix("whsec_")[:6] not in str(refused.value) or len(text) < 8
