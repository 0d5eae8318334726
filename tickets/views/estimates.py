"""The page of an estimate, its steps, and the page on which it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.rules import rules_of
from contracts.views.shown import sees_cost
from tenants.errors import Invalid
from tenants.models import Membership
from tenants.roles import Role
from tickets import services
from tickets.domain.estimate import EstimateAction
from tickets.models import Estimate, PurchaseOrderFile
from tickets.services.attachments import FIELD, StoredFile, check_count, store_file
from tickets.services.offers import terms_on
from tickets.views.desk import desks_at, ticket_or_404, tickets_of
from tickets.views.estimate_face import Face, actors_of, face_of, in_full
from tickets.views.files import download
from tickets.views.patterns import repeats_of

MOST_NUMBER = 10**15


@dataclass(frozen=True, slots=True)
class EstimateMove:
    """One step: a route, a button, a command; `asks` names what it takes from the form."""

    action: EstimateAction
    slug: str
    label: Any
    icon: str
    run: Callable[..., Any]
    done: Any
    asks: tuple[str, ...] = ()

    @property
    def route(self) -> str:
        return f"estimate_{self.action.value}"


A = EstimateAction
SEEN = ("revision", "amount")
ATTACH = "attach_order"
ESTIMATE_MOVES = (
    EstimateMove(A.SUBMIT, "submit", _("Submit for approval"), "send", services.submit_estimate,
                 _("The estimate waits for approval. It can no longer be changed, only revised.")),
    EstimateMove(A.APPROVE, "approve", _("Approve"), "check", services.approve_estimate,
                 _("Your approval is recorded."), SEEN),
    EstimateMove(A.REFUSE, "refuse", _("Give it back"), "circle-x", services.refuse_estimate,
                 _("The estimate is with its writers again."), (*SEEN, "reason")),
    EstimateMove(A.SEND, "send", _("Send to the client"), "send", services.send_estimate,
                 _("The estimate is sent. The client's decision is timed."), ("message",)),
    EstimateMove(A.ACCEPT, "accept", pgettext_lazy("estimate", "Accept"), "check", services.accept_estimate,
                 _("The estimate is accepted. Work may begin."), SEEN),
    EstimateMove(A.RECORD_ORDER, "order", _("Record the purchase order"), "file-check",
                 services.accept_estimate, _("The purchase order is recorded: it is accepted."),
                 (*SEEN, "purchase_order", "files")),
    EstimateMove(A.DECLINE, "decline", _("Decline"), "circle-x", services.decline_estimate,
                 _("The estimate is declined."), (*SEEN, "reason")),
    EstimateMove(A.DELIVER, "deliver", _("Say it is delivered"), "package-check",
                 services.deliver_estimate, _("The client is asked to accept the delivery."),
                 ("note",)),
    EstimateMove(A.ACCEPT_DELIVERY, "accept-delivery", _("Accept the delivery"), "check",
                 services.accept_delivery, _("The delivery is accepted.")),
    EstimateMove(A.REFUSE_DELIVERY, "refuse-delivery", _("Something is missing"), "circle-x",
                 services.refuse_delivery, _("The work goes on."), ("reason",)),
    EstimateMove(A.WITHDRAW, "withdraw", _("Withdraw"), "ban", services.withdraw_estimate,
                 _("The estimate is withdrawn."), ("reason",)),
    EstimateMove(A.CANCEL, "cancel", _("Cancel the work"), "ban", services.cancel_estimate,
                 _("The work is cancelled."), ("reason",)),
)  # fmt: skip


def estimate_or_404(request: HttpRequest, public_id: str) -> tuple[Estimate, list[Membership]]:
    """Return the estimate and this person's desks; what they may not see is 404 like what is not."""
    seen = Estimate.objects.filter(ticket__in=tickets_of(request)).select_related(
        "revision", "accepted", "ticket"
    )
    estimate = get_object_or_404(seen, public_id=public_id)
    estimate.ticket = ticket_or_404(request, estimate.ticket.key)
    desks = desks_at(request, estimate.ticket)
    if not sees_cost(desks):
        raise Http404
    if not any(m.is_vendor for m in desks):
        get_object_or_404(seen.shown_to_client(), public_id=public_id)
    return estimate, desks


@require_GET
def estimate_page(request: HttpRequest, public_id: str) -> HttpResponse:
    estimate, desks = estimate_or_404(request, public_id)
    return show(request, estimate, desks, timezone.now())


def show(
    request: HttpRequest,
    estimate: Estimate,
    desks: list[Membership],
    now: datetime,
    failed: dict[str, Any] | None = None,
) -> HttpResponse:
    ticket = estimate.ticket
    terms = terms_on(ticket, now)
    face = in_full(face_of(estimate, ticket, desks, now, terms), desks, now)
    context = {
        "ticket": ticket,
        "face": face,
        "terms": rules_of(ticket.version).terms,
        "decision": ticket.stage.decision,
        "moves": moves_for(face, failed or {}),
        "failed_order": failed if failed and failed["action"] == ATTACH else None,
        "now": now,
        "sees_cost": True,
        "repeats": repeats_of(ticket),
    }
    return render(request, "tickets/estimate_page.html", context, status=422 if failed else 200)


def moves_for(face: Face, failed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps on offer as forms, what failed with its words and what was typed."""
    found = []
    for move in ESTIMATE_MOVES:
        if face.may(move.action.value):
            mine = failed if failed.get("action") == move.action else {}
            found.append({"move": move, "failed": mine, "asks": set(move.asks)})
    return found


def estimate_step(move: EstimateMove) -> Callable[..., HttpResponse]:
    """Return the view that takes one step; a refusal is the middleware's, a wrong field the page's."""

    @require_POST
    def step(request: HttpRequest, public_id: str) -> HttpResponse:
        estimate, desks = estimate_or_404(request, public_id)
        now = timezone.now()
        actor = actor_for_step(move, estimate, desks)
        try:
            told = asked(move, request.POST)
            if "files" in move.asks:
                told["files"] = stored(request, actor)
            move.run(estimate=estimate, actor=actor, now=now, **told)
        except Invalid as error:
            failed = failure(move.action, error, request)
            return show(request, estimate, desks, now, failed)
        messages.success(request, str(move.done))
        return redirect("tickets:estimate", public_id)

    return step


def stored(request: HttpRequest, actor: Membership) -> list[StoredFile]:
    """
    Store the files of the form.

    :raises Invalid: if they are too many, or one is not what may be attached.
    """
    uploads = request.FILES.getlist(FIELD)
    check_count(len(uploads))
    return [store_file(upload, tenant_id=actor.tenant_id) for upload in uploads]


def failure(action: str, error: Invalid, request: HttpRequest) -> dict[str, Any]:
    return {
        "action": action,
        "field": error.field,
        "message": str(error.message),
        "typed": request.POST,
    }


@require_POST
def attach_order(request: HttpRequest, public_id: str) -> HttpResponse:
    """Attach the client's purchase order to the acceptance that stands on its number."""
    estimate, desks = estimate_or_404(request, public_id)
    now, actor = timezone.now(), manager_of(desks)
    try:
        files = stored(request, actor) if actor.role == Role.ACCOUNT_MANAGER else []
        services.attach_order(estimate=estimate, actor=actor, files=files, now=now)
    except Invalid as error:
        return show(request, estimate, desks, now, failure(ATTACH, error, request))
    messages.success(request, gettext("The purchase order is attached."))
    return redirect("tickets:estimate", public_id)


@require_GET
def order_file(request: HttpRequest, public_id: str) -> FileResponse:
    return file_of_order(request, public_id)


def file_of_order(request: HttpRequest, public_id: str) -> FileResponse:
    """Send the bytes to whoever may see the estimate's money; to others it never was."""
    rows = PurchaseOrderFile.objects.select_related("acceptance__estimate")
    row = get_object_or_404(rows, public_id=public_id)
    estimate_or_404(request, row.acceptance.estimate.public_id)
    return download(row)


def manager_of(desks: list[Membership]) -> Membership:
    """Return the account manager's desk of this person, else the first."""
    return min(desks, key=lambda desk: desk.role != Role.ACCOUNT_MANAGER)


def actor_for_step(move: EstimateMove, estimate: Estimate, desks: list[Membership]) -> Membership:
    """Return the desk that takes the step: the one that may, the account manager's before others."""
    ranked = sorted(desks, key=lambda desk: desk.role != Role.ACCOUNT_MANAGER)
    able = actors_of(estimate, ranked)
    return able.get(move.action.value) or ranked[0]


def asked(move: EstimateMove, data: Any) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in move.asks:
        if name == FIELD:
            continue
        value = data.get(name, "")
        told[name] = number(value) if name in SEEN else value[:4000]
    return told


def number(text: str) -> int:
    """Return the number that a page has shown; anything else is no number that was seen."""
    plain = text.isascii() and text.isdecimal() and len(text) < len(str(MOST_NUMBER))
    return int(text) if plain else -1


require_form = require_http_methods(["GET", "POST"])
