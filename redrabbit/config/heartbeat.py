"""The signal by which a station tells that its machine runs, and whether it can be seen to beat (D32)."""

from datetime import timedelta
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import Block, Key, Section
from redrabbit.config.problem import Problems
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import DURATION, SIGNAL
from redrabbit.domain.identity import SignalName
from redrabbit.domain.station import Heartbeat, Link, ModbusLink

HEARTBEAT: Final = Section(
    {
        "signal": Key(SIGNAL, "A signal that changes while the machine runs: a bit, a counter."),
        "every": Key(DURATION, "It changes at least so often; longer: the machine has stopped."),
    },
    "{signal: …, every: …}",
)


def read_heartbeat(
    block: Block | None,
    table: SignalTable,
    link: Link | None,
    expires: timedelta | None,
    problems: Problems,
) -> Heartbeat | None:
    """Return the heartbeat; None where there is none, or after noting why it can't be followed."""
    if block is None:
        return None
    table.refuse_unknown(block["signal"], block.place_of("signal"), problems)
    if not block.complete:
        return None
    name, every = SignalName(block["signal"]), block["every"]
    if expires is not None and every > expires:
        problems.add(
            block.place_of("every"),
            sentence(
                "a heartbeat every {total_seconds:g} s, but values that expire after {total_seconds_2:g} s",
                total_seconds=every.total_seconds(),
                total_seconds_2=expires.total_seconds(),
            ),
            sentence(
                "value_expires of at least {total_seconds:g} s", total_seconds=every.total_seconds()
            ),
        )
    if isinstance(link, ModbusLink):
        _refuse_unseen(block, "two polls", 2 * link.poll_interval_s, problems)
    elif name in table.specs:
        _refuse_silent_topics(block, name, table, problems)
    return Heartbeat(signal=name, every_s=every.total_seconds())


def _refuse_unseen(block: Block, what: str, shortest_s: float, problems: Problems) -> None:
    every_s = block["every"].total_seconds()
    if every_s < shortest_s:
        found = sentence("a heartbeat every {every_s:g} s", every_s=every_s)
        problems.add(
            block.place_of("every"),
            found,
            sentence("at least {what}, {shortest_s:g} s", what=what, shortest_s=shortest_s),
        )


def _refuse_silent_topics(
    block: Block, name: SignalName, table: SignalTable, problems: Problems
) -> None:
    """Refuse topics that speak on change only: nobody could tell which of them a stop has silenced."""
    silent = sorted(table.specs.keys() - table.expected_every.keys())
    if silent:
        problems.add(
            block.place_of("signal"),
            sentence(
                "a heartbeat beside {silent!r}, which tells no expected_every", silent=silent[0]
            ),
            "expected_every on each topic of the station",
            "so that a machine that says nothing any more is noticed on all of them",
        )
    elif table.complete:
        _refuse_unseen(
            block, "what its topic is expected to take", table.expected_every[name], problems
        )
