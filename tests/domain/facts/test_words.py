"""Words of their own time (D23, D53): kept with the facts, told as they were."""

from datetime import date

from redrabbit.domain.facts.codec import decode, encode
from redrabbit.domain.facts.fact import json_of, read_json
from redrabbit.domain.facts.words import Certification, PlaceNames, PlanReference
from redrabbit.domain.text import Text


def test_a_plan_is_labelled_as_printed_on_records() -> None:
    plan = PlanReference(number="CP-204", revision="F", line="12", pfmea="12.4 rev C")
    assert plan.label == "CP-204 rev F"
    assert decode(PlanReference, encode(plan)) == plan


def test_names_of_a_place_come_back_from_a_record() -> None:
    names = PlaceNames(
        line=Text(en="Line 1", zh="一线"),
        operation="OP20",
        station=Text(en="Nutrunner", zh="拧紧机"),
        device=None,
    )
    assert read_json(PlaceNames, json_of(names)) == names


def test_a_certification_says_what_was_measured_and_until_when_it_holds() -> None:
    certified = Certification(
        certified_on=date(2026, 1, 12),
        valid_until=date(2027, 1, 11),
        measured="18.2 N·m",
        drawing_revision="C",
    )
    assert encode(certified) == {
        "certified_on": "2026-01-12",
        "valid_until": "2027-01-11",
        "measured": "18.2 N·m",
        "drawing_revision": "C",
    }
    assert decode(Certification, encode(certified)) == certified
