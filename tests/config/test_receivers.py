"""Receivers name where their secrets stand; what they can't be sent is told before the first alarm."""

from collections.abc import Mapping
from pathlib import Path

import jsonschema_rs
import pytest

from redrabbit.base.redaction import redacted
from redrabbit.config.plant import load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.config.receivers import RECEIVERS
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.plant import NotificationTarget, SecretPlace, TargetKind

BASE = Path(__file__).parent / "base"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in BASE.iterdir()}

OFFICE = """
  office:
    webhook: https://office.plant.example/hooks/redrabbit
    token_env: OFFICE_TOKEN
    token_header: X-Auth
    headers:
      X-Api-Key: {env: OFFICE_KEY}
      Authorization:
        file: /etc/redrabbit/office.basic
    signing_secret_file: /etc/redrabbit/office.whsec
    ca_file: /etc/ssl/plant-ca.pem
    events: [missed, false_reject]
"""


def with_receivers(receivers: str) -> Mapping[str, str]:
    return {**TEXTS, "plant.yaml": f"{TEXTS['plant.yaml']}notifications:{receivers}"}


def test_a_webhook_names_what_it_needs_and_where_it_stands() -> None:
    (office,) = load_plant(with_receivers(OFFICE)).targets
    assert office == NotificationTarget(
        name="office",
        kind=TargetKind.WEBHOOK,
        url="https://office.plant.example/hooks/redrabbit",
        token=SecretPlace(env="OFFICE_TOKEN"),
        token_header="X-Auth",
        headers=(
            ("X-Api-Key", SecretPlace(env="OFFICE_KEY")),
            ("Authorization", SecretPlace(file="/etc/redrabbit/office.basic")),
        ),
        signing_secret=SecretPlace(file="/etc/redrabbit/office.whsec"),
        ca_file="/etc/ssl/plant-ca.pem",
        events=frozenset({"missed", "false_reject"}),
    )


def test_what_the_ledger_keeps_of_a_receiver_is_the_same_receiver() -> None:
    """Names of places are no secrets: redaction takes none of them (D24)."""
    texts = with_receivers(OFFICE)
    assert load_plant(redacted(texts), adopted=True).targets == load_plant(texts).targets


@pytest.mark.parametrize("topic", ["plant/#", "plant/+/events", "#", "+"])
def test_a_topic_for_many_is_refused_but_still_read_in_what_was_adopted(topic: str) -> None:
    """It could never be published to; what came due under the file is owed all the same (L7)."""
    texts = with_receivers(f'\n  andon: {{mqtt: "127.0.0.1:1883", topic: "{topic}"}}\n')
    with pytest.raises(ConfigurationProblems, match=r"plant\.yaml:\d+:\d+: found .*wildcards"):
        load_plant(texts)
    assert load_plant(texts, adopted=True).targets[0].topic == topic


@pytest.mark.parametrize("kind", AlarmKind)
def test_every_kind_of_alarm_can_be_asked_for(kind: AlarmKind) -> None:
    texts = with_receivers(f"\n  office: {{webhook: 'http://office/', events: [{kind.value}]}}\n")
    assert load_plant(texts).targets[0].events == {kind.value}


def test_an_event_of_older_files_that_was_never_raised_can_still_be_asked_for() -> None:
    texts = with_receivers("\n  office: {webhook: 'http://office/', events: [wrong_part]}\n")
    assert load_plant(texts).targets[0].events == {"wrong_part"}


@pytest.mark.parametrize(
    ("receiver", "is_valid"),
    [
        ({"mqtt": "127.0.0.1:1883", "topic": "plant/events"}, True),
        ({"mqtt": "127.0.0.1:1883", "topic": "plant/#"}, False),
        ({"webhook": "http://office/", "headers": {"X-Api-Key": {"env": "KEY"}}}, True),
        ({"webhook": "http://office/", "headers": {"X-Api-Key": "zQ-S3cret"}}, False),
        ({"webhook": "http://office/", "headers": {"X Y": {"env": "KEY"}}}, False),
    ],
)
def test_the_schema_tells_an_editor_the_same(receiver: object, is_valid: bool) -> None:
    validator = jsonschema_rs.validator_for(RECEIVERS.schema())
    assert validator.is_valid({"office": receiver}) is is_valid
