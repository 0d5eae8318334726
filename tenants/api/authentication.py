"""Who asks: a token's person, found by `TokenMiddleware`, or the browser's session with CSRF."""

from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions
from rest_framework.request import Request


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer portal_...`; `request.auth` is the token."""

    def authenticate(self, request: Request):
        token = request._request.token
        if token is not None:
            return token.user, token
        if "Authorization" in request.headers:
            raise exceptions.AuthenticationFailed(
                _("This token opens nothing: it is unknown, revoked or expired. Make a new one.")
            )
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The portal's own pages; `request.auth` is None, and every change needs the CSRF token."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise exceptions.PermissionDenied(
                _("The CSRF token is missing or wrong: send it as X-CSRFToken, or use a token.")
            ) from None
