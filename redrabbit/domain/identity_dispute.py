"""Whether what the station measured contradicts the certificate of the part that should be there (D29).

The device under test never settles identity: what it measures can't acquit it. A part that it accepts
is missed all the same, and its case is marked; a part that it rejects counts with a lower grade. A value
that did not change since the part was presented may be the last part's, and contradicts nothing.
"""

from redrabbit.domain.evidence import Evidence


def is_disputed(evidence: Evidence) -> bool:
    """Return whether the value measured since the part was presented can't be this part's."""
    certified = evidence.expectation.certified
    signal = evidence.expectation.rule.measured
    came_at = evidence.presented_at
    if certified is None or signal is None or came_at is None:
        return False
    told = [p.value for p in evidence.trace if p.signal == signal and p.at > came_at]
    if not told or isinstance(told[-1], str | None):
        return False
    return not certified.is_met_by(float(told[-1]))
