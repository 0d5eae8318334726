"""Where a request came from. A header counts only as far as our own proxies wrote it."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """
    Return the address of the client, empty where there is none.

    With `PROXY_HOPS` n the portal stands behind n proxies, each of which appends whom it heard to
    X-Forwarded-For: the n-th from the end is the client, and what stands before it may be forged.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if hops := settings.PROXY_HOPS:
        heard = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(heard) >= hops:
            address = heard[-hops]
    try:
        return str(ip_address(address))
    except ValueError:
        return ""


def net_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 that one IPv6 line has."""
    if not address or ip_address(address).version == 4:
        return address
    return str(ip_network(f"{address}/64", strict=False))
