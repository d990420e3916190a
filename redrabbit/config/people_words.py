"""What a plant file decides about people, said in words: `redrabbit check-config --explain people`."""

from collections.abc import Iterator, Mapping
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.domain.approval import Approvable, ApprovalMode, ApprovalRules
from redrabbit.domain.people_rules import AskedQualification, PeopleRules, StatedNames

NAME: Final = "people"
"""What is explained; the key of `plant.yaml`."""

_STATED: Final[Mapping[StatedNames, Sentence]] = {
    StatedNames.AT_STATIONS: sentence(
        "stated_names: a name that nobody verified acts as an operator before an enrolled screen of a station, and nowhere else"
    ),
    StatedNames.NEVER: sentence("stated_names: a name that nobody verified acts nowhere"),
}
_ASKED: Final[Mapping[AskedQualification, Sentence]] = {
    AskedQualification.ASK: sentence(
        "qualification: an operator without one for the station, the device or the check can't start it"
    ),
    AskedQualification.WARN: sentence(
        "qualification: an operator without one may start, and the record says so"
    ),
    AskedQualification.IGNORE: sentence("qualification: nobody is asked for one"),
}
_DECISIONS: Final[Mapping[Approvable, Sentence]] = {
    Approvable.RELEASE_PART: sentence("releasing a challenge part"),
    Approvable.CLOSE_CONTAINMENT: sentence("closing a containment"),
    Approvable.EXCUSE: sentence("excusing a scheduled check"),
    Approvable.APPROVE_PLAN: sentence("approving a revision of the control plan"),
}


def explain_people(rules: PeopleRules) -> list[str]:
    """Return what holds once people are registered, line by line."""
    return [
        sentence("once people are registered:"),
        _STATED[rules.stated_names],
        _ASKED[rules.qualification],
        *_approvals(rules.approval),
    ]


def _approvals(rules: ApprovalRules) -> Iterator[Sentence]:
    for what, words in _DECISIONS.items():
        mode = rules.modes.get(what)
        if mode is ApprovalMode.AFTER:
            yield sentence(
                "approval, {what}: it has effect at once, and another person signs it within {hours:g} hours in which a shift of the "
                "line is on; else alarm approval_overdue",
                what=words,
                hours=rules.within.total_seconds() / 3600,
            )
        elif mode is ApprovalMode.BEFORE:
            yield sentence(
                "approval, {what}: it waits as a request, and has no effect before another person who may do it approves it",
                what=words,
            )
        elif mode is ApprovalMode.ALONE:
            yield sentence(
                "approval, {what}: one person decides, and the record is marked so", what=words
            )
        else:
            yield sentence("approval, {what}: nobody is asked (not named in approval)", what=words)
