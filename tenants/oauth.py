"""
Access tokens of OAuth 2.0 for programs, by the two grants at which nobody has to look.

Client credentials where the provider trusts the application itself; a refresh token where a person
agreed once. Plain Python; requests go out by `tenants.outbound`.

Source: RFC 6749, sections 4.4, 5 and 6.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from tenants import outbound

SHORTEST, LONGEST = 60, 24 * 3600  # seconds that a token is taken to be good for
SPARE = timedelta(seconds=60)  # a token that ends within this is asked for anew
ERRORS = frozenset({
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
    "unsupported_grant_type", "invalid_scope",
})  # fmt: skip


class NoToken(Exception):
    """The server gave no token; `error` is one of `ERRORS`, or empty where it said nothing known."""

    def __init__(self, error: str = "") -> None:
        self.error = error
        super().__init__(error or "no token")


@dataclass(frozen=True, slots=True)
class Application:
    """Who asks, and where; with a refresh token for a person, without one for itself."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""
    refresh_token: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """An access token, until when it is asked with, and the refresh token that is good from now on."""

    access: str
    until: datetime
    refresh: str


def granted(application: Application, now: datetime) -> Grant:
    """
    Ask for an access token.

    :raises NoToken: if the server gives none.
    :raises NotReachable: if it may not be asked, or does not answer.
    """
    status, body = outbound.ask(
        application.token_url,
        urlencode(asked(application)).encode(),
        {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
    )
    told = read(body)
    access = told.get("access_token")
    if status != 200 or not is_token(access):
        error = told.get("error")
        raise NoToken(error if error in ERRORS else "")
    refresh = told.get("refresh_token")
    kept = refresh if is_token(refresh) else application.refresh_token
    return Grant(access, now + lasting(told.get("expires_in")) - SPARE, kept)


def asked(application: Application) -> dict[str, str]:
    fields = {
        "grant_type": "refresh_token" if application.refresh_token else "client_credentials",
        "refresh_token": application.refresh_token,
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        "scope": application.scope,
    }
    return {name: value for name, value in fields.items() if value}


def read(body: bytes) -> dict[str, object]:
    try:
        told = json.loads(body)
    except ValueError:  # a page of a proxy, say
        return {}
    return told if isinstance(told, dict) else {}


def is_token(told: object) -> bool:
    """Return whether it is a text that can stand in a header: RFC 6750, 2.1, and not endless."""
    return (
        isinstance(told, str) and 0 < len(told) < 10_000 and told.isascii() and told.isprintable()
    )


def lasting(told: object) -> timedelta:
    """Return how long a token is good for; an hour where the server does not say."""
    number = told if isinstance(told, int | float | str) else ""
    try:
        seconds = int(float(number))
    except (ValueError, OverflowError):
        seconds = 3600
    return timedelta(seconds=min(max(seconds, SHORTEST), LONGEST))
