"""Why a station rejected: what its reject code has told since the part was presented (L2, D31).

A code is a level that stays until the next one: that it can be read says nothing about when it was told.
It is told anew only where it was seen to change since the part was presented. A code that stood there
all the time may be the last part's reason; a PLC often sets the bit first and writes the code a scan
later. Nothing here judges; `redrabbit.domain.verdict` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from redrabbit.domain.condition import same_value
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Value
from redrabbit.domain.rule import DetectionRule

Known = Mapping[SignalName, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectReason:
    """The reason as told for the part before the device."""

    before: Value | None = None
    """The code that stood when the part was presented; None: not known."""
    standing: Value | None = None
    """The code as it was last read, at or since the presentation; None: not known."""
    told: Value | None = None
    """The reason: the last one told anew, else the one that stood when the part was rejected."""
    renewed: bool = False
    """Whether `told` was seen to come since the part was presented."""


NOTHING_TOLD: Final = RejectReason()


def stood(known: Known, rule: DetectionRule) -> RejectReason:
    """Return what is known at the presentation: the code that stands there tells nothing yet."""
    code = _code(known, rule)
    return RejectReason(before=code, standing=code)


def heard(
    reason: RejectReason, known: Known, expected: Expectation, *, rejected: bool
) -> RejectReason:
    """Return the reason with one more reading of the code since the presentation.

    `known` are the good values now. `rejected`: the part was rejected before this reading. From then
    on a wrong reason that was told anew stays, whatever follows. A code that goes takes none back: many
    stations show it for 100 ms only.
    """
    code, before = _code(known, expected.rule), reason.standing
    if code is None:
        return reason
    read = replace(reason, standing=code)
    if not is_reason(code, expected.rule) or _is_back(code, reason, expected):
        return read
    if before is None or same_value(code, before):
        return replace(read, told=code) if rejected and reason.told is None else read
    wrong = reason.told is not None and not is_expected(reason.told, expected.code)
    if rejected and reason.renewed and wrong:
        return read
    return replace(read, told=code, renewed=True)


def at_rejection(
    reason: RejectReason, rule: DetectionRule, read: frozenset[SignalName]
) -> RejectReason:
    """Return the reason as it is when the part is rejected: if none came anew, the one that stands.

    `read` are the signals read since the presentation: a code that was not is no reason.
    """
    code = reason.standing if rule.reject_code in read else None
    if reason.told is not None or code is None or not is_reason(code, rule):
        return reason
    return replace(reason, told=code)


def is_expected(code: Value | None, expected: Value | None) -> bool:
    """Return whether a code is the one that the part's failure mode must give."""
    return code is not None and expected is not None and same_value(code, expected)


def is_reason(code: Value, rule: DetectionRule) -> bool:
    """Return whether a code names a reason: 0 and an empty text do only where they are declared."""
    if _is_declared(code, rule):
        return True
    return bool(code.strip() if isinstance(code, str) else code)


def _is_back(code: Value, reason: RejectReason, expected: Expectation) -> bool:
    """Return whether a code only went back to what stood before the part came, as `OK` does.

    Where it is declared for a failure mode it is a reason all the same.
    """
    if _is_declared(code, expected.rule) or is_expected(code, expected.code):
        return False
    before, last = reason.before, reason.standing
    if before is None or last is None or not is_reason(last, expected.rule):
        return False
    return same_value(code, before)


def _is_declared(code: Value, rule: DetectionRule) -> bool:
    return any(same_value(code, declared) for declared in rule.reject_codes.values())


def _code(known: Known, rule: DetectionRule) -> Value | None:
    return known.get(rule.reject_code) if rule.reject_code is not None else None
