"""Who signs in is led back to where they were, and never to another site."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redrabbit.web.to_sign_in import page_of_ours

HERE = "https://redrabbit.plant:8443/sign-in"


@pytest.mark.parametrize(
    "address", ["/", "/runs", "/runs?outcome=failed&line=line1", "/stations/line1-op20"]
)
def test_a_page_of_ours_is_led_back_to(address: str) -> None:
    assert page_of_ours(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "runs",
            "//evil.com",
            "https://evil.com",
            "/\\evil.com",
            "/runs\\..\\x",
            "//[",
            "/a b",
        ),
        *("/\tevil", "/\u2028x", "javascript:alert(1)", "/sign-in?to=/", "/sign-out", "/welcome/x"),
        *("/api/v1/session", "/live/board"),
    ],
)
def test_anything_else_is_not(address: str) -> None:
    assert page_of_ours(address) == ""


@given(st.text(max_size=60) | st.text(alphabet="/\\:@.?#evil \t\r\n%2f[]", max_size=20))
@example("/%2f%2fevil.com")
def test_nobody_is_led_to_another_site(address: str) -> None:
    found = page_of_ours(address)
    if found:
        assert urlsplit(urljoin(HERE, found)).netloc == "redrabbit.plant:8443"
