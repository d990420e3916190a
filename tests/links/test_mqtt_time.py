"""The MQTT link and time: late messages, repeated ones, stalls of ours and of the link (D27)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from redrabbit.domain.observation import Acquisition, Reason
from redrabbit.domain.signals import Encoding, Quality
from tests.links.mqtt_bench import (
    BROKERS,
    SETTLE_S,
    TOPIC,
    Bench,
    reconnected,
    signal,
    state,
    station_at,
    told,
    turn,
)

TIMED = (
    signal("reject", Encoding.BOOL, path=("reject",), sequence_path=("seq",), time_path=("at",)),
)
PROMISED = (
    signal("reject", Encoding.BOOL, path=("reject",), sequence_path=("seq",), expected_every_s=5.0),
)
LAMP = "line/op30/lamp"


@pytest.fixture(params=list(BROKERS))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with BROKERS[request.param](tmp_path) as port:
        made = Bench(port)
        await made.tap.start()
        yield made
        await made.stop()
        await made.tap.stop()


def message(bench: Bench, seq: int, *, reject: bool, made_s: float = 0.0) -> dict[str, object]:
    """A message that was made so many seconds from now."""
    made_at = bench.clock.now() + timedelta(seconds=made_s)
    return {"seq": seq, "reject": reject, "at": made_at.isoformat()}


async def say(bench: Bench, seq: int, *, reject: bool, made_s: float = 0.0) -> Acquisition:
    """Publish such a message and return what it came to."""
    await bench.publish(message(bench, seq, reject=reject, made_s=made_s))
    return await bench.next()


async def live(bench: Bench) -> None:
    """Listen to a station that tells its time until its clock is known."""
    await bench.listen(station_at(bench.tap.port, TIMED))
    for seq in range(3):
        await say(bench, seq, reject=False)
        await bench.pass_time(0.6)


async def test_messages_of_ten_minutes_ago_are_never_fresh(bench: Bench) -> None:
    """The finding: unretained, in order, over a healthy connection, after the publisher's outage."""
    await live(bench)
    for seq, reject in ((3, False), (4, True), (5, False)):
        old = await say(bench, seq, reject=reject, made_s=-600)
        assert not old.fresh
        assert old.window.began_at < bench.clock.now() - timedelta(seconds=599)
    now = await say(bench, 6, reject=True)
    assert now.fresh
    assert told(now) == {"reject": True}


async def test_a_message_that_was_under_way_begins_its_window_when_it_was_made(
    bench: Bench,
) -> None:
    await live(bench)
    late = await say(bench, 3, reject=True, made_s=-0.7)

    assert late.fresh
    assert late.window.ended_at == bench.clock.now()
    assert late.window.began_at == pytest.approx(
        bench.clock.now() - timedelta(seconds=0.7), abs=timedelta(milliseconds=1)
    )
    assert late.clock is not None
    assert (late.clock.name, late.clock.jumped) == (TOPIC, False)
    assert late.clock.offset_s == pytest.approx(0.0, abs=1e-3)


async def test_a_clock_that_is_set_is_told(bench: Bench) -> None:
    await live(bench)
    jump = await say(bench, 3, reject=True, made_s=3600)

    assert jump.clock is not None
    assert jump.clock.jumped
    assert not jump.fresh


async def test_a_repeated_message_is_no_sign_of_life(bench: Bench) -> None:
    """The finding: a publisher that repeats one message kept its station alive for ever."""
    await bench.listen(station_at(bench.tap.port, PROMISED))
    await bench.publish(state(7, reject=False))
    await bench.next()
    for _ in range(6):
        await bench.pass_time(0.9)
        await bench.publish(state(7, reject=False))
        heard = await bench.next()
        if heard.failure is not None:
            break
        assert not heard.signals
    assert heard.failure is Reason.EXPIRED


async def test_messages_that_the_sequence_leaves_out_are_counted(bench: Bench) -> None:
    await bench.listen(station_at(bench.tap.port, PROMISED))
    missing = []
    for seq in (1, 2, 3, 6, 7):
        await bench.publish(state(seq, reject=False))
        missing.append((await bench.next()).messages_lost)
    assert missing == [0, 0, 0, 2, 0]
    assert bench.diagnostics.lost == 2


async def test_a_sequence_that_wraps_goes_on(bench: Bench) -> None:
    wrapping = signal(
        "reject", Encoding.BOOL, path=("reject",), sequence_path=("seq",), sequence_modulus=256
    )
    await bench.listen(station_at(bench.tap.port, (wrapping,)))
    for seq in (254, 255, 0, 1):
        await bench.publish(state(seq, reject=seq == 0))
        heard = await bench.next()
        assert (heard.fresh, heard.messages_lost) == (True, 0)
    await bench.publish(state(256, reject=False))
    assert (await bench.next()).failure is Reason.OUT_OF_RANGE


async def test_what_nobody_could_read_is_missing_afterwards(bench: Bench) -> None:
    """It may have been the answer; a message that others have not is no hole of its own."""
    await bench.listen(station_at(bench.tap.port, (signal("lamp", Encoding.BOOL, path=("on",)),)))
    for payload, lost in ((b'{"on": 1}', 0), (b"{", 0), (b'{"on": 1}', 1), (b'{"on": 1}', 0)):
        await bench.publish(payload)
        assert (await bench.next()).messages_lost == lost
    assert bench.diagnostics.lost == 0


async def test_after_we_stood_still_what_tells_no_time_is_history_for_a_second(
    bench: Bench,
) -> None:
    """Our own stall: whatever waited meanwhile comes now, and looks as if it were new."""
    await bench.listen()
    await bench.publish(state(1, reject=False))
    await bench.next()
    bench.advance(3)
    await bench.publish(state(2, reject=True))
    held = await bench.next()
    assert not held.fresh
    assert held.window.began_at <= bench.clock.now() - timedelta(seconds=2.8)
    await bench.pass_time(1.1)
    await bench.publish(state(3, reject=True))
    assert (await bench.next()).fresh


async def test_after_a_short_stall_of_ours_a_message_may_be_as_old_as_that(bench: Bench) -> None:
    await bench.listen()
    await bench.publish(state(1, reject=False))
    await bench.next()
    bench.advance(0.6)
    await bench.publish(state(2, reject=True))
    held = await bench.next()
    assert held.fresh
    assert held.window.began_at == pytest.approx(
        bench.clock.now() - timedelta(seconds=0.6), abs=timedelta(seconds=0.06)
    )


async def test_a_told_time_proves_a_message_live_whatever_stood_still(bench: Bench) -> None:
    await live(bench)
    bench.advance(3)
    old = await say(bench, 3, reject=False, made_s=-2.5)
    assert not old.fresh
    assert (await say(bench, 4, reject=True)).fresh


async def test_after_a_silence_of_the_whole_link_every_topic_may_have_been_held_back(
    bench: Bench,
) -> None:
    """A topic that speaks only on change can't show it; one beside it that had promised does."""
    lamp = signal("lamp", Encoding.BOOL, LAMP)
    await bench.listen(station_at(bench.tap.port, (*PROMISED, lamp)))
    await bench.publish(state(1, reject=False))
    await bench.next()
    await bench.pass_time(4)
    await bench.publish(b"1", LAMP)
    assert (await bench.next()).fresh
    await bench.publish(state(2, reject=False))
    await bench.next()
    await bench.pass_time(7)
    assert (await bench.next()).failure is Reason.EXPIRED
    await bench.publish(b"0", LAMP)
    assert not (await bench.next()).fresh
    await bench.pass_time(1.1)
    await bench.publish(b"1", LAMP)
    assert (await bench.next()).fresh


async def test_a_topic_that_has_been_dead_for_long_makes_no_other_doubtful(bench: Bench) -> None:
    lamp = signal("lamp", Encoding.BOOL, LAMP)
    await bench.listen(station_at(bench.tap.port, (*PROMISED, lamp)))
    for _ in range(3):
        await bench.pass_time(8)
        await bench.publish(b"1", LAMP)
        heard = await bench.next()
        while heard.failure is not None:
            heard = await bench.next()
    assert heard.fresh


async def test_after_a_reconnect_what_tells_no_time_is_history_for_a_second(bench: Bench) -> None:
    await bench.listen()
    bench.tap.cut()
    await bench.next()
    await reconnected(bench)
    await bench.pass_time(SETTLE_S + 0.1)
    await bench.publish(state(1, reject=False))
    assert not (await bench.next()).fresh
    await bench.pass_time(1)
    await bench.publish(state(2, reject=True))
    assert (await bench.next()).fresh


async def test_after_a_reconnect_a_known_clock_shows_at_once_what_is_live(bench: Bench) -> None:
    await live(bench)
    bench.tap.cut()
    assert (await bench.next()).failure is Reason.NOT_CONNECTED
    await reconnected(bench)
    await bench.pass_time(SETTLE_S + 0.05)
    assert not (await say(bench, 90, reject=True, made_s=-20)).fresh
    assert (await say(bench, 91, reject=True)).fresh


async def test_a_step_of_our_own_clock_makes_nothing_old_and_nothing_new(bench: Bench) -> None:
    """R46: the source's clock did not move."""
    await live(bench)
    bench.clock.step_wall(timedelta(hours=-1))
    bench.clock.reanchor()
    await bench.pass_time(0.2)
    ahead = await say(bench, 3, reject=True, made_s=3600)
    assert ahead.fresh
    assert ahead.clock is not None
    assert not ahead.clock.jumped
    late = await say(bench, 4, reject=True, made_s=3600 - 20)
    assert not late.fresh


async def test_a_value_of_bad_quality_is_no_value(bench: Bench) -> None:
    """L1."""
    with_quality = (
        signal("reject", Encoding.BOOL, path=("reject",), qualities=(Quality(path=("q",)),)),
        signal("lamp", Encoding.BOOL, path=("lamp",)),
    )
    await bench.listen(station_at(bench.tap.port, with_quality))
    await bench.publish({"reject": True, "lamp": True, "q": "Bad"})
    assert told(await bench.next()) == {"reject": Reason.BAD_QUALITY, "lamp": True}
    await turn()
    assert bench.diagnostics.failures == {Reason.BAD_QUALITY: 1}
    await bench.publish({"reject": True, "lamp": True, "q": "Good"})
    assert told(await bench.next()) == {"reject": True}
