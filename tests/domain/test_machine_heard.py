"""What a station told of its machine since a part came (D32)."""

from redrabbit.domain.machine_heard import MachineHeard
from tests.builders import an_acquisition, at


def test_a_machine_ran_when_its_heart_was_seen_to_beat() -> None:
    nothing = MachineHeard()
    assert nothing.after(an_acquisition(1)) == nothing
    beaten = nothing.after(an_acquisition(2, heart_beat=True)).after(an_acquisition(3))
    assert (beaten.ran_since(at(2)), beaten.ran_since(at(2.1))) == (True, False)
    assert not nothing.ran_since(at(0))


def test_a_beat_that_a_restart_brings_says_nothing_of_before() -> None:
    restarted = MachineHeard().after(an_acquisition(2, heart_beat=True, machine_restarted=True))
    assert restarted == MachineHeard(restarted=True)
    assert restarted.after(an_acquisition(3, heart_beat=True)).restarted
