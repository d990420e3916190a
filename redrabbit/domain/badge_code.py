"""What stands for a badge's code wherever it is kept: a keyed digest (D23).

Codes are short numbers: a plain digest of one is found in a second by trying all. The key is a part of the installation's own
secret, a local file; without it nobody can try.
"""

import hashlib
import hmac
import unicodedata

from redrabbit.domain.identity import BadgeId


def badge_id(key: bytes, code: str) -> BadgeId:
    """Return what stands for a code, hex; spaces around it and the form of its letters make no difference."""
    plain = unicodedata.normalize("NFKC", code).strip()
    return BadgeId(hmac.new(key, plain.encode(), hashlib.sha256).hexdigest())
