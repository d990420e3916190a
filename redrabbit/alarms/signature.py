"""The signature of a message to a webhook, by which its receiver knows that it is ours (D48).

Whoever reaches a receiver could say that a check was missed, or is no longer. Receivers verify the
signature with a library of their own language; only the secret has to be shared.

Source: Standard Webhooks 1.0.0, `spec/standard-webhooks.md`: signature scheme, webhook headers.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from redrabbit.base.sentence import sentence

PREFIX: Final = "whsec_"
FEWEST_BYTES: Final = 24
MOST_BYTES: Final = 64
"""Of a secret, as the specification has it: 192 to 512 bits."""
HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


def signing_secret(text: str) -> bytes:
    """Return the secret written as `whsec_` and base64; ValueError, which does not show it."""
    encoded = text.removeprefix(PREFIX)
    expected = sentence("expected {prefix} and base64 behind it", prefix=PREFIX)
    if encoded == text:
        raise ValueError(expected)
    try:
        secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raise ValueError(expected) from None
    if not FEWEST_BYTES <= len(secret) <= MOST_BYTES:
        raise ValueError(f"it has {len(secret)} bytes; expected {FEWEST_BYTES} to {MOST_BYTES}")
    return secret


def signed_headers(
    secrets: Sequence[bytes], key: str, at: datetime, body: bytes
) -> Mapping[str, str]:
    """Return the headers of one attempt at `at`; there is one signature a secret.

    With two secrets a receiver can change from the one to the other and miss nothing meanwhile.
    """
    message, moment = message_id(key), str(int(at.timestamp()))
    signed = b".".join((message.encode(), moment.encode(), body))
    signatures = [hmac.digest(secret, signed, hashlib.sha256) for secret in secrets]
    texts = [f"v1,{base64.b64encode(each).decode()}" for each in signatures]
    return dict(zip(HEADERS, (message, moment, " ".join(texts)), strict=True))


def message_id(key: str) -> str:
    """Return the id that stands for a message's key: no full stop may be in it.

    It would let the end of an id pass for the beginning of what stands behind it. A line's id may
    have full stops; no key has a tilde.
    """
    return key.replace(".", "~")
