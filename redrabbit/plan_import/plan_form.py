"""Our own form of a control plan: its columns with their headers, and what each of them wants.

Every header is one that the import knows, so that what is filled in comes back as what was meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.plan_import.header_words import Column, Label

LANGUAGES: Final = ("en", "zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One column of the form."""

    column: Column
    header: Mapping[str, str]
    """By language, in words that the import knows."""
    about: Sentence
    """What stands in it."""
    width: int
    in_template: bool = True
    """Whether the empty form has it; else only a plan that is written out."""


def _heading(
    column: Column, en: str, zh: str, width: int, about: Sentence, *, in_template: bool = True
) -> Heading:
    return Heading(
        column=column,
        header={"en": en, "zh": zh},
        about=about,
        width=width,
        in_template=in_template,
    )


HEADINGS: Final = (
    _heading(
        Column.PROCESS_NUMBER,
        "Process number",
        "过程编号",
        10,
        sentence("the number of the process, for example 20"),
    ),
    _heading(
        Column.PROCESS_NAME,
        "Process name/operation description",
        "过程名称/操作描述",
        24,
        sentence("what is done there"),
    ),
    _heading(
        Column.MACHINE,
        "Machine, device, jig, tools for mfg",
        "机器、装置、夹具、工装",
        24,
        sentence("the machine or device in words"),
    ),
    _heading(
        Column.CHARACTERISTIC_NUMBER,
        "Characteristic no.",
        "特性编号",
        10,
        sentence("the number of the line within its process; each line has its own"),
    ),
    _heading(
        Column.CHARACTERISTIC,
        "Characteristic",
        "特性",
        24,
        sentence("what the line is about"),
    ),
    _heading(
        Column.SPECIAL,
        "Special characteristic",
        "特殊特性",
        10,
        sentence("CC, SC and so on; empty where it is none"),
    ),
    _heading(
        Column.DEVICE,
        "Device ID",
        "防错装置编号",
        22,
        sentence(
            "the id of the error-proofing device that is verified; empty in a line without one"
        ),
    ),
    _heading(
        Column.PARTS,
        "Challenge parts",
        "挑战件",
        24,
        sentence(
            "the numbers of all challenge parts and good masters in the order in which they are presented, with a comma between them"
        ),
    ),
    _heading(
        Column.FREQUENCY,
        "Frequency",
        "频率",
        24,
        sentence("when the device is verified; several moments with ; between them"),
    ),
    _heading(
        Column.OPENS_BEFORE,
        "Opens before",
        "可提前",
        10,
        sentence("how long before its due time it may be verified, for example 30 min"),
    ),
    _heading(
        Column.GRACE,
        "Grace",
        "宽限",
        10,
        sentence("how long after its due time it is overdue, for example 30 min"),
    ),
    _heading(
        Column.CLOSES_AFTER,
        "Closes after",
        "关闭时限",
        10,
        sentence("how long after its due time it has lapsed if nobody did it, for example 4 h"),
    ),
    _heading(
        Column.LEAST_GRADE,
        "Least grade",
        "最低证据等级",
        10,
        sentence("the lowest grade of evidence that counts, A to E; empty: any"),
    ),
    _heading(
        Column.REACTION,
        "Reaction plan",
        "反应计划",
        44,
        sentence(
            "what is done when the device does not detect the part; each step on a line of its own, with its number"
        ),
    ),
    _heading(
        Column.REACTION_ALSO,
        "Reaction plan (Chinese)",
        "反应计划（英文）",
        44,
        sentence("the same steps in the other language, or nothing"),
    ),
    _heading(
        Column.PFMEA,
        "PFMEA line / rev",
        "PFMEA项次",
        16,
        sentence("the line of the PFMEA with its revision, for example 12.4 rev C"),
    ),
    _heading(
        Column.FAILURE_MODE,
        "Failure mode",
        "失效模式",
        24,
        sentence("what the challenge parts show"),
    ),
    _heading(
        Column.OWNER, "Owner", "责任人", 16, sentence("who answers for the line")
    ),
    _heading(
        Column.ARMING_TIMEOUT,
        "Arming timeout",
        "扫码到放入时限",
        10,
        sentence("from the scan until the part is presented"),
        in_template=False,
    ),
    _heading(
        Column.RETURN_TIMEOUT,
        "Return timeout",
        "样件归还时限",
        10,
        sentence("from the answer until the part is scanned back"),
        in_template=False,
    ),
    _heading(
        Column.RUN_TIMEOUT,
        "Run timeout",
        "单次验证时限",
        10,
        sentence("how long a verification may take"),
        in_template=False,
    ),
    _heading(
        Column.INCONCLUSIVE_RUNS,
        "Inconclusive runs",
        "无结论次数上限",
        10,
        sentence("after so many inconclusive runs the quality engineer is told"),
        in_template=False,
    ),
    _heading(
        Column.CHECK,
        "Check ID",
        "验证项编号",
        24,
        sentence("the id of the check, which never changes; empty in a new line"),
        in_template=False,
    ),
)  # fmt: skip

LABELS: Final[Mapping[Label, Mapping[str, str]]] = {
    Label.NUMBER: {"en": "Control plan number", "zh": "控制计划编号"},
    Label.REVISION: {"en": "Revision", "zh": "版本号"},
    Label.DATE: {"en": "Revision date", "zh": "修订日期"},
    Label.EFFECTIVE_FROM: {"en": "Effective from", "zh": "生效日期"},
    Label.PART_NUMBERS: {"en": "Part number/latest change level", "zh": "零件号/最新更改水平"},
    Label.PHASE: {"en": "Phase", "zh": "阶段"},
}
"""What stands above the table, in this order."""

PHASES: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("Production", "Safe launch", "Pre-launch", "Prototype"),
    "zh": ("生产", "安全投产", "试生产", "样件"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the lists of the form offer."""

    devices: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    frequencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """A form with what stands in it; without rows, the empty one."""

    language: str
    headings: tuple[Heading, ...]
    head: Mapping[Label, str] = field(default_factory=dict)
    rows: tuple[Mapping[Column, str], ...] = ()
    choices: Choices = field(default_factory=Choices)

    def table(self) -> list[list[str]]:
        """Return its cells row by row: two labels with their values a row, an empty row, the header, the lines."""
        pairs = [(names[self.language], self.head.get(each, "")) for each, names in LABELS.items()]
        top = [[*pairs[number], "", *pairs[number + 1]] for number in range(0, len(pairs), 2)]
        header = [each.header[self.language] for each in self.headings]
        lines = [[row.get(each.column, "") for each in self.headings] for row in self.rows]
        return [*top, [], header, *lines]


HEADER_ROW: Final = len(LABELS) // 2 + 2
"""The row of the header, from 1."""


def empty_form(language: str, choices: Choices) -> FilledForm:
    """Return the form for a plant to fill in."""
    headings = tuple(each for each in HEADINGS if each.in_template)
    return FilledForm(language=language, headings=headings, choices=choices)
