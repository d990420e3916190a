"""One way out for each receiver of the plant file, made once, when the service starts.

Each opens a connection for a message and closes it: alarms are few, and a connection kept open is
one more thing that can die unseen.
"""

from collections.abc import Iterable, Mapping

from redrabbit.alarms.apprise_way import AppriseWay
from redrabbit.alarms.delivery import Channel
from redrabbit.alarms.mqtt_topic import MqttTopic
from redrabbit.alarms.receiver_secrets import ReceiverSecrets
from redrabbit.alarms.webhook import Webhook
from redrabbit.base.clock import Clock
from redrabbit.domain.plant import NotificationTarget, TargetKind


def make_channels(
    targets: Iterable[NotificationTarget], secrets: Mapping[str, ReceiverSecrets], clock: Clock
) -> Mapping[str, Channel]:
    """Return the ways to the receivers, by their names."""
    return {target.name: _channel(target, secrets[target.name], clock) for target in targets}


def _channel(target: NotificationTarget, secrets: ReceiverSecrets, clock: Clock) -> Channel:
    match target.kind:
        case TargetKind.WEBHOOK:
            return Webhook(target, secrets, clock)
        case TargetKind.APPRISE:
            return AppriseWay(secrets.apprise, clock)
        case TargetKind.MQTT:
            return MqttTopic(target)
