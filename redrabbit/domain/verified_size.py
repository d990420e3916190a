"""How far the entries of a ledger were verified, so that it is known again after a restart (D26).

Entries are read in rounds: each reads all of them from the first one on, and goes on after a restart where it was. What
came since is read before: so there are two places in the log. Up to one of them everything was read at some time; up to
the other it was read in the round that is under way. The next round begins with what was read longest ago.

The mark says this, signed with the log's key. It is believed only where it is of this log and fits the tree as it is now;
it can be removed, and an older one put in its place: then less is known, or a round skips what it had read when that was
written. That is why a round that began long ago is not gone on with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from redrabbit.domain.findings import TEXTS, Finding
from redrabbit.domain.ledger import (
    JsonValue,
    LogState,
    StreamHead,
    canonical_text,
    from_json,
    instant,
    instant_text,
)
from redrabbit.domain.merkle import Frontier

ROUND_MOST: Final = timedelta(days=30)
"""A round that has begun before is not gone on with, nor one that seems to begin so much later."""

_HEADING: Final = "red-rabbit verified 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedSize:
    """How far entries were verified."""

    upto: LogState = field(default_factory=LogState)
    """Every entry before was read at some time, and was as it was recorded."""
    upto_at: datetime | None = None
    """When the last of them was read; None: none was."""
    again: LogState = field(default_factory=LogState)
    """Every entry before was read in the round that is under way."""
    began_at: datetime | None = None
    """When that round began; None: none is under way."""
    whole_since: datetime | None = None
    """When the last round began that came to its end; every entry was read since."""
    whole_at: datetime | None = None
    """When that round ended, and with it the pass over records and file; None: none has."""
    findings: tuple[Finding, ...] = ()
    """What is not as it was recorded, and no whole pass has found mended."""

    def begun(self, now: datetime) -> "VerifiedSize":
        """Return the same with a round under way: the one before, unless it began too long ago, or something was found.

        What was found is looked for again from the first entry on.
        """
        began_at = None if self.findings else self.began_at
        if began_at is not None and abs(now - began_at) <= ROUND_MOST:
            return self
        return replace(self, again=LogState(), began_at=now)

    def read(self, log: LogState, now: datetime, *, again: bool) -> "VerifiedSize":
        """Return the same once all entries of this log were read; `again`: in the round, from its place on."""
        is_further = log.size >= self.upto.size
        return replace(
            self,
            again=log if again else self.again,
            upto=log if is_further else self.upto,
            upto_at=now if is_further else self.upto_at,
        )

    def back_to_round(self, now: datetime) -> "VerifiedSize":
        """Return the same where an entry behind the round's place is not as it was recorded: nothing counts from there on."""
        return replace(self, upto=self.again, upto_at=now if self.again.size else None)

    def round_ended(self) -> "VerifiedSize":
        """Return the same once a round has read the last entry: the next one begins with the first.

        Be records and file read or not: a service that never lives so long still reads all entries again and again.
        """
        return replace(self, again=LogState(), began_at=None)

    def ended(
        self, findings: Sequence[Finding], since: datetime | None, now: datetime
    ) -> "VerifiedSize":
        """Return the same once everything was read to its end, the first entry no earlier than `since`.

        What was found is kept until such an end at which nothing is.
        """
        done = replace(self.round_ended(), findings=tuple(findings))
        return done if findings else replace(done, whole_since=since, whole_at=now)

    def found(self, findings: Sequence[Finding]) -> "VerifiedSize":
        """Return the same with more that was found."""
        more = [each for each in findings if each not in self.findings]
        return replace(self, findings=(*self.findings, *more)) if more else self


def mark_text(origin: str, verified: VerifiedSize) -> str:
    """Return the text of the note that is signed; its second line keeps it apart from every other."""
    said: dict[str, JsonValue] = {
        "again": _place(verified.again),
        "findings": [_said(each) for each in verified.findings],
        "upto": _place(verified.upto),
    }
    for name in _INSTANTS:
        at: datetime | None = getattr(verified, name)
        said[name] = None if at is None else instant_text(at)
    return f"{origin}\n{_HEADING}\n{canonical_text(said)}\n"


def parse_mark(text: str, origin: str, frontier: Callable[[int], Frontier]) -> VerifiedSize:
    """Return what the text of a note says; ValueError unless it is a mark of this log that fits its tree.

    `frontier` looks up the frontier of the first entries of the log; what it raises comes out.
    """
    verified = _verified(_said_in(text, origin), frontier)
    if mark_text(origin, verified) != text:
        raise ValueError("it is not in the one form of a mark")
    return verified


def damage_in_mark(text: str, origin: str) -> tuple[Finding, ...]:
    """Return what a mark of this log says to be damaged, whatever the tree is now; ValueError if it is none.

    Where the tree itself is damaged no mark fits it, and what was found must not be forgotten with that.
    """
    return _findings(_said_in(text, origin))


def mark_of_new_round(text: str, origin: str) -> str:
    """Return the text of a mark of this log with no round under way: all entries are read again from the first one on.

    ValueError if it is no mark.
    """
    said = _said_in(text, origin)
    _findings(said)  # so it is an object that says what was found
    said |= {"again": _place(LogState()), "began_at": None}
    return f"{origin}\n{_HEADING}\n{canonical_text(said)}\n"


def _said_in(text: str, origin: str) -> Any:
    match text.split("\n"):
        case [found, heading, said, ""] if (found, heading) == (origin, _HEADING):
            return from_json(said)
    raise ValueError("it is no mark of how far this ledger was verified")


def _verified(said: Any, frontier: Callable[[int], Frontier]) -> VerifiedSize:
    try:
        return VerifiedSize(
            upto=_log(said["upto"], frontier),
            again=_log(said["again"], frontier),
            findings=_findings(said),
            **{name: None if said[name] is None else instant(said[name]) for name in _INSTANTS},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it does not say all that a mark says: {error!r}") from error


def _place(log: LogState) -> JsonValue:
    streams: dict[str, JsonValue] = {
        name: [head.next_seq, head.leaf.hex()] for name, head in log.heads.items()
    }
    return {"root": log.root.hex(), "size": log.size, "streams": streams}


def _log(said: Mapping[str, Any], frontier: Callable[[int], Frontier]) -> LogState:
    tree = frontier(said["size"])
    if tree.root.hex() != said["root"]:
        raise ValueError(f"the first {tree.size} entries are not those that were verified")
    heads = {
        name: StreamHead(next_seq, bytes.fromhex(leaf))
        for name, (next_seq, leaf) in said["streams"].items()
    }
    return LogState(tree=tree, heads=heads)


def _said(finding: Finding) -> JsonValue:
    return {"code": finding.code, "params": dict(finding.params), "place": finding.place}


def _findings(said: Any) -> tuple[Finding, ...]:
    try:
        return tuple(_finding(each) for each in said["findings"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"it does not say what was found: {error!r}") from error


def _finding(said: Mapping[str, Any]) -> Finding:
    if said["code"] not in TEXTS:
        raise ValueError(f"{said['code']!r} is nothing that is found")
    return Finding(code=said["code"], place=said["place"], params=dict(said["params"]))


_INSTANTS: Final = ("upto_at", "began_at", "whole_since", "whole_at")
