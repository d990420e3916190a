"""A machine with its device, as it really is: what it shows, and what it did with our part.

Knows nothing of how it is read. The truth about a run stands here and nowhere else.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

RIGHT_CODE, OTHER_CODE = 11, 12
WITHIN_S = 2.0
"""What every rule allows the device."""

Value = bool | int | str


class Answer(Enum):
    """What the device does with our part."""

    REJECTS = "rejects"
    ACCEPTS = "accepts"
    NOTHING = "nothing"


class Code(Enum):
    """How the machine tells why it rejects."""

    RIGHT = "right"
    RIGHT_LATER = "right, 250 ms after the bit"
    OTHER = "another reason"
    OTHER_LATER = "the last reason still stands, another comes 250 ms after the bit"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happens at one machine."""

    starts_after_s: float = 0.0
    part_after_s: float = 1.5
    """From the scan to the part in its place."""
    answer: Answer = Answer.REJECTS
    answers_after_s: float = 0.3
    stands_for_s: float = 20.0
    code: Code = Code.RIGHT
    leftover_s: float | None = None
    """So long after our part came the answer for the part before goes off; ours comes later then."""
    part_before_s: float | None = None
    """A production part comes at the scan, and leaves so long before ours comes."""
    leaves_after_s: float | None = None
    """Our part is taken out so early, and a production part comes, which the device rejects."""
    next_is_labelled: bool = True
    """That one has a label that the machine can read."""
    taps_after_s: float = 0.0
    """From the part in its place to the operator's tap, where one is asked for."""


class Machine:
    """One machine; `on_change` is called whenever what it shows has changed."""

    def __init__(self, story: Story, part: str) -> None:
        self.story = story
        self.part = part
        self.values: dict[str, Value] = {
            "part_present": False,
            "part_code": "",
            "rejected": False,
            "accepted": False,
            "code": 0,
            "result": 0,
            "rejects": 7,
            "accepts": 70,
            "made": 1000,
        }
        if story.code is Code.OTHER_LATER:
            self.values["code"] = RIGHT_CODE
        self.on_change: Callable[[], None] = lambda: None
        self.put_in_at: float | None = None
        self.tapped_at: float | None = None
        self.rejected_at: float | None = None
        self.foreign_came = False
        """A part that is not ours came into the place after the scan."""
        self.foreign_rejected = False
        """It shows that it rejected a part that is not ours, after the scan."""
        self._loop = asyncio.get_running_loop()
        self._ours_is_in = self.is_over = False

    def scanned(self) -> None:
        """The operator has scanned our part, and brings it."""
        story = self.story
        if story.part_before_s is not None:
            self.foreign_came = True
            self._show(part_present=True, part_code="SN-1")
            self._later(max(0.0, story.part_after_s - story.part_before_s), self._empty)
        if story.leftover_s is not None:
            self.foreign_rejected = True
            self._show(rejected=True, result=2)
            self._later(story.part_after_s + story.leftover_s, self._off)
        self._later(story.part_after_s, self._put_in)

    def _put_in(self) -> None:
        story = self.story
        self.put_in_at, self._ours_is_in = self._loop.time(), True
        self._show(part_present=True, part_code=self.part, made=self._more("made"))
        if story.answer is not Answer.NOTHING:
            self._later(story.answers_after_s, self._answer)
        if story.leaves_after_s is not None:
            self._later(story.leaves_after_s, self._next_part)

    def _answer(self) -> None:
        if not self._ours_is_in:
            return
        story = self.story
        if story.answer is Answer.ACCEPTS:
            self._show(accepted=True, result=1, accepts=self._more("accepts"))
        else:
            self.rejected_at = self._loop.time()
            self._show(rejected=True, result=2, rejects=self._more("rejects"), **self._code())
            if story.code in {Code.RIGHT_LATER, Code.OTHER_LATER}:
                late = RIGHT_CODE if story.code is Code.RIGHT_LATER else OTHER_CODE
                self._later(0.25, lambda: self._show(code=late))
        self._later(story.stands_for_s, self._off)

    def _code(self) -> dict[str, Value]:
        found = {Code.RIGHT: RIGHT_CODE, Code.OTHER: OTHER_CODE}.get(self.story.code)
        return {} if found is None else {"code": found}

    def _next_part(self) -> None:
        """Ours goes, and the next one comes and is rejected for the same reason."""
        self._empty()
        self._later(0.6, self._production_part)

    def _production_part(self) -> None:
        self.foreign_came = True
        label = "SN-2" if self.story.next_is_labelled else ""
        self._show(part_present=True, part_code=label, made=self._more("made"))
        self._later(0.3, self._reject_production_part)

    def _reject_production_part(self) -> None:
        self.foreign_rejected = True
        self._show(rejected=True, result=2, rejects=self._more("rejects"), code=RIGHT_CODE)

    def tapped(self) -> None:
        """The operator says that our part is in its place."""
        self.tapped_at = self._loop.time()

    def taken_out(self) -> None:
        """The operator takes out whatever is there; nothing more happens."""
        self.is_over = True
        self._empty()
        self._off()

    def _empty(self) -> None:
        self._ours_is_in = False
        self._show(part_present=False, part_code="")

    def _off(self) -> None:
        self._show(rejected=False, accepted=False, result=0)

    def _more(self, counter: str) -> int:
        return int(self.values[counter]) + 1

    def _show(self, **values: Value) -> None:
        self.values.update(values)
        self.on_change()

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        def do() -> None:
            if not self.is_over:
                what()

        self._loop.call_later(seconds, do)

    # The truth ------------------------------------------------------------------------------------

    @property
    def rejected_in_time(self) -> bool:
        """Whether the device rejected our part within the rule's time.

        Where the operator's tap says *presented* it counts from the tap.
        """
        begins_at = self.put_in_at if self.tapped_at is None else self.tapped_at
        if begins_at is None or self.rejected_at is None:
            return False
        return self.rejected_at - begins_at <= WITHIN_S

    @property
    def gave_the_right_reason(self) -> bool:
        """Whether it told why, where it tells at all."""
        return self.story.code in {Code.RIGHT, Code.RIGHT_LATER}
