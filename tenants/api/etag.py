"""The version of what is edited: `ETag` on the answer, `If-Match` on the edit (RFC 9110, 13)."""

from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from rest_framework.request import Request

from tenants.api.errors import PreconditionFailed, PreconditionRequired

LENGTH = 24


def tag_of(*parts: object) -> str:
    """Return an ETag that says nothing of the numbers it is made from."""
    return f'"{salted_hmac("tenants.api.etag", repr(parts)).hexdigest()[:LENGTH]}"'


def check_match(request: Request, tag: str, *, required: bool = False) -> None:
    """
    Let the request go on where it was made on the version that is there now.

    :raises PreconditionFailed: if it names another version.
    :raises PreconditionRequired: if it must name one and does not.
    """
    said = request.headers.get("If-Match", "")
    if not said:
        if required:
            raise PreconditionRequired(
                _("Send the ETag of what you read as If-Match: somebody may have changed it.")
            )
        return
    if said.strip() != "*" and tag not in parse_etags(said):
        raise PreconditionFailed(_("It was changed meanwhile. Read it again, then decide."))
