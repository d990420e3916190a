"""A run whose station's answers are shorter than was known when it began (D30).

What was learnt makes verdicts weaker, never stronger: no gap that was harmful becomes harmless.
"""

from collections.abc import Mapping
from dataclasses import replace

from redrabbit.domain.blind_time import blind_after_s, shortest_s
from redrabbit.domain.evidence import Evidence
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import SignalName
from redrabbit.domain.learnt_pulse import of_rule
from redrabbit.domain.run import Run
from redrabbit.domain.station import Station

Learnt = Mapping[SignalName, float]
"""Pulses that count without being declared, in seconds."""


def watched_by(run: Run, station: Station, learnt_s: Learnt) -> Run:
    """Return the run as it is judged by these pulses, with what was seen of it so far."""
    return replace(
        run,
        steps=tuple(
            replace(step, expectation=_narrowed(step.expectation, station, learnt_s))
            for step in run.steps
        ),
        evidence=_judged_by(run.evidence, station, learnt_s),
        later_presentation=_judged_by(run.later_presentation, station, learnt_s),
    )


def _narrowed(expected: Expectation, station: Station, learnt_s: Learnt) -> Expectation:
    limits_s = blind_after_s(expected.rule, station, learnt_s)
    counted = of_rule(expected.rule, station) & learnt_s.keys()
    return replace(
        expected,
        blind_after_s={
            signal: _shorter(limit_s, limits_s.get(signal))
            for signal, limit_s in expected.blind_after_s.items()
        },
        learnt_s={signal: learnt_s[signal] for signal in sorted(counted)},
    )


def _shorter(before_s: float | None, now_s: float | None) -> float | None:
    return before_s if before_s is None or now_s is None else min(before_s, now_s)


def _judged_by(evidence: Evidence | None, station: Station, learnt_s: Learnt) -> Evidence | None:
    """Return the evidence with what was a harmless gap until now, and is none any more."""
    if evidence is None:
        return None
    expected = _narrowed(evidence.expectation, station, learnt_s)
    limit_s = shortest_s(expected.blind_after_s)
    blind = limit_s is not None and evidence.largest_gap_s > limit_s
    return replace(evidence, expectation=expected, blind=evidence.blind or blind)
