"""
Messages to addresses that people typed or an operator set: to the open internet only, and never further.

The name is looked up once, every address that it has must be public, and the connection goes to the
address that was checked; a redirect is an answer like any other. Plain Python and sockets.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings

TIMEOUT = 10  # seconds
EMBEDS_IPV4 = ip_network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address
LONGEST = 300
MOST_BYTES, MOST_SECONDS = 65_536, 30  # of an answer that is read

Read = TypeVar("Read")


class NotReachable(OSError):
    """The address may not be asked, or did not take the message; the text names no secret."""


def check_url(url: str) -> tuple[str, int, str]:
    """
    Return host, port and path of an address that may be asked, without asking it.

    :raises NotReachable: if it is not https on port 443, or names a user or nothing.
    """
    parts = urlsplit(url)
    try:
        port = parts.port or 443
    except ValueError:
        raise NotReachable("The port is none.") from None
    host = parts.hostname or ""
    if host in settings.OUTBOUND_PRIVATE_HOSTS:
        return host, parts.port or (443 if parts.scheme == "https" else 80), _path(parts)
    if parts.scheme != "https" or port != 443 or not host or parts.username or len(url) > LONGEST:
        raise NotReachable("Write an address that begins with https:// and has no port.")
    return host, port, _path(parts)


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """
    Post a message and return the status of the answer, which is not read.

    :raises NotReachable: if the address may not be asked, or nobody answers.
    """
    return _sent("POST", url, body, headers, lambda answer: b"")[0]


def ask(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """
    Post a message and return status and body of the answer.

    :raises NotReachable: as above, and if the answer is too long or comes too slowly.
    """
    return _sent("POST", url, body, headers, _read)


def fetch(
    method: str, url: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """
    Send any request and return status, headers and body of the answer.

    :raises NotReachable: as above.
    """
    status, (told, found) = _sent(
        method, url, body, headers, lambda answer: (dict(answer.getheaders()), _read(answer))
    )
    return status, told, found


def _sent(
    method: str,
    url: str,
    body: bytes | None,
    headers: dict[str, str],
    reading: Callable[[http.client.HTTPResponse], Read],
) -> tuple[int, Read]:
    host, port, path = check_url(url)
    try:
        connection = _connection(host, port, urlsplit(url).scheme == "https")
        try:
            sent = {"Content-Type": "application/json", "User-Agent": "portal", **headers}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, reading(answer)
        finally:
            connection.close()
    except NotReachable:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise NotReachable(type(error).__name__) from error


def _read(answer: http.client.HTTPResponse) -> bytes:
    found, until = b"", time.monotonic() + MOST_SECONDS
    while part := answer.read1(8192):
        found += part
        if len(found) > MOST_BYTES or time.monotonic() > until:
            raise NotReachable("The answer is too long.")
    return found


def public_address(host: str, port: int) -> str:
    """
    Return an address of the host, all of which are of the open internet.

    :raises NotReachable: if there is none, or one is not.
    """
    found = {row[4][0] for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if host not in settings.OUTBOUND_PRIVATE_HOSTS:
        for text in found:
            if not is_public(text):
                raise NotReachable("The address is not of the open internet.")
    if not found:
        raise NotReachable("The name leads nowhere.")
    return min(found, key=lambda text: (":" in text, text))  # an IPv4 address where there is one


def is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif address in EMBEDS_IPV4:
            address = ip_address(address.packed[-4:])
    return address.is_global and not address.is_multicast and not address.is_reserved


def _connection(host: str, port: int, secure: bool) -> http.client.HTTPConnection:
    """Return a connection to the address that was checked, under the name that was told."""
    plain = socket.create_connection((public_address(host, port), port), TIMEOUT)
    if secure:
        plain = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    connection.sock = plain
    return connection


def _path(parts) -> str:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if any(character <= " " or character > "~" for character in path):
        raise NotReachable("Write the address without blanks and special letters.")
    return path
