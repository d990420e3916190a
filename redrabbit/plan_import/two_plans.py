"""Two files of control plans, compared as a whole: what stands above the table, and every line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.plan_import.difference import Change, differences
from redrabbit.plan_import.dry_run import DryRun

_HEAD: Final = (
    ("number", sentence("control plan number")),
    ("revision", sentence("revision")),
    ("date", sentence("revision date")),
    ("date_original", sentence("original date")),
    ("effective_from", sentence("effective from")),
    ("phase", sentence("phase")),
    ("part_numbers", sentence("part numbers")),
    ("change_levels", sentence("change levels")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoPlans:
    """What differs between two plans."""

    head: tuple[Sentence, ...]
    lines: tuple[Change, ...]

    @property
    def are_the_same(self) -> bool:
        """Tell whether nothing differs."""
        return not self.head and not self.lines


def compare_plans(before: DryRun, after: DryRun) -> TwoPlans:
    """Return what differs; neither of them has an error."""
    return TwoPlans(
        head=tuple(_head_differences(before, after)),
        lines=tuple(differences(before.lines, after.lines, is_whole=True)),
    )


def _head_differences(before: DryRun, after: DryRun) -> Iterator[Sentence]:
    for name, field in _HEAD:
        was, now = _text(before.plan[name]), _text(after.plan[name])
        if was != now:
            yield sentence("{field} {before} becomes {after}", field=field, before=was, after=now)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
