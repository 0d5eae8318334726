"""A file of a ticket: for whoever may read the message it came with, and only ever as a download."""

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from tickets.models import Attachment, PurchaseOrderFile, RoutineProof
from tickets.models.choices import Lane
from tickets.services.attachments import path_of
from tickets.views.desk import tickets_of

INERT = "default-src 'none'; sandbox"


@require_GET
def attachment(request: HttpRequest, public_id: str) -> FileResponse:
    return file_for(request, public_id)


def file_for(request: HttpRequest, public_id: str) -> FileResponse:
    """Send the bytes; another client's, and another lane's, is the same 404 as one that never was."""
    rows = Attachment.objects.filter(ticket__in=tickets_of(request))
    row = get_object_or_404(rows, public_id=public_id)
    ours = any(m.is_vendor for m in request.memberships if m.tenant_id == row.tenant_id)
    if row.lane != Lane.PUBLIC and not ours:
        raise Http404
    return download(row)


def download(row: Attachment | PurchaseOrderFile | RoutineProof) -> FileResponse:
    """Send the stored bytes as what they are to us: something to save, never to show."""
    try:
        content = path_of(row.tenant_id, row.key).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        content, as_attachment=True, filename=row.name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = INERT
    response["Cache-Control"] = "private, no-store"
    return response
