"""What Hypothesis draws: for each of sixteen stations a story, and how its peer misbehaves in it."""

from hypothesis import strategies as st

from tests.adversary.machine import WITHIN_S, Answer, Code, Story
from tests.adversary.modbus_peer import Reply, Treatment
from tests.adversary.mqtt_peer import Network, Passage, Way
from tests.adversary.plant import SLOTS, Slot
from tests.adversary.whole_runs import Adversity, Example

KEEP_THE_ORDER = (Way.PASSES, Way.HUGE, Way.CUT_OFF, Way.BAD_QUALITY, Way.RETAINED)
"""What may happen where a station numbers no message: nobody could tell that one is missing."""
LONGEST_LATE_S = 3.0


def seconds(least: float, most: float) -> st.SearchStrategy[float]:
    """Return whole milliseconds, so that what is found is easy to read."""
    return st.integers(round(least * 1000), round(most * 1000)).map(lambda ms: ms / 1000)


@st.composite
def stories(draw: st.DrawFn, slot: Slot) -> Story:
    """Return what may happen at a machine."""
    shortest_s = slot.shortest_answer_s
    rarely = st.sampled_from([False, False, False, True])
    leftover_s = draw(seconds(0.02, 0.4)) if draw(rarely) else None
    after_leftover_s = leftover_s + shortest_s if leftover_s is not None else 0.0
    answers_after_s = draw(
        st.one_of(seconds(0.01, 1), seconds(WITHIN_S - 0.4, WITHIN_S + 0.4), seconds(1, 5))
    )
    return Story(
        starts_after_s=draw(seconds(0, 0.5)),
        part_after_s=draw(st.one_of(*[seconds(1.5, 2.5)] * 5, seconds(0.1, 1.5))),
        answer=draw(st.sampled_from([Answer.REJECTS, Answer.REJECTS, *Answer])),
        # while what is left over is still on nobody could tell the two apart
        answers_after_s=max(answers_after_s, after_leftover_s),
        stands_for_s=draw(st.one_of(seconds(shortest_s, shortest_s + 1), st.just(20.0))),
        code=draw(st.sampled_from([Code.RIGHT, *Code])),
        leftover_s=leftover_s,
        part_before_s=draw(seconds(0.1, 1.5)) if draw(rarely) else None,
        leaves_after_s=draw(seconds(0.2, 3)) if draw(rarely) else None,
        next_is_labelled=draw(st.booleans()),
        taps_after_s=draw(st.one_of(st.just(0.0), seconds(0, 0.5))),
    )


TREATMENTS = st.lists(
    st.one_of(
        st.just(Treatment()),
        st.builds(Treatment, reply=st.sampled_from(Reply), after_s=seconds(0.005, 0.29)),
    ),
    max_size=12,
).map(tuple)


def networks(slot: Slot) -> st.SearchStrategy[Network]:
    """Return what may happen to a station's messages."""
    ways = tuple(Way) if slot.tells_sequence else KEEP_THE_ORDER
    passages = st.one_of(
        st.just(Passage()),
        st.builds(
            Passage,
            way=st.sampled_from(ways),
            after_s=st.one_of(seconds(0.001, 0.8), seconds(0.8, LONGEST_LATE_S)),
        ),
    )
    return st.builds(
        Network,
        passages=st.lists(passages, min_size=1, max_size=12).map(tuple),
        held=st.lists(st.tuples(seconds(0, 6), seconds(0.2, 4)), max_size=2).map(tuple),
    )


def adversities(slot: Slot) -> st.SearchStrategy[Adversity]:
    """Return what may go on at one station."""
    if slot.publishes:
        return st.builds(
            Adversity,
            story=stories(slot),
            misbehaves_after_s=seconds(0, 2.5),
            network=networks(slot),
            clock_offset_s=st.sampled_from([0.0, 0.3, -7200.0]),
        )
    return st.builds(
        Adversity,
        story=stories(slot),
        misbehaves_after_s=seconds(0, 2.5),
        treatments=TREATMENTS,
    )


EXAMPLES = st.builds(
    Example,
    stations=st.tuples(*(adversities(slot) for slot in SLOTS)),
    pieces=st.lists(st.integers(1, 400), max_size=4).map(tuple),
    broker_cut_at_s=st.one_of(st.none(), st.none(), seconds(3, 9)),
    store_takes_s=st.sampled_from([0.0, 0.0, 0.3]),
)
