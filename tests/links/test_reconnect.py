"""Pauses double, are jittered, and never longer than 30 s (B11)."""

from random import Random

from redrabbit.links.reconnect import FIRST_PAUSE_S, LONGEST_PAUSE_S, Backoff


def test_pauses_double_within_their_jitter_up_to_the_longest() -> None:
    backoff = Backoff(Random(7))
    bounds = [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    for bound in bounds:
        assert bound / 2 <= backoff.next_s() <= bound


def test_a_success_begins_with_the_shortest_pause_again() -> None:
    backoff = Backoff(Random(7))
    for _ in range(10):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= FIRST_PAUSE_S


def test_the_same_seed_gives_the_same_pauses_and_another_seed_others() -> None:
    def pauses(seed: int) -> list[float]:
        backoff = Backoff(Random(seed))
        return [backoff.next_s() for _ in range(5)]

    assert pauses(1) == pauses(1) != pauses(2)


def test_a_longest_pause_below_the_first_bounds_that_too() -> None:
    backoff = Backoff(Random(7), longest_s=0.1)
    assert all(backoff.next_s() <= 0.1 for _ in range(5))
    assert LONGEST_PAUSE_S == 30
