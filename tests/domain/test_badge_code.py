"""What stands for a badge's code: the same for the same badge, under one key, and nobody's guess."""

import hmac

from redrabbit.domain.badge_code import badge_id

KEY = bytes(range(32))


def test_a_badge_is_known_again_however_the_scanner_writes_it() -> None:
    assert (
        badge_id(KEY, "0042317")
        == badge_id(KEY, " 0042317\r\n")
        == badge_id(KEY, "\uff10\uff1042317")
    )
    assert badge_id(KEY, "0042317") != badge_id(KEY, "42317")


def test_nothing_is_known_of_a_code_without_the_key() -> None:
    """HMAC-SHA-256, RFC 2104: another key gives another digest."""
    assert badge_id(bytes(32), "0042317") != badge_id(KEY, "0042317")
    assert badge_id(KEY, "0042317") == (hmac.digest(KEY, b"0042317", "sha256").hex())
