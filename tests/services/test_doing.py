"""The door for what people do: what is refused is named, a key does an act once, restart or not."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain import acts, permissions
from redrabbit.domain.acts import Act
from redrabbit.domain.calendar_acts import CALENDAR_ACTS
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.identity import (
    AlarmId,
    CheckId,
    ContainmentId,
    How,
    OccurrenceId,
    PartId,
    RunId,
    SignalName,
)
from redrabbit.domain.people_acts import PEOPLE_ACTS
from redrabbit.domain.plan_acts import PLAN_ACTS
from redrabbit.domain.records import (
    AlarmRecord,
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
)
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.role import Role
from redrabbit.domain.rule import HeldFeed
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.people_commands import PEOPLE_COMMANDS
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, a_check, a_plant, a_station
from tests.services.people_served import a_person, named, with_administrator
from tests.services.served import ANNA, LI, START, Served

PART = PartId("RR-0001")
QUARANTINE = acts.QuarantinePart(part_id=PART, reason="dropped")


def last_entry(served: Served) -> tuple[str, object, object]:
    last: Any = served.database.read_now(lambda reader: reader.entries())[-1]
    return last.type, last.payload.get("code"), last.payload.get("refusal")


async def refused(served: Served, act: Act[Any], key: str | None = None, actor: Any = ANNA) -> str:
    with pytest.raises(Refusal) as refusal:
        await served.service.do(act, actor, key)
    return refusal.value.code


# What is refused


async def test_a_wrong_part_given_back_is_refused_and_kept() -> None:
    """B25."""
    served = await Served.opened()
    run = await served.awaiting_return()
    assert await refused(served, acts.GiveBackPart(run_id=run, code=" RR-0002 ")) == (
        "wrong_part_back"
    )
    assert last_entry(served) == ("scan_refused", "RR-0002", "wrong_part_back")


async def test_a_scan_for_a_closed_run_says_that_it_is_closed() -> None:
    served = await Served.opened()
    run = RunId((await served.start()).run_id)
    await served.service.do(acts.AbortRun(run_id=run, reason="gloves"), ANNA)
    assert await refused(served, acts.ScanPart(run_id=run, code=PART)) == "run_closed"


async def test_acts_about_what_is_not_there_are_refused_by_name() -> None:
    served = await Served.opened()
    nowhere = RunId("line1-R-99")
    assert await refused(served, acts.ConfirmRun(run_id=nowhere)) == "no_such_run"
    assert await refused(served, acts.ScanPart(run_id=nowhere, code=PART)) == "no_such_run"
    assert await refused(served, replace(START, check_id="no")) == "no_such_check"  # type: ignore[arg-type]  # because it is none


@pytest.mark.parametrize("station", ["\x1b[8m\u202eEvil\0\nline", "A" * 3000, "", "no-such-op"])
async def test_nobody_acts_at_a_station_that_is_none(station: str) -> None:
    """D23: an address that somebody made up is never signed, whatever is asked there."""
    served = await Served.opened()
    run = RunId((await served.start()).run_id)
    size, there = len(served.types()), replace(ANNA, station=station)
    for act in (
        START,
        QUARANTINE,
        acts.ScanPart(run_id=run, code="wrong"),
        acts.AbortRun(run_id=run, reason="gloves"),
        acts.RemarkOnRun(run_id=run, text="gloves"),
    ):
        assert await refused(served, act, "key", there) == "no_such_station"
    assert len(served.types()) == size


async def test_a_run_is_worked_at_its_own_station_only() -> None:
    """Who stood before another station's screen did not do it there."""
    served = await Served.opened(a_plant(a_check(), a_check(CheckId("op30-torque"), OP30)))
    there = replace(ANNA, station=OP30)
    assert await refused(served, START, actor=there) == "other_station"
    run = RunId((await served.start()).run_id)
    size = len(served.types())
    for act in (
        acts.ScanPart(run_id=run, code="wrong"),
        acts.GiveBackPart(run_id=run, code=PART),
        acts.SayPresented(run_id=run),
        acts.ConfirmRun(run_id=run),
        acts.AbortRun(run_id=run, reason="gloves"),
    ):
        assert await refused(served, act, actor=there) == "other_station"
    assert len(served.types()) == size
    await served.service.do(acts.AbortRun(run_id=run, reason="gloves"), replace(ANNA, station=OP20))


async def test_nobody_acts_without_a_role_that_allows_it() -> None:
    """D47: asked inside the command, for acts on records, on runs, and for starts."""
    served = await Served.opened()
    run = RunId((await served.start()).run_id)
    stranger = replace(ANNA, how=How.TOKEN)
    for act in (QUARANTINE, acts.AbortRun(run_id=run, reason="gloves")):
        assert await refused(served, act, "key", stranger) == "not_permitted"
    await served.service.do(acts.AbortRun(run_id=run, reason="gloves"), ANNA)
    size = len(served.types())
    assert await refused(served, START, "key", stranger) == "not_permitted"
    assert len(served.types()) == size
    assert served.agent.queues[OP20].owner.run is None


async def test_a_role_is_asked_for_the_very_act() -> None:
    """A parts keeper takes a part out of use and never releases it (D65)."""
    served = await with_administrator()
    keeper = await a_person(served, "Wang", Role.PARTS_KEEPER)
    await served.service.do(QUARANTINE, keeper)
    assert await refused(served, acts.ReleasePart(part_id=PART), actor=keeper) == "not_permitted"


# Once only


async def case_of(served: Served) -> ContainmentRecord:
    """Have a miss, and return its case."""
    run = RunId((await served.start()).run_id)
    await served.service.do(acts.ScanPart(run_id=run, code=PART), ANNA)
    await served.put_in(accepted=True)
    await served.service.do(acts.GiveBackPart(run_id=run, code=PART), ANNA)
    await served.service.do(acts.ConfirmRun(run_id=run), ANNA)
    (case,) = served.database.read_now(lambda reader: reader.find(ContainmentRecord))
    return case


async def a_start(_served: Served) -> Act[Any]:
    return START


async def a_scan(served: Served) -> Act[Any]:
    return acts.ScanPart(run_id=RunId((await served.start()).run_id), code=PART)


async def a_giving_back(served: Served) -> Act[Any]:
    return acts.GiveBackPart(run_id=await served.awaiting_return(), code=PART)


async def a_confirmation(served: Served) -> Act[Any]:
    run = RunId((await served.start()).run_id)
    await served.service.do(acts.ScanPart(run_id=run, code=PART), ANNA)
    await served.put_in(accepted=True)
    await served.service.do(acts.GiveBackPart(run_id=run, code=PART), ANNA)
    return acts.ConfirmRun(run_id=run)


async def an_abortion(served: Served) -> Act[Any]:
    return acts.AbortRun(run_id=RunId((await served.start()).run_id), reason="gloves")


async def an_excuse(served: Served) -> Act[Any]:
    (due,) = served.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    return acts.Excuse(occurrence_id=OccurrenceId(due.occurrence_id), reason="no parts")


async def a_pause(served: Served) -> Act[Any]:
    now = served.clock.now()
    return acts.DeclarePause(
        line=LINE, begins_at=now, ends_at=now + timedelta(hours=1), reason="no orders"
    )


async def the_end_of_a_pause(served: Served) -> Act[Any]:
    declared: PauseRecord = await served.service.do(await a_pause(served), ANNA)
    served.pass_time(60)
    return acts.EndPause(pause_id=declared.pause_id)


async def an_event(_served: Served) -> Act[Any]:
    return acts.TellEvent(line=LINE, station=OP20, event=PlantEvent.CHANGEOVER)


async def a_stop(served: Served) -> Act[Any]:
    return acts.RecordStop(containment_id=ContainmentId((await case_of(served)).containment_id))


async def a_reaction(served: Served) -> Act[Any]:
    case = await case_of(served)
    return acts.TickReaction(containment_id=ContainmentId(case.containment_id), step=0)


async def an_alternate(served: Served) -> Act[Any]:
    case = await case_of(served)
    return acts.RecordAlternate(
        containment_id=ContainmentId(case.containment_id), reason="gauge", box_label="SN 7"
    )


async def a_repair(served: Served) -> Act[Any]:
    case = await case_of(served)
    return acts.RecordRepair(
        containment_id=ContainmentId(case.containment_id),
        repair=RepairCode.LENS_CLEANED,
        text=None,
    )


async def a_closing(served: Served) -> Act[Any]:
    case = await case_of(served)
    return acts.CloseContainment(containment_id=ContainmentId(case.containment_id))


async def a_quarantine(_served: Served) -> Act[Any]:
    return QUARANTINE


async def a_release(served: Served) -> Act[Any]:
    await served.service.do(QUARANTINE, ANNA)
    return acts.ReleasePart(part_id=PART)


async def an_acknowledgement(served: Served) -> Act[Any]:
    await served.write(lambda uow: raise_alarm(uow, AlarmKind.ESCAPE, at=uow.now, line=LINE))
    (alarm,) = served.database.read_now(lambda reader: reader.find(AlarmRecord))
    return acts.AcknowledgeAlarm(alarm_id=AlarmId(alarm.alarm_id))


EACH = (
    a_start,
    a_scan,
    a_giving_back,
    a_confirmation,
    an_abortion,
    an_excuse,
    a_pause,
    the_end_of_a_pause,
    an_event,
    a_stop,
    a_reaction,
    an_alternate,
    a_repair,
    a_quarantine,
    a_release,
    an_acknowledgement,
)
Prepare = Callable[[Served], Any]


@pytest.mark.parametrize(
    "prepare",
    [a_stop, a_reaction, an_alternate, a_repair, a_closing],
    ids=lambda prepare: prepare.__name__,
)
async def test_a_case_is_worked_at_its_own_station_only(prepare: Prepare) -> None:
    served = await Served.opened()
    act = await prepare(served)
    assert isinstance(act, acts.ActOnCase)
    size = len(served.types())
    assert await refused(served, act, actor=replace(ANNA, station=OP30)) == "other_station"
    assert len(served.types()) == size


@pytest.mark.parametrize("prepare", EACH, ids=lambda prepare: prepare.__name__)
async def test_an_act_asked_again_with_its_key_is_answered_as_the_first_time(
    prepare: Prepare,
) -> None:
    """D65: also after a restart."""
    served = await Served.opened()
    act = await prepare(served)
    first = await served.service.do(act, ANNA, "my-key")
    size = len(served.types())
    assert await served.service.do(act, ANNA, "my-key") == first
    assert len(served.types()) == size
    await served.restart()
    size = len(served.types())
    assert await served.service.do(act, ANNA, "my-key") == first
    assert len(served.types()) == size


@pytest.mark.parametrize("prepare", EACH, ids=lambda prepare: prepare.__name__)
async def test_two_that_come_at_once_with_one_key_do_one_act(prepare: Prepare) -> None:
    """D65: the second one waits behind the first, and is not refused for what the first one did."""
    served = await Served.opened()
    act = await prepare(served)
    before = served.types()
    answers = await asyncio.gather(*(served.service.do(act, ANNA, "my-key") for _ in range(3)))
    assert answers == [answers[0]] * 3
    done = served.types()[len(before) :]
    again = await Served.opened()
    the_same = await prepare(again)
    before = again.types()
    await again.service.do(the_same, ANNA)
    assert done == again.types()[len(before) :]


async def test_the_first_answer_is_given_also_after_the_record_has_changed() -> None:
    served = await Served.opened()
    first = await served.service.do(QUARANTINE, ANNA, "my-key")
    await served.service.do(acts.ReleasePart(part_id=PART), LI)
    again = await served.service.do(QUARANTINE, ANNA, "my-key")
    assert again == first
    assert again.state == "quarantined"
    assert served.types().count("part_state_changed") == 2


async def test_a_run_that_went_on_does_not_begin_again() -> None:
    served = await Served.opened()
    first = await served.start("my-key")
    await served.service.do(acts.ScanPart(run_id=RunId(first.run_id), code=PART), ANNA)
    await served.put_in(rejected=True, reject_code=11)
    assert await served.start("my-key") == first
    watched = served.agent.queues[OP20].owner.run
    assert watched is not None
    assert watched.state.value == "awaiting_return"


@pytest.mark.parametrize(
    ("act", "actor"),
    [
        (QUARANTINE, LI),
        (replace(QUARANTINE, reason="worn"), ANNA),
        (acts.ReleasePart(part_id=PART), ANNA),
        (START, ANNA),
    ],
    ids=["somebody else", "other words", "another act", "a start"],
)
async def test_a_key_that_was_used_for_something_else_is_refused(act: Act[Any], actor: Any) -> None:
    served = await Served.opened()
    await served.service.do(QUARANTINE, ANNA, "my-key")
    size = len(served.types())
    assert await refused(served, act, "my-key", actor) == "key_used_before"
    assert len(served.types()) == size


async def test_a_key_used_at_once_for_two_scans_leaves_no_refused_scan() -> None:
    """Nothing is wrong with the part that was scanned."""
    served = await Served.opened()
    run = RunId((await served.start()).run_id)
    results = await asyncio.gather(
        served.service.do(acts.ScanPart(run_id=run, code=PART), ANNA, "my-key"),
        served.service.do(acts.ScanPart(run_id=run, code="RR-0002"), ANNA, "my-key"),
        return_exceptions=True,
    )
    assert isinstance(results[1], Refusal)
    assert results[1].code == "key_used_before"
    assert "scan_refused" not in served.types()


async def test_a_refusal_that_wrote_nothing_leaves_no_key_behind() -> None:
    """It often says *not now*; asked again with its key, *now* has come."""
    served = await Served.opened()
    release = acts.ReleasePart(part_id=PART)
    size = len(served.types())
    assert await refused(served, release, "my-key") == "part_already_released"
    nowhere = acts.ScanPart(run_id=RunId("line1-R-99"), code=PART)
    assert await refused(served, nowhere, "a-scan") == "no_such_run"
    kept = served.database.read_now(lambda reader: [reader.act(k) for k in ("my-key", "a-scan")])
    assert kept == [None, None]
    assert len(served.types()) == size
    await served.service.do(QUARANTINE, ANNA)
    released = await served.service.do(release, ANNA, "my-key")
    assert isinstance(released, ChallengePartRecord)
    assert released.state == "released"


async def a_wrong_scan(served: Served) -> tuple[Act[Any], Act[Any]]:
    run = RunId((await served.start()).run_id)
    return acts.ScanPart(run_id=run, code="RR-0002"), acts.ScanPart(run_id=run, code=PART)


async def an_early_giving_back(served: Served) -> tuple[Act[Any], Act[Any]]:
    run = RunId((await served.start()).run_id)
    return acts.GiveBackPart(run_id=run, code=PART), acts.ScanPart(run_id=run, code=PART)


async def a_wrong_giving_back(served: Served) -> tuple[Act[Any], Act[Any]]:
    run = await served.awaiting_return()
    return acts.GiveBackPart(run_id=run, code="RR-0002"), acts.GiveBackPart(run_id=run, code=PART)


async def a_scan_of_an_unfit_part(served: Served) -> tuple[Act[Any], Act[Any]]:
    """Refused only inside the transaction."""
    run = RunId((await served.start()).run_id)
    await served.service.do(QUARANTINE, LI)
    return acts.ScanPart(run_id=run, code=PART), acts.AbortRun(run_id=run, reason="gloves")


REFUSED = (a_wrong_scan, an_early_giving_back, a_wrong_giving_back, a_scan_of_an_unfit_part)


def said(refusal: object) -> tuple[str, dict[str, object]]:
    assert isinstance(refusal, Refusal)
    return refusal.code, refusal.params


@pytest.mark.parametrize("prepare", REFUSED, ids=lambda prepare: prepare.__name__)
async def test_a_refusal_that_is_recorded_is_the_answer_of_its_key(prepare: Prepare) -> None:
    """D65: one entry, the same words each time, also after a restart; no other act under the key."""
    served = await Served.opened()
    act, other = await prepare(served)
    size = len(served.types())
    answers = await asyncio.gather(
        *(served.service.do(act, ANNA, "my-key") for _ in range(20)), return_exceptions=True
    )
    assert served.types()[size:] == ["scan_refused"]
    assert all(said(answer) == said(answers[0]) for answer in answers)
    assert await refused(served, other, "my-key") == "key_used_before"
    assert await refused(served, act, "my-key", LI) == "key_used_before"
    await served.restart()
    size = len(served.types())
    with pytest.raises(Refusal) as again:
        await served.service.do(act, ANNA, "my-key")
    assert said(again.value) == said(answers[0])
    assert len(served.types()) == size


@pytest.mark.parametrize("prepare", REFUSED, ids=lambda prepare: prepare.__name__)
async def test_whatever_wrote_an_entry_is_remembered_under_its_key(prepare: Prepare) -> None:
    """Asked first of what is refused without a key: the refusal is the one that it always was."""
    served = await Served.opened()
    act, _ = await prepare(served)
    size = len(served.types())
    with pytest.raises(Refusal) as plain:
        await served.service.do(act, ANNA)
    assert served.database.read_now(lambda reader: reader.act("my-key")) is None
    with pytest.raises(Refusal) as keyed:
        await served.service.do(act, ANNA, "my-key")
    assert said(plain.value) == said(keyed.value)
    assert served.types()[size:] == ["scan_refused"] * 2
    kept = served.database.read_now(lambda reader: reader.act("my-key"))
    assert kept is not None
    assert (kept.kind, kept.stream, kept.actor) == (act.KIND, LINE, ANNA.id)


async def test_two_wrong_scans_at_once_under_one_key_are_one_refused_scan() -> None:
    served = await Served.opened()
    run = RunId((await served.start()).run_id)
    results = await asyncio.gather(
        served.service.do(acts.ScanPart(run_id=run, code="RR-0002"), ANNA, "my-key"),
        served.service.do(acts.ScanPart(run_id=run, code="RR-0003"), ANNA, "my-key"),
        return_exceptions=True,
    )
    assert [said(result)[0] for result in results] == ["wrong_part", "key_used_before"]
    assert served.types().count("scan_refused") == 1


async def test_who_may_not_scan_leaves_no_refused_scan() -> None:
    """D47."""
    served = await Served.opened()
    run = RunId((await served.start()).run_id)
    wrong = acts.ScanPart(run_id=run, code="RR-0002")
    stranger = replace(ANNA, how=How.TOKEN)
    assert await refused(served, wrong, "my-key", stranger) == "not_permitted"
    assert "scan_refused" not in served.types()


@pytest.mark.parametrize(
    "answer", ["x", "{}", "[]", '{"table":"no","record":{}}', '{"table":"runs","record":{}}']
)
async def test_an_answer_that_can_not_be_read_is_damage_and_nothing_is_done(answer: str) -> None:
    served = await Served.opened()
    await served.service.do(QUARANTINE, ANNA, "my-key")
    size = len(served.types())
    acts_kept = served.database._kept.acts
    acts_kept["my-key"] = replace(acts_kept["my-key"], answer=answer)
    with pytest.raises(DamagedDatabase):
        await served.service.do(QUARANTINE, ANNA, "my-key")
    assert len(served.types()) == size


# Who it is


async def test_the_same_name_is_the_same_person_and_is_salted_once() -> None:
    """D23: also written with other spaces, also after a restart."""
    served = await Served.opened()
    anna = await served.service.stated("Anna Meier")
    assert await served.service.stated("  Anna Meier ") == anna
    await served.service.do(QUARANTINE, anna)
    assert await served.service.stated("  Anna Meier ") == anna
    await served.restart()
    assert await served.service.stated("Anna Meier") == anna
    names = served.database.read_now(lambda reader: reader.names())
    assert [name.name for name in names.values()].count("Anna Meier") == 1
    assert (anna.how, anna.id in names) == (How.STATED, True)
    assert anna.id == names[anna.id].id


async def test_a_name_that_two_state_at_once_is_kept_once() -> None:
    """The one whose salt came too late is given the id that is kept."""
    served = await Served.opened()
    actors = await asyncio.gather(*(served.service.stated("Anna") for _ in range(3)))
    assert actors == [actors[0]] * 3
    done = (served.service.do(QUARANTINE, each, f"k-{n}") for n, each in enumerate(actors))
    await asyncio.gather(*done)
    assert list(served.database.read_now(lambda reader: reader.names())) == [actors[0].id]


async def test_a_name_is_kept_with_what_is_done_in_it_and_not_with_what_is_refused() -> None:
    """D51: a call about a part that nobody has kept the name of whoever made it, for ever."""
    served = await Served.opened()

    def kept() -> list[str]:
        return [each.name for each in served.database.read_now(lambda r: r.names()).values()]

    nobody_s = replace(QUARANTINE, part_id=PartId("RR-9999"))
    for key in (None, "k-1"):
        with pytest.raises(Refusal, match="no_such_part"):
            await served.service.do(nobody_s, await served.service.stated("Zhao Liu"), key)
        assert kept() == []
    done = await served.service.do(QUARANTINE, await served.service.stated("Zhao Liu"), "k-1")
    again = await served.service.do(QUARANTINE, await served.service.stated("Zhao Liu"), "k-1")
    assert (done, kept()) == (again, ["Zhao Liu"])


async def test_a_name_that_an_import_has_kept_meanwhile_is_asked_for_anew() -> None:
    served = await Served.opened()
    anna = await served.service.stated("Anna")
    named(served, "Anna")
    with pytest.raises(Refusal, match="known_no_longer"):
        await served.service.do(QUARANTINE, anna)
    await served.service.do(QUARANTINE, await served.service.stated("Anna"))


async def test_the_ledger_holds_no_name() -> None:
    """D23: it can be erased because only its digest is signed."""
    served = await Served.opened()
    anna = await served.service.stated("Annabelle Meier-Quint")
    await served.service.do(QUARANTINE, anna)
    for entry in served.database.read_now(lambda reader: reader.entries()):
        stored = served.database.read_now(lambda reader, e=entry: reader.stored_entry(e.index))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        assert b"Quint" not in stored.raw + (stored.payload or b"")
    assert fact_of(served.database.read_now(lambda reader: reader.entries())[-1]) is not None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("  ", "operator_required"),
        ("agent", "operator_name_reserved"),
        ("a\u202eb", "text_character"),
    ],
)
async def test_what_is_no_name_is_refused(name: str, code: str) -> None:
    served = await Served.opened()
    with pytest.raises(Refusal) as refusal:
        await served.service.stated(name)
    assert refusal.value.code == code
    assert not served.database.read_now(lambda reader: reader.names())


def test_every_act_is_asked_of_somebody() -> None:
    assert set(permissions.MAY) == {*acts.ACTS, *CALENDAR_ACTS, *PLAN_ACTS, *PEOPLE_ACTS}
    assert set(PEOPLE_COMMANDS) == set(PEOPLE_ACTS)
    assert START.check_id == TORQUE_CHECK


async def at_a_feed_to_be_held() -> tuple[Served, RunId]:
    """A run whose part is taken, at a device where the operator says that the feed is held."""
    held = HeldFeed(signal=None, counters=(SignalName("part_count"),), travel_s=1.0)
    station = a_station(OP20, held=held)
    served = await Served.opened(a_plant(a_check(), stations=(station, a_station(OP30))))
    run = RunId((await served.start()).run_id)
    await served.service.do(acts.ScanPart(run_id=run, code=PART), ANNA)
    return served, run


async def test_who_said_that_the_feed_is_held_is_recorded_once() -> None:
    """D29."""
    served, run = await at_a_feed_to_be_held()
    said = await served.service.do(acts.SayFeedHeld(run_id=run), ANNA)
    assert (said.feed_held_by, said.feed_held_how) == (ANNA.id, ANNA.how)
    assert said.feed_held_at is not None
    assert "feed_held" in served.types()
    assert await refused(served, acts.SayFeedHeld(run_id=run)) == "feed_said_before"


async def test_no_program_says_that_the_feed_is_held() -> None:
    """D29: a person stands for it."""
    served, run = await at_a_feed_to_be_held()
    mes = replace(ANNA, how=How.TOKEN)
    assert await refused(served, acts.SayFeedHeld(run_id=run), actor=mes) == "not_permitted"
