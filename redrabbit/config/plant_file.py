"""plant.yaml: name, zone, lines, calendars, endpoints, failure modes, challenge parts, receivers.

What could be named but not read is kept as None, so that others who refer to it are not told that
it does not exist.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from redrabbit.base.sentence import sentence
from redrabbit.config.calendar_table import CALENDAR, read_calendar, shift_names
from redrabbit.config.codes import CODES, read_codes
from redrabbit.config.customer_programmes import PROGRAMMES, read_programmes
from redrabbit.config.endpoint import ENDPOINT, Endpoint, read_endpoint
from redrabbit.config.escalation import ROSTERS, RULES, read_escalation
from redrabbit.config.file_schema import (
    Bilingual,
    Block,
    Choice,
    Entry,
    Flag,
    Key,
    MapOf,
    Number,
    Section,
    Whole,
    Words,
)
from redrabbit.config.file_version import VERSION, is_newer
from redrabbit.config.located_yaml import Node
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.receivers import RECEIVERS, SECRET_PLACE, read_mail, read_receivers
from redrabbit.config.special_characteristics import (
    SPECIAL_CHARACTERISTICS,
    read_special_characteristics,
)
from redrabbit.config.spellings import (
    DATE,
    FAILURE_MODE,
    OWN_ADDRESS,
    PART_ID,
    SLUG,
    ZONE,
)
from redrabbit.config.watcher import WATCHER, read_watcher
from redrabbit.domain.approval import Approvable, ApprovalMode, ApprovalRules
from redrabbit.domain.challenge_part import Category, CertifiedValue, ChallengePart
from redrabbit.domain.customer_minimum import CustomerMinimum
from redrabbit.domain.escalation import Duty, Rule
from redrabbit.domain.identity import FailureMode, LineId, PartId, PartKindId
from redrabbit.domain.people_rules import USUAL_RULES, AskedQualification, PeopleRules, StatedNames
from redrabbit.domain.plant import Line, NotificationTarget, OutsideWatcher
from redrabbit.domain.scanned_code import AS_KNOWN, CodeForms
from redrabbit.domain.secret_place import SecretPlace
from redrabbit.domain.shift_calendar import ShiftCalendar
from redrabbit.domain.special_characteristic import SpecialCharacteristic
from redrabbit.domain.text import Text

T = TypeVar("T")
U = TypeVar("U")

MAX_USES: Final = 1_000_000

LINE: Final = Section(
    {
        "name": Key(Bilingual(), "The line's name."),
        "calendar": Key(SLUG, "Which of the calendars the line works by."),
    },
    "{name: …, calendar: …}",
)

PART: Final = Section(
    {
        "name": Key(Bilingual(), "What it is."),
        "category": Key(
            Choice({category.value: category for category in Category}), "Its category."
        ),
        "failure_mode": Key(FAILURE_MODE, "The defect a red rabbit shows.", required=False),
        "good_master": Key(Flag(), "True for a known good part.", required=False, default=False),
        "storage": Key(Words(), "Where it lives, for example drawer B3."),
        "valid_until": Key(DATE, "The last day on which it may be used."),
        "released": Key(Flag(), "Whether it may be used at all."),
        "wear_limit_uses": Key(Whole(1, MAX_USES), "How often it may be used.", required=False),
        "certified_on": Key(DATE, "When it was last certified.", required=False),
        "measured": Key(Words(), "Its measured value with unit.", required=False),
        "tolerance": Key(
            Number(),
            "How far a station's measurement of it may be from `measured`, in the same unit.",
            required=False,
        ),
    },
    "a part's mapping",
)

_MODE: Final = Choice({word.value: word for word in ApprovalMode})
APPROVAL: Final = Section(
    {
        **{
            what.value: Key(
                _MODE,
                f"{described} before: it waits as a request and has no effect until another entitled person "
                "signs it; after: it has effect, and another entitled person signs within the working hours "
                "below; alone: it is marked as decided by one person. Left out: none of these.",
                required=False,
            )
            for what, described in (
                (Approvable.RELEASE_PART, "Releasing a challenge part."),
                (Approvable.CLOSE_CONTAINMENT, "Closing a containment."),
                (Approvable.EXCUSE, "Excusing a scheduled check."),
                (
                    Approvable.APPROVE_PLAN,
                    "Approving a revision of the control plan, by who brought it.",
                ),
            )
        },
        "within_working_hours": Key(
            Whole(1, 240),
            "How long an approval may take, in hours in which a shift of the line is on.",
            required=False,
            default=24,
        ),
    },
    "{release_part: …, close_containment: …, excuse: …, approve_plan: …, within_working_hours: …}",
)

PEOPLE: Final = Section(
    {
        "stated_names": Key(
            Choice({word.value: word for word in StatedNames}),
            "Whether somebody may act as an operator in a name that nobody verified, once people are "
            "registered: at_stations, before an enrolled screen; or never.",
            required=False,
            default=StatedNames.AT_STATIONS,
        ),
        "qualification": Key(
            Choice({word.value: word for word in AskedQualification}),
            "What becomes of a run that an operator starts without a qualification for its station, device or check that "
            "holds: ask, it is refused; warn, it goes on and the record says so; ignore.",
            required=False,
            default=AskedQualification.IGNORE,
        ),
        "approval": Key(
            APPROVAL,
            "Which decisions of one person another one is to approve.",
            required=False,
        ),
    },
    "{stated_names: …, qualification: …, approval: …}",
)

PLANT: Final = Section(
    {
        "version": VERSION,
        "plant": Key(Words(), "The plant's name, as printed on records."),
        "zone": Key(ZONE, "The time zone of all times of day and dates."),
        "calendars": Key(MapOf(SLUG, CALENDAR, at_least=1), "Shift calendars by name."),
        "lines": Key(MapOf(SLUG, LINE, at_least=1), "The lines by id."),
        "endpoints": Key(MapOf(SLUG, ENDPOINT, at_least=1), "Where stations are reached."),
        "failure_modes": Key(
            MapOf(FAILURE_MODE, Bilingual(), at_least=1), "The words for each failure mode."
        ),
        "special_characteristics": Key(
            SPECIAL_CHARACTERISTICS,
            "Classes of special characteristics that plans may have; any if left out.",
            required=False,
        ),
        "customer_programmes": Key(
            PROGRAMMES, "How often customers want devices verified at least.", required=False
        ),
        "challenge_parts": Key(MapOf(PART_ID, PART, at_least=1), "Red rabbits and good masters."),
        "notifications": Key(RECEIVERS, "Who is told of what.", required=False, default=()),
        "codes": Key(CODES, "What badges and labels look like.", required=False),
        "mail": Key(
            SECRET_PLACE,
            "Where the address of the mail server stands by which people are reached, as Apprise has it.",
            required=False,
        ),
        "watcher": Key(WATCHER, "Who is told outside that the service is alive.", required=False),
        "rosters": Key(ROSTERS, "Who is on duty, when.", required=False, default=()),
        "escalation": Key(
            RULES,
            "In which steps people are told of an alarm until somebody takes it; left out: all at once.",
            required=False,
            default=(),
        ),
        "address": Key(
            OWN_ADDRESS,
            "Where people reach this service; links in messages begin with it.",
            required=False,
        ),
        "people": Key(PEOPLE, "What the plant decides about people.", required=False),
    },
    "a mapping with the plant's keys",
)


@dataclass(frozen=True)
class PlantFile:
    """plant.yaml as far as it could be read.

    A None in a mapping is named but broken; a mapping that is None is not known at all, so that
    nothing can be called unknown for its sake.
    """

    name: str = ""
    zone: ZoneInfo | None = None
    lines: Mapping[str, Line | None] | None = None
    calendars: Mapping[str, ShiftCalendar | None] = field(default_factory=dict)
    """By line."""
    endpoints: Mapping[str, Endpoint | None] | None = None
    failure_modes: Mapping[str, Text | None] | None = None
    parts: Mapping[str, ChallengePart | None] | None = None
    special: tuple[SpecialCharacteristic, ...] | None = ()
    minima: tuple[CustomerMinimum, ...] = ()
    targets: tuple[NotificationTarget, ...] = ()
    address: str | None = None
    codes: CodeForms = AS_KNOWN
    codes_place: SourcePosition | None = None
    """Where they stand; None: nowhere."""
    people: PeopleRules = USUAL_RULES
    watcher: OutsideWatcher | None = None
    mail: SecretPlace | None = None
    rules: tuple[Rule, ...] = ()
    rosters: Mapping[str, tuple[Duty, ...]] = field(default_factory=dict)


def read_plant_file(root: Node, problems: Problems) -> PlantFile:
    """Return what plant.yaml says, after noting what is wrong with it."""
    if is_newer(root, problems):
        return PlantFile()
    block = PLANT.read(root, problems)
    if block is None:
        return PlantFile()
    zone: ZoneInfo | None = block["zone"]
    modes = _by_key(block["failure_modes"], lambda entry: entry.value)
    calendars = _by_key(
        block["calendars"], lambda entry: read_calendar(entry.value, zone, problems)
    )
    targets = read_receivers(block["notifications"], block["address"], problems)
    lines = None if block["lines"] is None else [entry.key for entry in block["lines"]]
    known = (targets, lines, shift_names(block["calendars"]))
    rules, rosters = read_escalation(block["escalation"], block["rosters"], known, problems)
    special = read_special_characteristics(block["special_characteristics"], problems)
    are_readable = block["special_characteristics"] is not None
    is_told = are_readable or "special_characteristics" not in block
    codes = [each.code for each in special] if special is not None and is_told else None
    return PlantFile(
        name=block["plant"] or "",
        zone=zone,
        lines=_by_key(block["lines"], _line),
        calendars=_by_key(
            block["lines"], lambda entry: _calendar_of(entry.value, calendars, problems)
        )
        or {},
        endpoints=_by_key(block["endpoints"], lambda entry: read_endpoint(entry.value, problems)),
        failure_modes=modes,
        parts=_by_key(block["challenge_parts"], lambda entry: _part(entry, modes, problems)),
        special=special,
        minima=read_programmes(block["customer_programmes"], lines, codes, problems),
        targets=targets,
        address=block["address"],
        codes=read_codes(block["codes"]),
        codes_place=block.place_of("codes") if "codes" in block else None,
        people=_people(block["people"]),
        watcher=read_watcher(block["watcher"], problems),
        mail=read_mail(block["mail"], problems),
        rules=rules,
        rosters=rosters,
    )


def _people(block: Block | None) -> PeopleRules:
    if block is None or block["stated_names"] is None or block["qualification"] is None:
        return USUAL_RULES
    approval = block["approval"]
    return PeopleRules(
        stated_names=block["stated_names"],
        qualification=block["qualification"],
        approval=ApprovalRules() if approval is None else _approval(approval),
    )


def _approval(block: Block) -> ApprovalRules:
    modes = {what: block[what.value] for what in Approvable if block[what.value] is not None}
    return ApprovalRules(modes=modes, within=timedelta(hours=block["within_working_hours"] or 24))


def _by_key(
    entries: tuple[Entry[T], ...] | None, read: Callable[[Entry[T]], U]
) -> dict[str, U] | None:
    return None if entries is None else {entry.key: read(entry) for entry in entries}


def _line(entry: Entry[Block]) -> Line | None:
    if entry.value is None or not entry.value.complete:
        return None
    return Line(id=LineId(entry.key), name=entry.value["name"])


def _calendar_of(
    line: Block | None, calendars: Mapping[str, ShiftCalendar | None] | None, problems: Problems
) -> ShiftCalendar | None:
    name = line["calendar"] if line is not None else None
    if line is None or name is None:
        return None
    problems.refuse_unknown("calendar", name, line.place_of("calendar"), calendars)
    return (calendars or {}).get(name)


def _part(
    entry: Entry[Block], failure_modes: Mapping[str, Text | None] | None, problems: Problems
) -> ChallengePart | None:
    block = entry.value
    if block is None:
        return None
    before = len(problems.found)
    mode = block["failure_mode"]
    if mode is not None:
        problems.refuse_unknown("failure mode", mode, block.place_of("failure_mode"), failure_modes)
    if ("failure_mode" in block) == bool(block["good_master"]):
        found = "both" if "failure_mode" in block else "neither"
        problems.add(
            entry.place,
            sentence(
                "part {key} has {found} of failure_mode and good_master: true",
                key=entry.key,
                found=found,
            ),
            "exactly one of the two",
            "a red rabbit shows one known defect, a good master none",
        )
    certified = _certified(block, problems)
    if not block.complete or len(problems.found) > before:
        return None
    return ChallengePart(
        id=PartId(entry.key),
        kind=PartKindId(entry.key),
        name=block["name"],
        category=block["category"],
        failure_mode=FailureMode(mode) if mode is not None else None,
        storage=block["storage"],
        valid_until=block["valid_until"],
        released=block["released"],
        wear_limit_uses=block["wear_limit_uses"],
        certified_on=block["certified_on"],
        measured=block["measured"],
        certified=certified,
    )


_MEASURED: Final = re.compile(r"(?P<value>[-+]?[0-9]+(?:[.,][0-9]+)?)\s*(?P<unit>\D.*)?")


def _certified(block: Block, problems: Problems) -> CertifiedValue | None:
    """Return what a part measures as a number; None where it can't be compared."""
    tolerance: float | None = block["tolerance"]
    if tolerance is None:
        return None
    if tolerance <= 0:
        found = sentence("a tolerance of {tolerance:g}", tolerance=tolerance)
        problems.add(block.place_of("tolerance"), found, "more than 0, in the unit of measured")
        return None
    read = _MEASURED.fullmatch(block["measured"] or "")
    if read is None:
        found = sentence("tolerance without a measured value")
        if block["measured"]:
            found = sentence(
                "tolerance beside measured {measured!r}, which begins with no number",
                measured=block["measured"],
            )
        problems.add(
            block.place_of("tolerance"), found, "measured: a number and its unit, as 18.2 N·m"
        )
        return None
    value = float(read["value"].replace(",", "."))
    return CertifiedValue(value=value, tolerance=tolerance, unit=read["unit"])
