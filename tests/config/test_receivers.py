"""Receivers name where their secrets stand; what they can't be sent is told before the first alarm."""

from collections.abc import Mapping
from pathlib import Path

import jsonschema_rs
import pytest

from redrabbit.base.redaction import redacted
from redrabbit.config.plant import advice_on, load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.config.receivers import RECEIVERS
from redrabbit.config_commands import check_configuration
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.secret_place import SecretPlace
from redrabbit.services.ports import OutgoingMessage
from redrabbit.store.outbox import wanting

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


MISSED = OutgoingMessage(event="missed", key="k", payload={})


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
    ("said", "alarms", "checkpoints"),
    [
        ("", True, False),
        (", checkpoints: false", True, False),
        (", checkpoints: true", True, True),
        (", checkpoints: only", False, True),
    ],
)
def test_a_receiver_of_any_kind_can_be_sent_checkpoints_too_or_only_these(
    said: str, *, alarms: bool, checkpoints: bool
) -> None:
    """D62: nothing is sent to a receiver of today that does not ask for it."""
    for way in ("webhook: 'http://archive/'", "mqtt: '127.0.0.1:1883', topic: plant/kept"):
        texts = with_receivers(f"\n  archive: {{{way}{said}}}\n")
        (archive,) = load_plant(texts).targets
        assert (archive.alarms, archive.checkpoints) == (alarms, checkpoints)
        assert wanting([archive], MISSED) == (["archive"] if alarms else [])


@pytest.mark.parametrize(
    ("receivers", "is_advised"),
    [
        ("  office: {webhook: 'http://office/'}\n", True),
        ("  office: {webhook: 'http://office/', checkpoints: false}\n", True),
        ("  office: {webhook: 'http://office/', checkpoints: only}\n", False),
    ],
)
def test_a_plant_that_tells_somebody_is_advised_to_have_its_checkpoints_kept(
    receivers: str, *, is_advised: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in with_receivers(f"\n{receivers}").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert check_configuration(tmp_path) == 0
    *said, content = capsys.readouterr().out.splitlines()
    advice = [line for line in said if "links" not in line and "link to" not in line]
    assert [line.split(": ", 2)[1] for line in advice] == ["advice"] * is_advised
    assert "checkpoints: true at one on another machine" in "".join(advice) or not is_advised
    assert f"receivers of checkpoints: {1 - is_advised})" in content


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", ["alarms:      all of them", "checkpoints: none; say checkpoints: true"]),
        (", events: [missed, lapsed]", ["alarms:      lapsed, missed"]),
        (", checkpoints: only", ["alarms:      none", "checkpoints: at the end of each shift"]),
    ],
)
def test_what_a_receiver_is_told_can_be_asked_for(
    said: str, told: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a webhook's path, which may be secret."""
    receivers = (
        f"\n  office: {{webhook: 'http://office/s3cret'{said}}}"
        f"\n  andon: {{mqtt: '127.0.0.1:1883', topic: plant/events{said}}}\n"
    )
    for name, text in with_receivers(receivers).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, way in (("office", "webhook"), ("andon", "MQTT, broker 127.0.0.1:1883")):
        assert check_configuration(tmp_path, name) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"{name} · {way}")
        assert all(each in shown for each in told)
        assert "s3cret" not in shown
    assert check_configuration(tmp_path, "nobody") == 1
    assert (
        "expected one of andon, camera, camera-check, office, press, press-check"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("receiver", "is_valid"),
    [
        ({"mqtt": "127.0.0.1:1883", "topic": "plant/events"}, True),
        ({"mqtt": "127.0.0.1:1883", "topic": "plant/#"}, False),
        ({"webhook": "http://office/", "headers": {"X-Api-Key": {"env": "KEY"}}}, True),
        ({"webhook": "http://office/", "headers": {"X-Api-Key": "zQ-S3cret"}}, False),
        ({"webhook": "http://office/", "headers": {"X Y": {"env": "KEY"}}}, False),
        ({"webhook": "http://office/", "checkpoints": True}, True),
        ({"webhook": "http://office/", "checkpoints": "only"}, True),
        ({"webhook": "http://office/", "checkpoints": "daily"}, False),
    ],
)
def test_the_schema_tells_an_editor_the_same(receiver: object, is_valid: bool) -> None:
    validator = jsonschema_rs.validator_for(RECEIVERS.schema())
    assert validator.is_valid({"office": receiver}) is is_valid


ON_APPRISE = """
  duty:
    apprise_file: /etc/redrabbit/duty.url
    language: zh
"""


def test_a_receiver_of_apprise_names_only_where_its_address_stands() -> None:
    """D24: the address holds secrets, so it is never in these files."""
    (duty,) = load_plant(with_receivers(ON_APPRISE)).targets
    assert duty.kind is TargetKind.APPRISE
    assert duty.apprise == SecretPlace(file="/etc/redrabbit/duty.url")
    assert (duty.url, duty.language) == (None, "zh")


@pytest.mark.parametrize(
    ("receiver", "problem"),
    [
        ("apprise_file: /a, apprise_env: B", "two Apprise addresses"),
        ("apprise_file: /a, webhook: 'http://b/'", "several ways, or half of one"),
        ("apprise_env: A, token_env: B", "a token only beside a webhook"),
        ("language: zh", "no way"),
        ("mqtt: '1.2.3.4:1883', topic: t, language: de", "expected one of en, zh"),
    ],
)
def test_a_receiver_of_apprise_that_can_not_be_is_refused(receiver: str, problem: str) -> None:
    with pytest.raises(ConfigurationProblems, match=problem):
        load_plant(with_receivers(f"\n  duty: {{{receiver}}}\n"))


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("", None),
        ("address: https://rabbit.plant.example/\n", "https://rabbit.plant.example"),
        ("address: http://10.0.0.4:8080\n", "http://10.0.0.4:8080"),
    ],
)
def test_links_begin_with_the_address_and_without_one_that_is_advised(
    said: str, address: str | None, tmp_path: Path
) -> None:
    """B33: a link that leads nowhere is none."""
    texts = dict(with_receivers(ON_APPRISE))
    texts["plant.yaml"] = said + texts["plant.yaml"]
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    plant, advice = advice_on(tmp_path)
    assert plant.address == address
    assert any("can't link" in each.found for each in advice) == (address is None)


@pytest.mark.parametrize("said", ["rabbit.plant.example", "https://r/?a=b", "https://r/#a"])
def test_an_address_that_no_link_can_begin_with_is_refused(said: str) -> None:
    texts = dict(TEXTS)
    texts["plant.yaml"] = f"address: '{said}'\n" + texts["plant.yaml"]
    with pytest.raises(ConfigurationProblems, match="where this service is reached"):
        load_plant(texts)
