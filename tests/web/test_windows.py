"""Suspect windows on pages and in the API: at least until they end, and how they end (D34)."""

import re
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.demo import summary
from redrabbit.domain.identity import StationId
from redrabbit.domain.run_questions import parts_of
from redrabbit.services.queries.board import board_page
from tests.showcase_story import Showcase
from tests.web.conftest import Visitor

STATION = "line2-op10"
CASE = "line2-C-2"
BY = {"operator": "badge 2207"}


async def missed(showcase: Showcase) -> None:
    """Let a device miss that was verified this morning."""
    run = await showcase.begin(STATION)
    rabbit = parts_of(run)[0]
    await showcase.present(run, rabbit, "missed", 1.5)
    await showcase.give_back(run, rabbit)
    await showcase.confirm(run)


@pytest.fixture
def missing(visitor: Visitor) -> Visitor:
    """Return a browser at the showcase after one more miss, whose window is open."""
    visitor.let(missed(visitor.plant))
    return visitor


def case_of(visitor: Visitor) -> dict[str, Any]:
    found: dict[str, Any] = visitor.client.get(f"/api/v1/containments/{CASE}").json()
    return found


def local(visitor: Visitor, **ago: float) -> str:
    """Return an instant as a form sends it, in the plant's time."""
    at = visitor.clock.now() - timedelta(**ago)
    return f"{at.astimezone(visitor.plant.plant.zone):%Y-%m-%dT%H:%M}"


def test_an_open_window_is_at_least_wherever_it_is_told(missing: Visitor) -> None:
    case = case_of(missing)
    assert (case["window_to"], case["window_end"], case["quantity_is_lower_bound"]) == (
        None,
        None,
        True,
    )
    quantity = case["quantity"]
    page = missing.text(f"/containments/{CASE}")
    assert f"at least {quantity}" in page
    assert "still open" in page
    assert f"at least {quantity} suspect" in missing.text("/containments")
    assert f"at least {quantity} suspect" in missing.text("/")
    assert f"至少 {quantity} 件" in missing.text(f"/containments/{CASE}", "zh")


def test_a_stop_is_recorded_with_its_time_reason_and_label(missing: Visitor) -> None:
    sent = {"at": local(missing), "reason": "belt jammed", "label": "KLT-88012", "by": "Li Wei"}
    assert missing.send(f"/containments/{CASE}/stop", **sent) == 303
    case = case_of(missing)
    assert (case["window_end"], case["stop_text"], case["box_label"]) == (
        "stop",
        "belt jammed",
        "KLT-88012",
    )
    page = missing.text(f"/containments/{CASE}")
    assert "belt jammed" in page
    assert "KLT-88012" in page
    assert "Has the station stopped?" not in page
    assert "记录的停机时间" in missing.text(f"/containments/{CASE}", "zh")


def test_a_minute_is_taken_to_its_end_so_that_no_window_is_too_short(missing: Visitor) -> None:
    began = missing.plant.ask(lambda reader: reader.entries()[-1].occurred_at)
    missing.clock.jump(150)
    sent = {"at": local(missing, seconds=120), "by": "Li Wei"}
    assert missing.send(f"/containments/{CASE}/stop", **sent) == 303
    told = case_of(missing)["stopped_at"]
    assert re.search(r":59(\.\d+)?(Z|\+00:00)$", told), (told, began)


@pytest.mark.parametrize(
    ("act", "fields", "words"),
    [
        ("stop", {"at": "2027-01-01T00:00"}, "is still to come"),
        ("stop", {"at": "2026-01-01T00:00"}, "before the last good verification"),
        ("stop", {"at": "noon"}, "noon"),
        ("alternate", {"reason": "gauge"}, "label of its box"),
        ("alternate", {"label": "SN 1"}, "reason"),
    ],
    ids=["to come", "before the window", "no time", "no label", "no reason"],
)
def test_what_can_not_be_is_told_on_the_page(
    missing: Visitor, act: str, fields: dict[str, str], words: str
) -> None:
    assert missing.send(f"/containments/{CASE}/{act}", by="Li Wei", **fields) == 409
    assert case_of(missing)["window_to"] is None
    answer = missing.client.post(
        f"/containments/{CASE}/{act}",
        data={"form_token": _token(missing), "by": "Li Wei", **fields},
    )
    assert words in answer.text


def _token(visitor: Visitor) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', visitor.text(f"/containments/{CASE}"))
    assert found is not None
    return found[1]


def test_the_first_piece_under_an_alternate_control_ends_it(missing: Visitor) -> None:
    sent = {"label": "SN 88012", "reason": "100 % gauge, Q. Li", "by": "Li Wei"}
    assert missing.send(f"/containments/{CASE}/alternate", **sent) == 303
    assert case_of(missing)["window_end"] == "alternate"
    page = missing.text(f"/containments/{CASE}")
    assert "under an alternate control since" in page
    assert "SN 88012" in page


def test_programs_end_a_window_in_the_same_words(missing: Visitor) -> None:
    client, address = missing.client, f"/api/v1/containments/{CASE}"
    body = {"reason": "gauge", "box_label": "SN 1", **BY}
    assert client.post(f"{address}/alternate", json=BY).status_code == 422
    late = {"stopped_at": "2027-01-01T00:00:00Z", **BY}
    assert client.post(f"{address}/stop", json=late).json()["code"] == "stop_to_come"
    ended = client.post(f"{address}/alternate", json=body).json()
    assert (ended["window_end"], ended["box_label"], ended["stopped_by"]) == (
        "alternate",
        "SN 1",
        "badge 2207",
    )
    assert client.post(f"{address}/stop", json=BY).json()["code"] == "already_stopped_production"


def test_a_stop_without_a_word_is_now(missing: Visitor) -> None:
    ended = missing.client.post(f"/api/v1/containments/{CASE}/stop", json=BY).json()
    assert (ended["window_end"], ended["stop_text"], ended["box_label"]) == ("stop", None, None)
    assert ended["window_to"] == ended["stopped_at"]


def test_open_containments_are_the_same_wherever_they_are_counted(missing: Visitor) -> None:
    """F10: what is verified again is open until somebody closes it."""
    missing.client.post(f"/api/v1/containments/{CASE}/stop", json=BY)
    repaired = {"repair": "lens_cleaned", **BY}
    missing.client.post(f"/api/v1/containments/{CASE}/repair", json=repaired)
    missing.let(missing.plant.verify(STATION, case=CASE))
    assert case_of(missing)["state"] == "reverified"
    now, plant = missing.clock.now(), missing.plant.plant
    listed = missing.client.get("/api/v1/containments?closed=false").json()["items"]
    told = re.search(
        r"^redrabbit_containments_open (\S+)$", missing.client.get("/metrics").text, re.MULTILINE
    )
    assert told is not None
    counted = {
        "api": len(listed),
        "metrics": float(told[1]),
        "board": missing.plant.ask(lambda reader: board_page(reader, plant, {}, now)).cases,
        "demo": missing.plant.ask(lambda reader: summary(reader, now))["containments_open"],
        "navigation": int(_in_navigation(missing)),
    }
    assert counted == dict.fromkeys(counted, 2)
    closed = missing.client.get("/api/v1/containments?closed=true").json()["items"]
    assert [case["state"] for case in closed] == ["closed"]


def test_what_is_made_after_the_re_verification_is_not_said_to_be_suspect(missing: Visitor) -> None:
    """D34: the window ends there; only when its station stood is not recorded."""
    for address in (f"/containments/{CASE}", f"/stations/{STATION}"):
        assert "every further part is suspect, too" in missing.text(address)
    repaired = {"repair": "lens_cleaned", **BY}
    missing.client.post(f"/api/v1/containments/{CASE}/repair", json=repaired)
    missing.let(missing.plant.verify(STATION, case=CASE))
    case = case_of(missing)
    assert (case["state"], case["window_to"]) == ("reverified", None)
    counter = missing.plant.agent.queues[StationId(STATION)].owner.live.counter()
    assert counter is not None
    missing.let(missing.plant.show(STATION, part_count=counter + 800))
    assert case_of(missing)["quantity_so_far"] == case["quantity"]
    run = case["reverified_by_run"]
    for address in (f"/containments/{CASE}", f"/stations/{STATION}"):
        page = re.sub(r"<[^>]+>", "", missing.text(address))
        assert "every further part is suspect" not in page
        assert f"Parts made before re-verification {run} are suspect, later ones are not." in page
    page = re.sub(r"<[^>]+>", "", missing.text(f"/containments/{CASE}"))
    assert f"until re-verification {run}; what was made since is not suspect" in page


def _in_navigation(visitor: Visitor) -> str:
    (item,) = re.findall(
        r'<a class="item" href="/containments".*?</a>', visitor.text("/due"), re.DOTALL
    )
    found = re.search(r">\s*(\d+)\s*<", item)
    assert found is not None, item
    return found[1]
