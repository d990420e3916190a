"""Outgoing messages: MQTT topics and webhooks named in the plant file, at least once."""
