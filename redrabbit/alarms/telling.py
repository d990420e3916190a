"""The tasks that tell receivers of alarms: one for each, one that watches them, one that tidies up."""

import random
from collections.abc import Awaitable, Callable, Mapping

from redrabbit.alarms.delivery import Channel, Outbox
from redrabbit.alarms.people_told import PeopleReached, PeopleTold
from redrabbit.alarms.reach_watch import Alarms, ReachWatch
from redrabbit.alarms.receiver_queue import ReceiverQueue, forget_delivered, park_removed
from redrabbit.base.clock import Clock


def telling(
    channels: Mapping[str, Channel],
    people: PeopleReached,
    outbox: Outbox,
    alarms: Alarms,
    clock: Clock,
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Return the tasks by their names."""
    rng = random.Random()  # noqa: S311  because it only spreads retries in time
    queues = {
        name: ReceiverQueue(name, channel, outbox, clock, rng) for name, channel in channels.items()
    }
    of_receivers = {f"deliveries to {name}": queue.run for name, queue in queues.items()}
    return {
        **of_receivers,
        "deliveries to people": PeopleTold(people, outbox, clock, queues).run,
        "receivers reached": ReachWatch(queues, alarms, clock).run,
        "receivers removed": lambda: park_removed(outbox, channels.keys(), clock),
        "old messages": lambda: forget_delivered(outbox, clock),
    }
