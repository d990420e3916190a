"""No secret gets through a configuration, nor into a message about one (D24)."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.base.redaction import redacted
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.config.problem import ConfigurationProblems

BASE = Path(__file__).parent / "base"
_, TEXTS = read_configuration(BASE)
SECRET = "zQ9S3cretPw"
FORMS = (
    f"http://user:{SECRET}@host/hook",
    f"https://host/hook?Access_Token={SECRET}",
    f"rr:{SECRET}@10.0.0.5:1883",
    f"PRIVATE+KEY+{SECRET}",
)
VALUE = re.compile(r"(?<=[:\[,] )([^\s{\[\]},][^,}\]\n]*)|(?<=- )([^\s{\[\]},][^,}\]\n]*)")
"""A value of the base configuration, which has neither comments nor block scalars."""
PLACES = [
    (name, found.span())
    for name, text in TEXTS.items()
    for found in VALUE.finditer(text)
    if ": " not in found[0]
]


def refusal_of(texts: dict[str, str]) -> str:
    with pytest.raises(ConfigurationProblems) as refused:
        load_plant(texts)
    return str(refused.value)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(PLACES), st.sampled_from(FORMS), st.booleans())
def test_an_address_with_a_secret_is_refused_wherever_it_stands(
    place: tuple[str, tuple[int, int]], form: str, quoted: bool
) -> None:
    name, (begin, end) = place
    text = TEXTS[name]
    written = f'"{form}"' if quoted else form
    told = refusal_of({**TEXTS, name: f"{text[:begin]}{written}{text[end:]}"})
    assert "expected no secret" in told
    assert SECRET not in told


@pytest.mark.parametrize("key", ["password", "API-Key", "auth_token", "clientSecret", "密码"])
@pytest.mark.parametrize(
    "value", [SECRET, f'"{SECRET}"', f"*{SECRET}", f"&{SECRET} x", f"!{SECRET} x", f"[{SECRET}]"]
)
@pytest.mark.parametrize("indent", ["", "  ", "      "])
def test_a_key_named_like_a_secret_is_refused_without_its_value(
    key: str, value: str, indent: str
) -> None:
    """At the end of a file, in one section or another, or where no key can stand."""
    told = refusal_of({**TEXTS, "press.yaml": f"{TEXTS['press.yaml']}{indent}{key}: {value}\n"})
    assert SECRET not in told


@settings(deadline=None)
@given(st.integers(0, len(TEXTS["plant.yaml"])), st.sampled_from(FORMS))
def test_a_broken_file_does_not_make_a_message_show_it(cut: int, form: str) -> None:
    text = f"{TEXTS['plant.yaml'][:cut]}\n  x: {form}\n {{"
    assert SECRET not in refusal_of({**TEXTS, "plant.yaml": text})


def test_words_that_were_adopted_before_are_still_read() -> None:
    """A rule that came later refuses no obligation of before (L7)."""
    unseen = "\u200b"
    name = load_plant(TEXTS).name
    adopted = {
        **TEXTS,
        "plant.yaml": TEXTS["plant.yaml"].replace(f"plant: {name}\n", f"plant: {name}{unseen}\n"),
    }
    assert "U+200B" in refusal_of(adopted)
    assert load_plant(adopted, adopted=True).name == name + unseen


def test_a_key_that_was_dropped_is_passed_over_in_what_was_adopted_with_it() -> None:
    labelled = {**TEXTS, "press.yaml": f"{TEXTS['press.yaml']}labels: {{cell: A3}}\n"}
    assert "unknown key 'labels'" in refusal_of(labelled)
    assert load_plant(labelled, adopted=True).stations == load_plant(TEXTS).stations


def test_what_was_adopted_before_is_still_read_and_so_is_its_redaction() -> None:
    """A secret in the ledger can't be refused any more, and what came due is still owed (L7)."""
    adopted = {
        **TEXTS,
        "plant.yaml": TEXTS["plant.yaml"]
        + f"notifications:\n  office: {{webhook: 'https://u:{SECRET}@host/hook?token={SECRET}'}}\n",
    }
    assert load_plant(adopted, adopted=True).targets[0].url is not None
    kept = redacted(adopted)
    assert SECRET not in str(kept)
    before, after = load_plant(adopted, adopted=True), load_plant(kept, adopted=True)
    assert (after.plan, after.stations, after.parts) == (before.plan, before.stations, before.parts)
