"""What is better said of a number that a rule compares with a limit (D32).

A sensor that is not there tells 65535, and that is above most limits. Nobody but the plant knows which
codes mean no value, so it is asked; nothing is refused.
"""

from redrabbit.base.sentence import sentence
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.signal_table import SignalTable
from redrabbit.domain.rule import Above, Below, Between, Condition, leaves


def advise_on_limits(
    condition: Condition | None, place: SourcePosition, table: SignalTable, problems: Problems
) -> None:
    """Ask for range and codes of each number of which neither is told."""
    if condition is None:
        return
    compared = {
        leaf.signal for leaf in leaves(condition) if isinstance(leaf, Above | Below | Between)
    }
    for name in sorted(compared & table.specs.keys()):
        spec = table.specs[name]
        if spec.range is None and not spec.invalid:
            found = sentence("{name!r} is compared with a limit, whatever it tells", name=name)
            expected = "range: [lowest, highest] of it, and invalid: its codes for no value"
            problems.advise(place, found, expected)
