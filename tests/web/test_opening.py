"""What is answered while the database is being opened (G1)."""

import pytest
from starlette.testclient import TestClient

from redrabbit.services.opening_progress import Opening, OpeningProgress
from redrabbit.web.api.models import Problem
from redrabbit.web.api.upkeep_models import Health, NotOpened
from redrabbit.web.opening import HealthStatus, opening_app


def client(progress: OpeningProgress) -> TestClient:
    return TestClient(opening_app(progress), base_url="http://127.0.0.1:8080")


@pytest.fixture
def progress() -> OpeningProgress:
    found = OpeningProgress()
    found.note(Opening.VERIFIES, 43, 100)
    return found


def test_the_process_is_alive_and_starting(progress: OpeningProgress) -> None:
    answer = client(progress).get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "starting")
    assert Health.model_validate(answer.json()).status is HealthStatus.STARTING


def test_it_is_not_ready_and_says_how_far_it_is(progress: OpeningProgress) -> None:
    answer = client(progress).get("/ready")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["status"] == "opening, 43 %"
    told = {"step": "verifies", "done": 43, "of": 100, "percent": 43}
    assert answer.json()["opening"] == told
    assert NotOpened.model_validate(answer.json()).opening.percent == 43
    assert answer.headers["retry-after"] == "2"
    assert client(OpeningProgress()).get("/ready").json()["status"] == "opening"


@pytest.mark.parametrize("step", list(Opening))
def test_a_page_says_it_in_both_languages_and_asks_again(step: Opening) -> None:
    progress = OpeningProgress()
    progress.note(step, 43, 100)
    answer = client(progress).get("/stations/line1-op20")
    assert answer.status_code == 503
    assert 'http-equiv="refresh"' in answer.text
    assert answer.text.count("43 %") == 2
    assert "opening." not in answer.text, "each step has its words"


def test_a_program_gets_a_problem(progress: OpeningProgress) -> None:
    answer = client(progress).post("/api/v1/runs", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "opening")
    assert answer.headers["content-type"] == "application/problem+json"
    assert Problem.model_validate(answer.json()).instance == "/api/v1/runs"
