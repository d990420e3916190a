"""What is kept of random secrets."""

import re

from redrabbit.domain.beside import digest_of, new_secret


def test_a_secret_has_256_bits_and_fits_into_addresses_cookies_and_headers() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", each) for each in made)


def test_what_is_kept_of_a_secret_is_its_digest() -> None:
    assert digest_of("secret") == "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
