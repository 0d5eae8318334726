"""A program that speaks to the API with a token of its person, as curl would."""

from datetime import UTC, datetime
from typing import Any

from django.test import Client
from zeal import zeal_context

from tenants.models import ApiToken, Membership
from tenants.models.token import new_secret, sha256_of_secret

LONG_AGO, FAR = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
V1 = "/api/v1/"


class Api(Client):
    """Sends and reads JSON; `api.post("tickets/ACME-1/start/")` is below /api/v1/."""

    def __init__(self, member: Membership | None = None, secret: str = "", **headers: str) -> None:
        if member is not None:
            secret = token_of(member)[1]
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        super().__init__(headers=headers)

    def generic(self, method: str, path: str, *args: Any, **kwargs: Any):
        path = path if path.startswith(("/", "http")) else V1 + path
        return super().generic(method, path, *args, **kwargs)

    def request(self, **request: Any):
        with zeal_context():
            return super().request(**request)

    def get(self, path: str, data: Any = None, **kwargs: Any):
        path = path if path.startswith(("/", "http")) else V1 + path
        return super().get(path, data, **kwargs)

    def post(self, path: str, data: Any = None, **kwargs: Any):
        kwargs.setdefault("content_type", "application/json")
        path = path if path.startswith(("/", "http")) else V1 + path
        return super().post(path, {} if data is None else data, **kwargs)


def token_of(member: Membership, **given: Any) -> tuple[ApiToken, str]:
    """Make a token of a member for their one client, that may do everything for good."""
    secret = new_secret()
    told = {
        "user": member.user,
        "name": "a program",
        "sha256": sha256_of_secret(secret),
        "hint": secret[-4:],
        "tenants": [member.tenant_id],
        "verbs": ["read", "write", "approve"],
        "made_at": LONG_AGO,
        "expires_at": FAR,
    }
    return ApiToken.objects.create(**{**told, **given}), secret
