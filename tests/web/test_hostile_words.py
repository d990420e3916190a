"""What people and machines write stays text on every page (ASVS 5.0.0, 1.2.1, 3.2.2)."""

import pytest

from tests.web.conftest import Visitor

HOSTILE = '"><img src=x onerror=alert(1)>{{7*7}}'
PAGES = ("/due", "/runs", "/alarms", "/stations", "/stations/line1-op20", "/")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_and_reasons_stay_text_wherever_they_are_shown(
    visitor: Visitor, language: str
) -> None:
    by = {"operator": HOSTILE}
    client = visitor.client
    run = client.post("/api/v1/runs", json={**by, "check": "line1-op20"}).json()
    run_id = run["run_id"]
    client.post(f"/api/v1/runs/{run_id}/remarks", json={**by, "text": HOSTILE})
    client.post(f"/api/v1/runs/{run_id}/abort", json={**by, "reason": HOSTILE})
    due = client.get("/api/v1/occurrences?outcome=open").json()["items"][0]["occurrence_id"]
    client.post("/api/v1/excuses", json={**by, "occurrence": due, "reason": HOSTILE})
    visitor.be(HOSTILE)
    shown = 0
    for path in (*PAGES, f"/runs/{run_id}"):
        page = visitor.text(path, language)
        assert "<img" not in page
        assert page.count("onerror=") == page.count("{{7*7}}")  # no template was made of it
        shown += "&lt;img src=x onerror" in page
    assert shown >= 2
