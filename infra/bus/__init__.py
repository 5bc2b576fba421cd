"""The bus between processes, NATS JetStream: stored facts on their way to whoever follows them. Never the record. The only door to nats-py."""

from infra.bus.connecting import Bus
from infra.bus.following import BusFollower
from infra.bus.relay import relay

__all__ = ["Bus", "BusFollower", "relay"]
