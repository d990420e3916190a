"""GBK that passes as UTF-8 is named; honest words in Chinese never are."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.config.garbled_text import chinese_is_garbled, has_bare_mark, save_as_utf_8

ROOT = Path(__file__).parents[2]
QUALITY_WORDS = [
    "停止",
    "通知",
    "校准",
    "检查",
    "隔离",
    "质量",
    "工程师",
    "班长",
    "停线",
    "生产",
    "换模",
    "返工",
    "报废",
    "标识",
    "追溯",
    "复检",
    "合格",
    "扭矩",
    "密封",
    "泄漏",
    "传感器",
    "相机",
    "螺栓",
    "螺母",
    "焊接",
    "装配",
    "更换",
    "调整",
    "维修",
    "验证",
    "确认",
    "记录",
    "放行",
    "拦截",
    "挑选",
    "全检",
    "抽检",
    "首件",
    "末件",
    "巡检",
    "停机",
    "断电",
    "复位",
    "报警",
    "停止生产",
    "校验",
    "校正",
    "修正",
    "未校准",
    "未停",
    "未知",
    "位置",
    "温度",
    "封存",
    "退货",
    "毛刺",
    "尺寸",
    "外观",
    "裂纹",
    "气孔",
    "漏装",
    "错装",
    "松动",
    "短路",
    "电阻",
    "压力",
    "流量",
    "硬度",
    "型号",
    "性能",
    "模具",
    "夹具",
    "轴承",
    "投产",
    "同步",
    "位移",
    "停",
    "校",
    "通",
    "知",
    "准",
    "为",
]
HONEST = (
    "停线并通知班长",
    "卡钳 螺栓18 N·m ±2 °C",
    "Ω",
    "Δp ≤ 5 mbar",
    "Ø12 μm",
    "OP20",
    "Škoda 卡钳",
    "Größe",
    "Деталь без гайки",
    "①②→☆℃",
    "lǜ 率",
    "e\u0301",
    "\u041c8 螺母",
    "Σφ 总和",
)


def as_utf_8(words: str) -> str | None:
    """Return the words' GBK bytes as UTF-8 has them; None if they are not UTF-8."""
    try:
        return words.encode("gbk").decode("utf-8")
    except UnicodeDecodeError:
        return None


PASSING = {words: read for words in QUALITY_WORDS if (read := as_utf_8(words)) is not None}
COMMON = [
    bytes((lead, trail)).decode("gbk") for lead in range(0xB0, 0xD7) for trail in range(0xA1, 0xFF)
]
"""The 3,755 common characters of GB 2312, by sound."""
READ_AS_ONE = [each for each in COMMON if as_utf_8(each) is not None]


def test_there_are_quality_words_that_pass_as_utf_8() -> None:
    assert {"停止", "通知", "校准", "泄漏", "未知", "停"} <= PASSING.keys()


@pytest.mark.parametrize("words", PASSING)
def test_a_quality_word_in_gbk_is_named_with_what_it_means(words: str) -> None:
    assert chinese_is_garbled(PASSING[words])
    assert words in save_as_utf_8(PASSING[words])


def test_nearly_every_pair_of_common_characters_is_found() -> None:
    read = [as_utf_8(each) or "" for each in READ_AS_ONE]
    found = [chinese_is_garbled(one + other) for one in read for other in read[::7]]
    assert len(found) > 50_000
    assert sum(found) / len(found) > 0.9


@given(st.lists(st.sampled_from(READ_AS_ONE), min_size=4, max_size=12).map("".join))
def test_a_longer_garbled_text_is_hardly_ever_missed(words: str) -> None:
    read = as_utf_8(words) or ""
    only_western = re.fullmatch(
        "[\u0080-\u017f\u01cd-\u01dc\u02c7-\u02cb\u0300-\u0362\u0370-\u052f]*", read
    )
    assert chinese_is_garbled(read) or only_western


@pytest.mark.parametrize("words", HONEST)
def test_honest_words_are_let_pass(words: str) -> None:
    assert not chinese_is_garbled(words)
    assert not has_bare_mark(words)


honest = st.text(
    st.one_of(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.sampled_from("°±\u00d7·²³µØ§Ωμ≥≤→①℃、。「」《》Åéüāǎǜ"),
        st.characters(min_codepoint=0xFF01, max_codepoint=0xFF5E),
    )
)


@given(honest)
def test_chinese_with_units_and_symbols_is_let_pass(words: str) -> None:
    assert not chinese_is_garbled(words)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_a_text_without_marks_has_no_bare_mark(words: str) -> None:
    assert not has_bare_mark(words)


def test_every_chinese_word_of_the_product_is_let_pass() -> None:
    words = [
        node.value
        for path in sorted((ROOT / "redrabbit").rglob("*.py"))
        if path.name not in {"garbled_text.py", "text.py"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    words += [
        line
        for folder in ("station_configs", "redrabbit")
        for ending in ("*.yaml", "*.po", "*.html")
        for path in sorted((ROOT / folder).rglob(ending))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert any("停" in each for each in words)
    assert [each for each in words if chinese_is_garbled(each)] == []
