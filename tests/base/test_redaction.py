"""What the ledger keeps of a configuration holds no secret, and still means the same (D24, D14)."""

import io
import string
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from redrabbit.base.redaction import REMOVED, masked, names_a_secret, redacted, secrets_in

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    path
    for folder in ("station_configs", "redrabbit/config/template", "tests/config/base")
    for path in (ROOT / folder).rglob("*.yaml")
)

a_secret = st.text(string.ascii_letters + string.digits, min_size=6, max_size=20).map(
    lambda text: f"zQ{text}"
)
ADDRESSES = (
    "http://user:{}@host/hook",
    "https://{}@host",
    "http://user:p/{}@host",
    "mqtts://u:{}@[::1]:8883",
    "http://host/hook?token={}",
    "http://host/hook?line=1&ACCESS_TOKEN={}",
    "http://host/hook;sig={}",
    "http://host/hook?%74oken={}",
    "http://host/hook#key={}",
    "user:{}@10.0.0.5:1883",
)
SLIPS = (
    "password: {}",
    'password: "{}"',
    "DB_PASSWORD={}",
    "api-key: {}",
    "Authorization: Basic {}",
    "Authorization: Bearer {}",
    "bearer {}",
    "口令: {}",
    "PRIVATE+KEY+plant+00000000+{}",
    "client_secret = '{}'",
)


def tree(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("form", ADDRESSES)
@given(secret=a_secret)
def test_an_address_with_a_secret_is_named_without_showing_it(form: str, secret: str) -> None:
    text = form.format(secret)
    found = secrets_in(text)
    assert found
    assert secret not in "".join(found)
    assert secret not in masked(text)
    assert not secrets_in(masked(text)) or "@" in text


@pytest.mark.parametrize("form", [*ADDRESSES, *SLIPS])
@given(secret=a_secret)
def test_what_slipped_through_is_not_kept(form: str, secret: str) -> None:
    slipped = form.format(secret)
    for text in (
        f"plant: x\n# old: {slipped}\n",
        f"plant: x # {slipped}\n",
        f"plant: x\n# the password was\n#   {secret}\n",
        f"plant: x\nnote: {slipped}\n",
        f"plant: x\nnote: 'see \"{slipped}\"'\n",
    ):
        assert secret not in redacted({"plant.yaml": text})["plant.yaml"]
    assert secret not in redacted({"control_plan.csv": f"a,{slipped},b\n"})["control_plan.csv"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_an_honest_configuration_is_kept_as_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert redacted({path.name: text})[path.name] == text


def test_the_rest_of_a_file_stays_to_the_letter() -> None:
    text = (
        "# Line 1, rev C\nplant: x  # bin 5\n\n# broker user:pw@10.0.0.5:1883\n# second line\n\n"
        "# third\nreject_codes: {wrong_token: 17}\ntoken_file: /etc/office\ntoken_env: OFFICE\n"
    )
    assert redacted({"plant.yaml": text})["plant.yaml"] == (
        f"# Line 1, rev C\nplant: x  # bin 5\n\n# {REMOVED}\n# {REMOVED}\n\n"
        "# third\nreject_codes: {wrong_token: 17}\ntoken_file: /etc/office\ntoken_env: OFFICE\n"
    )


def test_a_key_of_the_plants_own_that_sounds_like_a_secret_keeps_its_section() -> None:
    text = "failure_modes:\n  wrong_token:\n    en: Token wrong\n  lost_token: {en: Lost}\n"
    assert redacted({"plant.yaml": text})["plant.yaml"] == text


@pytest.mark.parametrize(
    "piece", ["a://", "a://,", "((", "x:", "a@", "?a", "token ", "bearer ", "-----BEGIN ", "#", "'"]
)
def test_a_hostile_text_takes_no_longer_than_its_length(piece: str) -> None:
    """The test's time limit would catch a pattern that is not linear: minutes for two megabytes."""
    text = piece * (2_000_000 // len(piece))
    started = time.perf_counter()
    secrets_in(text)
    redacted({"plant.yaml": text})
    assert time.perf_counter() - started < 30


honest_words = st.text(string.ascii_letters + string.digits + " #'\"\\{}[]:,&*!|>%@-?", max_size=30)
comments = st.sampled_from(("", " # plain", " # the token is x", "\n# password y", "\n  # 口令: z"))


@given(st.lists(st.tuples(honest_words, comments), min_size=1, max_size=6))
def test_what_is_kept_can_still_be_read_as_the_same_words(
    lines: list[tuple[str, str]],
) -> None:
    """Comments go, and no quote goes with them: else the plan in force could not be read again."""
    text = ""
    for number, (words, comment) in enumerate(lines):
        written = io.StringIO()
        yaml = YAML(typ="safe", pure=True)
        yaml.width = 10_000
        yaml.default_flow_style = False
        yaml.dump({f"words{number}": words}, written)
        text += written.getvalue().rstrip("\n") + comment + "\n"
    kept = redacted({"plant.yaml": text})["plant.yaml"]
    assert tree(kept) == {name: masked(words) for name, words in tree(text).items()}


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Passwd",
        "api_key",
        "apiKey",
        "client-secret",
        "access_token",
        "auth",
    ],
)
def test_names_of_secrets_are_known_in_any_case(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "token_file",
        "token_env",
        "token_header",
        "signal",
        "keyway",
        "passed",
        "line",
        "author",
        "code",
    ],
)
def test_other_names_are_no_secrets(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    "words",
    [
        "http://10.20.0.9/hooks/redrabbit?line=1&lang=zh",
        "Call the quality engineer: qe@plant.example",
        "mailto:qe@plant.example",
        "ratio 3:1 @ 10.0",
        "Key in the part number",
    ],
)
def test_honest_words_are_no_secrets(words: str) -> None:
    assert secrets_in(words) == []
