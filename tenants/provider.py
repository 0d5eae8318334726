"""
The provider of single sign-on, by OpenID Connect: code flow with PKCE, state and nonce (ADR 21).

Authlib does the protocol and proves the id_token. Here stands only what is ours: which provider, how
it is reached (tenants/outbound.py), and what of its answers is held to be true.
"""

import io
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import MismatchingStateError, OAuthError
from authlib.integrations.django_client import DjangoOAuth2App
from authlib.integrations.django_client.integration import DjangoIntegration
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from joserfc.errors import JoseError
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from tenants import outbound

NAME = "sign_on"
ASYMMETRIC = {
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
}
KNOWN_FOR = 3600  # seconds: how long what the provider tells of itself is held
LEEWAY = 60  # seconds between its clock and ours


class Away(Exception):
    """The provider does not answer, or not as one."""


class Denied(Exception):
    """The person, or the provider, said no at the provider's own page."""


class Stale(Exception):
    """The way back does not belong to a way there of this browser, or was gone already."""


class Untrue(Exception):
    """What came back does not prove who is there."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is there, as the provider proved it; `email` only where it vouches for it."""

    issuer: str
    subject: str
    email: str
    by_second_factor: bool


class Outbound(BaseAdapter):
    """Sends what `requests` asks through the portal's own way out."""

    def send(self, request: requests.PreparedRequest, **_told: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        status, headers, found = outbound.fetch(
            request.method, request.url, body, dict(request.headers)
        )
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url, request
        response.headers, response.raw = CaseInsensitiveDict(headers), io.BytesIO(found)
        return response

    def close(self) -> None:
        """Nothing is kept open."""


class Line(OAuth2Session):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trust_env, self.max_redirects = (
            False,
            0,
        )  # no proxy, no .netrc; a redirect is an answer
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("https://", "http://"):
            self.mount(scheme, Outbound())


class Provider(DjangoOAuth2App):
    client_cls = Line

    def load_server_metadata(self) -> dict[str, Any]:
        """
        Return what the provider tells of itself, asked again after an hour.

        :raises OAuthError: if it speaks for another issuer, or signs with nothing that proves it.
        """
        if self.server_metadata.get("_loaded_at", 0) + KNOWN_FOR < time.time():
            self.server_metadata = {}
        found = super().load_server_metadata()
        algorithms = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = [a for a in algorithms if a in ASYMMETRIC]
        if found.get("issuer") != settings.OIDC_ISSUER:
            self.server_metadata = {}
            raise OAuthError(description="The provider names another issuer.")
        return found


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER)


def name() -> str:
    """Return what people call the provider; empty where the portal has none."""
    return settings.OIDC_NAME if is_on() else ""


def provider() -> Provider:
    return _provider(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@lru_cache(maxsize=8)
def _provider(issuer: str, client_id: str, secret: str) -> Provider:
    return Provider(
        DjangoIntegration(NAME),
        name=NAME,
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )


def way_there(request: HttpRequest, back: str) -> HttpResponse:
    """
    Lead to the provider's page; the session remembers state, nonce and verifier of this way only.

    :raises Away: if the provider does not answer.
    """
    for key in list(request.session.keys()):
        if key.startswith(f"_state_{NAME}_"):
            del request.session[key]
    try:
        return provider().authorize_redirect(request, back)
    except (OSError, AuthlibBaseError, RuntimeError, ValueError) as error:
        raise Away from error


def way_back(request: HttpRequest) -> Told:
    """
    Return who came back; each way is gone once.

    :raises Away: if the provider does not answer.
    :raises Denied: if the person or the provider refused.
    :raises Stale: if this browser has no such way open.
    :raises Untrue: if the answer does not prove who is there.
    """
    state = request.GET.get("state", "")
    if provider().framework.get_state_data(request.session, state) is None:
        raise Stale
    if request.GET.get("error"):
        provider().framework.clear_state_data(request.session, state)
        raise Denied
    expected = {
        "iss": {"essential": True, "value": settings.OIDC_ISSUER},
        "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
    }
    try:
        token = provider().authorize_access_token(request, claims_options=expected, leeway=LEEWAY)
        return told_by(token)
    except MismatchingStateError as error:
        raise Stale from error
    except OSError as error:
        raise Away from error
    except (AuthlibBaseError, JoseError, ValueError, RuntimeError, KeyError) as error:
        raise Untrue from error


def told_by(token: dict[str, Any]) -> Told:
    """
    Read what an answer that was verified says.

    :raises Untrue: if it names nobody.
    """
    claims = token.get("userinfo") or {}
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Untrue
    if "email" not in claims and "userinfo_endpoint" in provider().server_metadata:
        more = provider().userinfo(token=token)
        if more.get("sub") != subject:
            raise Untrue
        claims = {**more, **claims}
    vouched = claims.get("email_verified") in (True, "true")
    email = claims.get("email") if vouched else ""
    return Told(
        issuer=settings.OIDC_ISSUER,
        subject=subject,
        email=email if isinstance(email, str) else "",
        by_second_factor="mfa" in (claims.get("amr") or []),
    )
