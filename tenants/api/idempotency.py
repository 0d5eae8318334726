"""
A repeated request does nothing and is answered as the first time (`Idempotency-Key`).

The key is claimed and answered in the transaction of the effect. A twin that comes meanwhile waits
for that transaction at the unique index; what failed left no key, so it may be tried again.
"""

import hashlib
import json
import re
from collections.abc import Callable

from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.errors import Conflict
from tenants.models import IdempotencyKey
from tenants.models.idempotency import KEPT_FOR
from tenants.scoping import require_in_scope

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEPT_HEADERS = ("ETag", "Location")
SHAPE = re.compile(r"[\x21-\x7e]{1,100}")
CLAIM = """
INSERT INTO tenants_idempotencykey AS mine
(tenant_id, user_id, key, request_sha256, headers, made_at)
VALUES (%(tenant)s, %(user)s, %(key)s, %(sha256)s, '{}', %(now)s)
ON CONFLICT (tenant_id, user_id, key) DO UPDATE
SET request_sha256 = excluded.request_sha256, status = NULL, body = NULL, made_at = excluded.made_at
WHERE mine.made_at <= %(expired)s
RETURNING id
"""


def once(request: Request, tenant_id: int, act: Callable[[], Response]) -> Response:
    """
    Act, unless the same person's request with the same key did it for this client in the last day.

    :raises Conflict: if the key was used for another request.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not SHAPE.fullmatch(key):
        said = _("Write 1 to 100 visible ASCII characters, for example a UUID.")
        raise ValidationError({HEADER: [ErrorDetail(said, "invalid")]})
    sha256 = fingerprint(request)
    if (claimed := claim(tenant_id, request.user.pk, key, sha256)) is None:
        return answer_again(tenant_id, request.user.pk, key, sha256)
    response = act()
    keep(claimed, response)
    return response


def fingerprint(request: Request) -> str:
    data = request.data
    told = dict(data.lists()) if isinstance(data, QueryDict) else data
    body = json.dumps(told, sort_keys=True, default=fingerprint_of_file)
    said = "\n".join([request.method, request.path, body])
    return hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()


def fingerprint_of_file(upload: UploadedFile) -> list[str]:
    """Return name and hash of a file of a form; it is read from its beginning again after."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return [upload.name or "", digest.hexdigest()]


def claim(tenant_id: int, user_id: int, key: str, sha256: str) -> int | None:
    """Return the id of the key's row where it is ours to do; waits for whoever is doing it."""
    require_in_scope([tenant_id])
    now = timezone.now()
    values = {"tenant": tenant_id, "user": user_id, "key": key, "sha256": sha256}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {**values, "now": now, "expired": now - KEPT_FOR})
        found = cursor.fetchone()
    return found[0] if found else None


def answer_again(tenant_id: int, user_id: int, key: str, sha256: str) -> Response:
    kept = IdempotencyKey.objects.get(tenant_id=tenant_id, user_id=user_id, key=key)
    if kept.request_sha256 != sha256:
        raise Conflict(
            _("This Idempotency-Key was used for another request: take a new one."),
            "idempotency_key_reused",
        )
    return Response(kept.body, kept.status, headers={**kept.headers, REPLAYED: "true"})


def keep(pk: int, response: Response) -> None:
    IdempotencyKey.objects.filter(pk=pk).update(
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body=json.loads(JSONRenderer().render(response.data) or b"null"),
    )
