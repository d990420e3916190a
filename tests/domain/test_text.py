import pytest

from redrabbit.domain.text import Text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "torque low"),
        ("zh", "扭矩低"),
        ("zh-CN", "扭矩低"),
        ("zh_Hans", "扭矩低"),
        ("de", "torque low"),
    ],
)
def test_a_reader_gets_chinese_for_any_chinese_tag_and_english_else(
    language: str, words: str
) -> None:
    assert Text(en="torque low", zh="扭矩低").in_language(language) == words
