"""The coverage matrix and its gaps in words, for a terminal and for a workbook."""

from collections.abc import Mapping
from typing import Final

from redrabbit.base.messages import zoned
from redrabbit.base.sentence import Sentence, said, sentence
from redrabbit.base.text_workbook import new_workbook, packed, put_table
from redrabbit.domain.coverage import Coverage, Covered, Gap, GapKind
from redrabbit.domain.plant import Plant
from redrabbit.plan_import.trigger import Frequency, On, Trigger
from redrabbit.plan_import.trigger_words import frequency_in_words

UNKNOWN: Final = (
    sentence("owners of reactions"),
    sentence("detection ratings of the PFMEA"),
    sentence("failure modes of the PFMEA that no device has"),
)
"""What a coverage matrix has, too, and the product does not know yet."""
KINDS: Final[Mapping[GapKind, Sentence]] = {
    GapKind.DEVICE_WITHOUT_CHECK: sentence("device without a check"),
    GapKind.MODE_WITHOUT_PART: sentence("failure mode without a challenge part"),
    GapKind.CHECK_WITHOUT_MASTER: sentence("check without a good master"),
    GapKind.CHECK_NEVER_DUE: sentence("check that is never due"),
    GapKind.EVENT_WITHOUT_SIGNAL: sentence("event that no signal tells of"),
    GapKind.PART_AT_SEVERAL_DEVICES: sentence("part at several devices"),
    GapKind.PART_EXPIRES_FIRST: sentence("part that expires before the check is due"),
    GapKind.PART_UNFIT: sentence("part that may not be used"),
    GapKind.WINDOWS_OVERLAP: sentence("due again before the window is closed"),
    GapKind.GRADE_BELOW_DEMANDED: sentence("grade below the one demanded"),
}
_STATES: Final[Mapping[str, Sentence]] = {
    "unreleased": sentence("not released"),
    "quarantined": sentence("in quarantine"),
    "retired": sentence("retired"),
}
_COLUMNS: Final = (
    (sentence("line"), 12),
    (sentence("station"), 16),
    (sentence("device"), 24),
    (sentence("failure mode"), 28),
    (sentence("plan line"), 10),
    (sentence("check"), 32),
    (sentence("part"), 14),
    (sentence("grade"), 8),
    (sentence("demanded"), 10),
    (sentence("due next"), 24),
    (sentence("gaps"), 50),
)
_GAP_COLUMNS: Final = (
    (sentence("line"), 12),
    (sentence("station"), 16),
    (sentence("device"), 24),
    (sentence("gap"), 34),
    (sentence("what is missing"), 90),
)
_SHEETS: Final = (sentence("Coverage"), sentence("Gaps"))


def gap_in_words(gap: Gap, plant: Plant) -> Sentence:
    """Return one gap as a sentence: what is missing, and where."""
    check, part = gap.check or "-", gap.part or "-"
    at = "-" if gap.at is None else zoned(gap.at, plant.zone)
    match gap.kind:
        case GapKind.DEVICE_WITHOUT_CHECK:
            return sentence("{device}: no check verifies it", device=gap.device)
        case GapKind.MODE_WITHOUT_PART:
            return sentence(
                "{device}: no challenge part of its checks shows {mode}",
                device=gap.device,
                mode=gap.failure_mode,
            )
        case GapKind.CHECK_WITHOUT_MASTER:
            return sentence(
                "{check}: no good master: a device that rejects everything would pass (R05)",
                check=check,
            )
        case GapKind.CHECK_NEVER_DUE:
            return sentence("{check}: it is never due by itself", check=check)
        case GapKind.EVENT_WITHOUT_SIGNAL:
            event = Trigger(on=On(gap.told["event"]))
            return sentence(
                "{check}: due {moment}, which no signal tells of: where nobody tells of it, nothing is due",
                check=check,
                moment=frequency_in_words(Frequency(triggers=(event,))),
            )
        case GapKind.PART_AT_SEVERAL_DEVICES:
            return sentence(
                "{check}: {part} goes before {others}, too",
                check=check,
                part=part,
                others=gap.told["others"],
            )
        case GapKind.PART_EXPIRES_FIRST:
            return sentence(
                "{check}: {part} is valid until {valid_until}, and is needed at {at}",
                check=check,
                part=part,
                valid_until=gap.told["valid_until"],
                at=at,
            )
        case GapKind.PART_UNFIT:
            return sentence(
                "{check}: {part} may not be used: {state}",
                check=check,
                part=part,
                state=_STATES[gap.told["state"]],
            )
        case GapKind.WINDOWS_OVERLAP:
            return sentence(
                "{check}: it is due again at {at}, before its window is closed", check=check, at=at
            )
        case GapKind.GRADE_BELOW_DEMANDED:
            return sentence(
                "{check}: the plan demands grade {demanded}, and {device} surely reaches {grade} only",
                check=check,
                demanded=gap.told["demanded"],
                device=gap.device,
                grade=gap.told["grade"],
            )


def cells_of(row: Covered, plant: Plant, language: str) -> list[str]:
    """Return one row of the matrix as it is shown; ids, the words of the failure mode, and its gaps."""
    modes = plant.failure_modes
    mode = row.failure_mode
    due = "" if row.due_at is None else zoned(row.due_at, plant.zone)
    return [
        row.line,
        row.station,
        row.device,
        f"{modes[mode].in_language(language)} ({mode})" if mode in modes else mode,
        row.plan_line or "",
        row.check or "",
        row.part or "",
        row.grade.value,
        "" if row.demanded is None else row.demanded.value,
        due,
        "; ".join(said(KINDS[kind], language) for kind in row.gaps),
    ]


def workbook(found: Coverage, plant: Plant, language: str) -> bytes:
    """Return matrix and gaps as XLSX, in a language."""
    book = new_workbook(*(said(name, language) for name in _SHEETS))
    matrix, gaps = book.worksheets
    put_table(
        matrix,
        [said(name, language) for name, _ in _COLUMNS],
        [cells_of(row, plant, language) for row in found.rows],
        [width for _, width in _COLUMNS],
    )
    put_table(
        gaps,
        [said(name, language) for name, _ in _GAP_COLUMNS],
        [
            [
                gap.line,
                gap.station,
                gap.device,
                said(KINDS[gap.kind], language),
                said(gap_in_words(gap, plant), language),
            ]
            for gap in found.gaps
        ],
        [width for _, width in _GAP_COLUMNS],
    )
    return packed(book)
