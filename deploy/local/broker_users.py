"""The broker's users and their permissions: the gateway sends requests; a service replies, and owns the queues named after it.

Patterns are RabbitMQ's: configure = declare and delete, write = publish and bind to, read = consume and bind from.
"""

from __future__ import annotations

OPS = "ops"
VHOST = "youthcity"
GATEWAY = "gateway"


def permissions(user: str) -> dict[str, str]:
    """The three patterns of a user, as the management API takes them."""
    if user == OPS:
        return {"configure": ".*", "write": ".*", "read": ".*"}
    if user == GATEWAY:
        return {"configure": "^nameko-rpc$", "write": "^nameko-rpc$", "read": "^$"}
    own = rf"{user}\..*|rpc-{user}|nameko-rpc"
    return {
        "configure": rf"^({own}|[a-z]+\.events)$",
        "write": rf"^({own}|amq\.default|amq\.rabbitmq\.reply-to.*)$",
        "read": rf"^({own}|[a-z]+\.events)$",
    }


def listener_permissions(department: str) -> dict[str, str]:
    """As `permissions`, for a department's system that receives events on queues of its own and publishes nothing."""
    own = rf"{department}\..*"
    return {"configure": f"^{own}$", "write": f"^{own}$", "read": rf"^({own}|[a-z]+\.events)$"}
