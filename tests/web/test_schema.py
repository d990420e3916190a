"""The API keeps what its OpenAPI document says, whatever it is asked (bounded examples)."""

import asyncio
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from tests.fakes import JumpClock
from tests.people import sign_in_at
from tests.showcase_story import BEGIN, Showcase, told

pytest_plugins = ["schemathesis.pytest.plugin"]
"""Blocked elsewhere (pyproject.toml), because loading it takes most of the start of pytest."""

CLOCK = JumpClock(BEGIN)
PLANT = asyncio.run(told(Showcase(CLOCK)))
APP = create_app(
    PLANT.service,
    clock=CLOCK,
    sign_in=sign_in_at(PLANT.agent),
    access=AccessRules(trust_network=True),
)
SCHEMA = schemathesis.openapi.from_dict(APP.openapi()).exclude(path="/api/v1/events")
SCHEMA.app = APP


@SCHEMA.parametrize()
@hypothesis.settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_of_the_described_form(case: schemathesis.Case[Any]) -> None:
    answer = case.call(headers={"host": "127.0.0.1", "content-type": "application/json"})
    assert answer.status_code < 500
    case.validate_response(
        answer,
        checks=[
            content_type_conformance,
            negative_data_rejection,
            response_schema_conformance,
            status_code_conformance,
            unsupported_method,
        ],
    )
