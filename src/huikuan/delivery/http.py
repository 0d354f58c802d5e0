"""One POST to an address that somebody else chose: only where it may go, no further than there, and not for long.

The name is looked up once, every address it has is judged, and the connection is made to the address that was judged,
so that a name which changes its answer in between leads nowhere else. No redirects, no proxies.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from huikuan.core.webhooks import Target, is_public

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
BODY_MAX = 2_048
"""So much of an answer is read; it is only shown in the log."""


class NotAllowed(Exception):
    """The address must not be called."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status and the beginning of its body."""

    status: int
    body: bytes


def post(target: Target, body: bytes, headers: Mapping[str, str], *, allow_private: bool = False) -> Reply:
    """Raises ``NotAllowed`` for an address on the inside, and ``OSError`` or ``http.client.HTTPException`` when there
    is no proper answer in time."""
    deadline = time.monotonic() + TOTAL_SECONDS
    connection = _connection(target, address_of(target, allow_private=allow_private))
    try:
        connection.connect()
        _hurry(connection, deadline)
        connection.request("POST", target.path, body, {"Connection": "close", **headers})
        _hurry(connection, deadline)
        answer = connection.getresponse()
        return Reply(answer.status, _beginning(answer, connection, deadline))
    finally:
        connection.close()


def address_of(target: Target, *, allow_private: bool) -> str:
    """The IP address to connect to. Raises ``NotAllowed`` when any address of the name lies inside."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private:
        for address in addresses:
            if not is_public(address):
                raise NotAllowed(f"{target.host} is {address}, which is not on the open internet")
    return addresses[0]


def _connection(target: Target, address: str) -> http.client.HTTPConnection:
    if target.scheme == "http":
        return _Pinned(target, address)
    return _PinnedTls(target, address)


class _Pinned(http.client.HTTPConnection):
    """Speaks to ``address`` and names ``target.host``."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self.address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), CONNECT_SECONDS)


class _PinnedTls(http.client.HTTPSConnection):
    """The same over TLS; the certificate must be the name's."""

    def __init__(self, target: Target, address: str) -> None:
        self.tls = ssl.create_default_context()
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS, context=self.tls)
        self.address = address

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), CONNECT_SECONDS)
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)


def _hurry(connection: http.client.HTTPConnection, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    if connection.sock is not None:
        connection.sock.settimeout(min(left, TOTAL_SECONDS))


def _beginning(answer: http.client.HTTPResponse, connection: http.client.HTTPConnection, deadline: float) -> bytes:
    """An answer that trickles in is not waited for: its status has been said."""
    read = b""
    try:
        while len(read) < BODY_MAX:
            _hurry(connection, deadline)
            part = answer.read1(BODY_MAX - len(read))
            if not part:
                break
            read += part
    except (OSError, http.client.HTTPException):
        pass
    return read
