import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.config.located_yaml import Mapping, Node, Scalar, Sequence, parse
from redrabbit.config.problem import Problems, SourcePosition


def read(text: str) -> Node:
    problems = Problems()
    root = parse(text, "x.yaml", problems)
    assert problems.found == []
    assert root is not None
    return root


def scalar(text: str) -> Scalar:
    root = read(f"key: {text}\n")
    assert isinstance(root, Mapping)
    value = root.get("key")
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("1.5", 1.5),
        ("-.5e3", -500.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("06:00", "06:00"),
        ("6:00", "6:00"),
        ("no", "no"),
        ("on", "on"),
        ("2026-11-23", "2026-11-23"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("9" * 31, float("9" * 31)),
        ("1e400", "1e400"),
    ],
)
def test_plain_scalars_mean_what_the_core_schema_of_yaml_1_2_says(text: str, value: object) -> None:
    found = scalar(text).value
    assert found == value
    assert type(found) is type(value)


def test_every_value_knows_its_line_and_column() -> None:
    root = read("a: 1\nb:\n  - x\n  - {c: 'd'}\n")
    assert isinstance(root, Mapping)
    items = root.get("b")
    assert isinstance(items, Sequence)
    second = items.items[1]
    assert isinstance(second, Mapping)
    assert items.items[0].place == SourcePosition("x.yaml", 3, 5)
    assert second.entries[0][0].place == SourcePosition("x.yaml", 4, 6)
    assert second.entries[0][1].place == SourcePosition("x.yaml", 4, 9)


def test_an_empty_value_stands_at_its_key() -> None:
    assert scalar("").place == SourcePosition("x.yaml", 1, 1)


def test_a_value_of_several_lines_stands_where_it_begins() -> None:
    value = scalar("|\n  one\n  two\n")
    assert (value.text, value.place) == ("one\ntwo\n", SourcePosition("x.yaml", 1, 6))


def test_a_key_that_is_absent_has_no_value() -> None:
    root = read("a: 1\n")
    assert isinstance(root, Mapping)
    assert root.get("b") is None


def test_the_first_of_two_equal_keys_is_kept_and_both_are_named() -> None:
    problems = Problems()
    root = parse("a: 1\nb: 2\n'a': 3\n", "x.yaml", problems)
    assert isinstance(root, Mapping)
    first = root.get("a")
    assert isinstance(first, Scalar)
    assert first.value == 1
    (problem,) = problems.found
    assert problem.place == SourcePosition("x.yaml", 3, 1)
    assert problem.hint == "the first stands at x.yaml:1:1"


@given(st.text(alphabet=st.sampled_from("ab:-[]{}'\",&*!|>#%@` \n\t?1.~<"), max_size=60))
def test_any_text_gives_a_tree_or_says_why_not(text: str) -> None:
    problems = Problems()
    assert parse(text, "x.yaml", problems) is not None or problems.found


@given(st.text(max_size=30))
def test_any_characters_give_a_tree_or_say_why_not(text: str) -> None:
    problems = Problems()
    assert parse(text, "x.yaml", problems) is not None or problems.found


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.integers(-(10**9), 10**9), min_size=1
    )
)
def test_what_is_written_is_read(values: dict[str, int]) -> None:
    root = read("".join(f"{key}: {value}\n" for key, value in values.items()))
    assert isinstance(root, Mapping)
    found = {key.text: value.value for key, value in root.entries if isinstance(value, Scalar)}
    # `true`, `null` and the like are still words when they are keys
    assert found == values
