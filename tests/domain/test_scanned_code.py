"""What a scan is: told apart by declared forms, never dropped, never another (B29, B40)."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.scanned_code import (
    LONGEST_FORM,
    CodeForms,
    CodeKind,
    ScannedCode,
    bare,
    code_form,
    confusions,
    scanned,
)

KNOWN = MappingProxyType(
    {
        CodeKind.PART: frozenset({"RR-0001", "RR-0012", "GM-0001"}),
        CodeKind.PLACE: frozenset({"drawer A2"}),
        CodeKind.DEVICE: frozenset({"leak-tester"}),
        CodeKind.LINE: frozenset({"line1"}),
    }
)
DECLARED = CodeForms(
    prefixes=("~S1",),
    forms=MappingProxyType(
        {
            CodeKind.BADGE: (code_form("B{6 digits}"), code_form("EXT-{digits}")),
            CodeKind.PLACE: (code_form("LOC:{id}"),),
        }
    ),
)
NONE = CodeForms()


def kinds(raw: str, forms: CodeForms = DECLARED) -> list[tuple[str, str | None]]:
    found = scanned(raw, forms, KNOWN)
    return [(each.text, each.kind.value if each.kind else None) for each in found]


@pytest.mark.parametrize(
    ("raw", "text", "kind"),
    [
        ("B001234", "B001234", "badge"),
        ("EXT-7", "EXT-7", "badge"),
        ("RR-0001", "RR-0001", "part"),
        ("LOC:A2", "A2", "place"),
        ("leak-tester", "leak-tester", "device"),
        ("line1", "line1", "line"),
        ("drawer A2", "drawer A2", None),
        ("b001234", "b001234", None),
        ("B00123", "B00123", None),
        ("RR-9999", "RR-9999", None),
    ],
)
def test_each_kind_is_known_by_its_form(raw: str, text: str, kind: str | None) -> None:
    assert kinds(raw) == [(text, kind)]


def test_without_declared_forms_the_codes_are_those_the_plant_knows() -> None:
    assert kinds("RR-0001", NONE) == [("RR-0001", "part")]
    assert kinds("drawer A2", NONE) == [("drawer A2", "place")]
    assert kinds("4711", NONE) == [("4711", None)]


@pytest.mark.parametrize(
    "raw",
    [
        "]C1RR-0001",
        "  RR-0001\r\n",
        "\x02RR-0001\x03",
        "~S1RR-0001",
        "]d2~S1]C1RR-0001",
        "RR-0001\x1d",
    ],
)
def test_what_a_scanner_puts_around_a_code_is_taken_off(raw: str) -> None:
    assert kinds(raw) == [("RR-0001", "part")]


@pytest.mark.parametrize("raw", ["", "   ", "\r\n", "]C1", "~S1"])
def test_a_scan_of_nothing_is_none(raw: str) -> None:
    assert kinds(raw) == []


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        ("B001234RR-0001", [("B001234", "badge"), ("RR-0001", "part")]),
        ("RR-0001B001234", [("RR-0001", "part"), ("B001234", "badge")]),
        ("RR-0001]C1B001234", [("RR-0001", "part"), ("B001234", "badge")]),
        ("RR-0001RR-0001", [("RR-0001", "part")]),
        ("RR-0001RR-0012GM-0001", [("RR-0001", "part"), ("RR-0012", "part"), ("GM-0001", "part")]),
        ("RR-0001" * 3, [("RR-0001", "part")]),
        ("RR-0001" * 4, [("RR-0001" * 4, None)]),
        ("RR-0001x", [("RR-0001x", None)]),
    ],
)
def test_codes_that_were_joined_on_their_way_are_split(
    raw: str, codes: list[tuple[str, str | None]]
) -> None:
    assert kinds(raw) == codes


def test_a_scan_that_can_be_split_in_two_ways_is_not() -> None:
    forms = CodeForms(forms=MappingProxyType({CodeKind.BADGE: (code_form("{digits}"),)}))
    known = {CodeKind.PART: frozenset({"A1", "A12"})}
    assert scanned("A123", forms, known) == (ScannedCode("A123", None),)


@given(
    codes=st.lists(
        st.sampled_from(["B001234", "RR-0001", "GM-0001", "LOC:A2", "leak-tester"]),
        min_size=1,
        max_size=2,
    ),
    around=st.sampled_from(["", "]C1", "~S1", " ", "\r\n"]),
)
def test_whatever_stands_around_codes_they_are_the_same(codes: list[str], around: str) -> None:
    """A place's id has no length, so what follows it may be its own: then nothing is guessed."""
    apart = [each for code in codes for each in scanned(code, DECLARED, KNOWN)]
    whole = [each for at, each in enumerate(apart) if at == 0 or each != apart[at - 1]]
    found = list(scanned(around + around.join(codes), DECLARED, KNOWN))
    assert found == whole or codes[0] == "LOC:A2"


@given(raw=st.text(max_size=60))
def test_no_scan_is_lost(raw: str) -> None:
    """Whatever comes, all of it but what its scanner put around is in what is found."""
    found = scanned(raw, DECLARED, KNOWN)
    assert bool(found) == bool(bare(raw, DECLARED))
    for each in found:
        assert each.text in raw


@given(raw=st.text(st.sampled_from("B0123RLOC:A-"), max_size=240))
def test_finding_out_takes_a_moment_however_the_scan_looks(raw: str) -> None:
    assert all(each.text for each in scanned(raw, DECLARED, KNOWN))


@pytest.mark.parametrize(
    ("spelled", "words"),
    [
        ("", "1 to 60"),
        ("x" * (LONGEST_FORM + 1), "1 to 60"),
        ("4711", "no place"),
        ("B{6 digit", "a place is one of"),
        ("B{six digits}", "a place is one of"),
        ("{digits}}", "a place is one of"),
        ("{0 digits}", "a place is one of"),
        ("{61 digits}", "more than 60"),
        ("{id}-{id}", "more than one place"),
    ],
)
def test_a_form_that_can_t_be_read_is_refused_in_words(spelled: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        code_form(spelled)


@pytest.mark.parametrize(
    ("spelled", "text", "fits"),
    [
        ("{1 letter}{3 digits}", "A123", True),
        ("{1 letter}{3 digits}", "1123", False),
        ("a.b{digits}", "a.b1", True),
        ("a.b{digits}", "axb1", False),
        ("{digits}", "١٢", False),
        ("{id}", "RR_00.1-a", True),
    ],
)
def test_a_form_means_what_it_says(spelled: str, text: str, fits: bool) -> None:
    assert code_form(spelled).fits(text) is fits
    assert (code_form(spelled).id_in(text) is not None) is fits


def test_known_ids_that_look_like_another_kind_s_codes_are_told() -> None:
    badge = CodeForms(forms=MappingProxyType({CodeKind.BADGE: (code_form("RR-{digits}"),)}))
    assert list(confusions(badge, KNOWN)) == [
        (CodeKind.PART, CodeKind.BADGE, "RR-0001"),
        (CodeKind.PART, CodeKind.BADGE, "RR-0012"),
    ]
    assert list(confusions(DECLARED, KNOWN)) == []
    parts = CodeForms(forms={**badge.forms, CodeKind.PART: (code_form("RR-{4 digits}"),)})
    assert list(confusions(parts, KNOWN)) == []
