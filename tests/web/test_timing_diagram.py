"""Evidence as a timing diagram: nothing is drawn where nothing was known (B1)."""

import json
import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from redrabbit.domain.identity import SignalName
from redrabbit.domain.presentation_questions import was_silent
from redrabbit.domain.records import Json, PresentationRecord
from redrabbit.domain.signals import SignalSpec
from redrabbit.domain.text import Text
from redrabbit.web.timing_diagram import LABEL_WIDTH, PLOT_WIDTH, TimingDiagram, timing_diagram
from tests.showcase import LINES, NOW, SIGNALS, device_id
from tests.showcase_told import told_before

TAPPED = {device_id(line, "OP50") for line in LINES}

SPECS = {str(spec.name): spec for spec in SIGNALS}


@cache
def evidences() -> dict[str, Json]:
    """Return evidence of each verdict, of silence, too, as the service kept it."""
    showcase = told_before()[0]
    shown = showcase.ask(lambda reader: reader.find(PresentationRecord))
    seen = [p for p in shown if p.device not in TAPPED]  # there the station tells the part
    kept = {p.verdict: p.evidence for p in seen if p.verdict and p.evidence and p.decides}
    return {**{str(verdict): each for verdict, each in kept.items()}, "silent": _silent(shown)}


def _silent(shown: list[PresentationRecord]) -> Json:
    return next(p.evidence for p in shown if p.evidence and was_silent(p) and p.verdict == "missed")


def evidence(verdict: str, seconds: float = 1.8) -> Json:
    """Return evidence of a verdict, stretched to so long an answer."""
    kept = json.loads(evidences()[verdict])
    return Json(json.dumps(_stretched(kept, seconds / 1.8)))


def _stretched(value: Any, by: float) -> Any:
    if isinstance(value, dict):
        return {name: _stretched(each, by) for name, each in value.items()}
    if isinstance(value, list):
        return [_stretched(each, by) for each in value]
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return (NOW + (datetime.fromisoformat(value) - NOW) * by).isoformat()
    return value


def drawn(verdict: str) -> TimingDiagram:
    found = timing_diagram(evidence(verdict), SPECS)
    assert found is not None
    return found


def test_nothing_is_drawn_without_evidence() -> None:
    assert timing_diagram(None, SPECS) is None
    assert timing_diagram(Json("{}"), SPECS) is None
    assert timing_diagram(Json(json.dumps({"trace": {"nok": []}})), SPECS) is None


def test_what_presented_tells_stands_first_and_the_measured_value_last() -> None:
    order = [wave.signal for wave in drawn("detected").waves]
    assert order[0] == "part_present"
    assert order[-1] == "torque"


def test_the_deciding_edge_marks_the_signals_that_changed_there() -> None:
    deciding = {wave.signal for wave in drawn("detected").waves if wave.decides}
    assert deciding == {"nok", "reject_code"}
    assert {wave.signal for wave in drawn("missed").waves if wave.decides} == {"ok"}


def test_silence_has_no_edge_and_shades_until_the_deadline() -> None:
    silent = drawn("silent")
    assert silent.edge_x is None
    assert silent.deadline_x is not None
    assert silent.shaded is not None
    assert silent.shaded[0] + silent.shaded[1] == pytest.approx(silent.deadline_x)


def test_a_lost_value_leaves_a_gap_in_the_wave() -> None:
    lost = drawn("inconclusive")
    assert all(len(wave.unknown) == 1 for wave in lost.waves)
    ends = [wave.unknown[0][0] for wave in lost.waves]
    assert all(f"H{end}" in wave.path for end, wave in zip(ends, lost.waves, strict=True))


def test_the_limit_stands_above_a_measured_value_below_it() -> None:
    torque = next(wave for wave in drawn("detected").waves if wave.signal == "torque")
    assert torque.limit == "8"
    assert torque.limit_y is not None
    assert torque.limit_y < min(note.y for note in torque.notes)


def labels(evidence: Json, specs: dict[str, SignalSpec]) -> dict[str, Text | str]:
    found = timing_diagram(evidence, specs)
    assert found is not None
    return {wave.signal: wave.label for wave in found.waves}


def test_signals_are_named_as_they_were_called_then() -> None:
    """B35; what kept no words is named by today's, or by its id."""
    kept = evidence("detected")
    words = {spec.name: spec.label for spec in SIGNALS}
    assert labels(kept, {}) == {name: words[SignalName(name)] for name in labels(kept, {})}
    of_schema_1 = Json(json.dumps({**json.loads(kept), "signals": None}))
    assert labels(of_schema_1, SPECS) == labels(kept, {})
    assert set(labels(of_schema_1, {}).values()) == set(labels(kept, {}))


@pytest.mark.parametrize("seconds", [0.05, 0.4, 3.9, 30.0, 900.0])
def test_everything_stays_within_the_frame_at_any_length(seconds: float) -> None:
    found = timing_diagram(evidence("detected", seconds), SPECS)
    assert found is not None
    assert 1 <= len(found.ticks) <= 10
    for x in (*(x for x, _ in found.ticks), found.edge_x or 0, *(found.shaded or ())):
        assert 0 <= x <= LABEL_WIDTH + PLOT_WIDTH


def test_texts_are_drawn_as_levels_with_their_value() -> None:
    at = NOW.isoformat()
    later = (NOW + timedelta(seconds=1)).isoformat()
    kept = {
        "presented_at": at,
        "trace": {"code": [[at, "", None], [later, "RR-0007", None]]},
        "rule": {"part_code": "code"},
    }
    found = timing_diagram(Json(json.dumps(kept)), {})
    assert found is not None
    assert [note.text for note in found.waves[0].notes] == ["RR-0007"]
