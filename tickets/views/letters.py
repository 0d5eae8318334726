"""Letters: what waits for the desk, what is in quarantine, and the mailboxes they come from."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contracts.models import Contract
from tenants import roles
from tenants.errors import Invalid, NotPermitted
from tenants.exports import export, format_asked
from tenants.models import Membership, Tenant
from tickets.domain.lifecycle import AGENTS, LEADS
from tickets.letter_forms import LetterForm, MailboxForm, places_of
from tickets.models import Letter, LetterState, Mailbox, Ticket
from tickets.services import letters, mailboxes
from tickets.views import kept_columns
from tickets.views.routines import desk

MOST = 50


@require_GET
def letter_list(request: HttpRequest) -> HttpResponse:
    """
    Drafts for the desk; to a lead the quarantine, what was dropped lately, and the mailboxes.

    `?format=` gives all of its letters as a file, with `list=mailboxes` the mailboxes.

    :raises NotPermitted: to a client.
    """
    desks = {m.tenant_id for m in request.memberships if m.role in AGENTS}
    if not desks:
        raise NotPermitted(_("Only the vendor's desk of this client reads its letters."))
    leads = {m.tenant_id: m.tenant for m in request.memberships if m.role in LEADS}
    rows = Letter.objects.for_list().filter(tenant_id__in=desks)
    boxes = Mailbox.objects.filter(tenant_id__in=desks).select_related("tenant")
    if kind := format_asked(request):
        if request.GET.get("list") == "mailboxes":
            shown = kept_columns.of_mailbox()
            return export(kind, "mailboxes", shown, boxes, title=_("Mailboxes"))
        rows = rows.filter(~Q(state=LetterState.QUARANTINED) | Q(tenant_id__in=leads))
        return export(kind, "letters", kept_columns.of_letter(), rows, title=_("Letters"))
    quarantine = rows.filter(state=LetterState.QUARANTINED, tenant_id__in=leads)
    done = rows.exclude(state__in=["draft", "quarantined"])
    groups = [
        (_("Waits for the desk"), rows.filter(state=LetterState.DRAFT)[:MOST], True),
        (_("In quarantine"), quarantine[:MOST] if leads else [], True),
        (_("Done lately"), done[:MOST], False),
    ]
    context = {
        "groups": groups,
        "mailboxes": boxes,
        "leads": leads,
        "many_clients": len({m.tenant_id for m in request.memberships}) > 1,
        "section_url": reverse("tickets:list"),
    }
    return render(request, "tickets/letter_list.html", context)


@require_http_methods(["GET", "POST"])
def letter_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """A letter, as text; while it waits, the form of the ticket that it becomes."""
    letter, actor = letter_and_actor(request, public_id)
    form = None
    if letter.state in (LetterState.DRAFT, LetterState.QUARANTINED):
        rows = Contract.objects.active().filter(tenant_id=letter.tenant_id)
        form = LetterForm(
            request.POST or None,
            letter=letter,
            places=places_of(list(rows.select_related("tenant").order_by("number")), letter),
            people=clients_of(letter.tenant_id),
        )
    if request.method == "POST" and form is None:
        raise Invalid(_("Somebody was faster: this letter waits no more."))
    if form is not None and form.is_bound and form.is_valid():
        try:
            ticket = letters.open_letter(
                letter=letter, actor=actor, now=timezone.now(), **form.command()
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("%s is open, and its clocks run.") % ticket.key)
            return redirect("tickets:page", key=ticket.key)
    context = {"letter": letter, "form": form, "section_url": reverse("tickets:list")}
    status = 422 if form is not None and form.errors else 200
    return render(request, "tickets/letter_page.html", context, status=status)


@require_POST
def put_on_ticket(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a letter on the ticket whose key the form names."""
    letter, actor = letter_and_actor(request, public_id)
    rows = Ticket.objects.filter(tenant_id=letter.tenant_id)
    ticket = rows.filter(key=request.POST.get("key", "").strip().upper()[:32]).first()
    if ticket is None:
        raise Invalid(_("There is no ticket with this number at this client."), field="key")
    letters.answer_with_letter(letter=letter, actor=actor, ticket=ticket, now=timezone.now())
    return redirect("tickets:page", key=ticket.key)


@require_POST
def discard(request: HttpRequest, public_id: str) -> HttpResponse:
    letter, actor = letter_and_actor(request, public_id)
    letters.discard_letter(letter=letter, actor=actor, now=timezone.now())
    messages.success(request, _("The letter is put away."))
    return redirect("tickets:letters")


@never_cache
@require_http_methods(["GET", "POST"])
def new_mailbox(request: HttpRequest, code: str) -> HttpResponse:
    """Set a client's mailbox up; the secret of its door is in this one answer only."""
    seats = [m for m in request.memberships if m.tenant.code == code]
    if not seats:
        raise Http404
    actor = next((m for m in seats if m.role in LEADS), seats[0])
    mailboxes.check_lead(actor.tenant_id, actor)
    command = partial(mailboxes.set_up_mailbox, tenant=actor.tenant, actor=actor)
    return mailbox_form(request, MailboxForm(request.POST or None), actor.tenant, command)


@never_cache
@require_http_methods(["GET", "POST"])
def change_mailbox(request: HttpRequest, public_id: str) -> HttpResponse:
    """Reach a mailbox another way; what proves us is given anew."""
    mailbox = get_object_or_404(Mailbox.objects.select_related("tenant"), public_id=public_id)
    actor = lead_of(request, mailbox)
    command = partial(mailboxes.change_mailbox, mailbox=mailbox, actor=actor)
    form = MailboxForm(request.POST or None, mailbox=mailbox)
    return mailbox_form(request, form, mailbox.tenant, command, {"changed": mailbox})


def mailbox_form(
    request: HttpRequest,
    form: MailboxForm,
    tenant: Tenant,
    command: Callable[..., tuple[Mailbox, str]],
    more: dict[str, object] | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "tenant": tenant,
        "section_url": reverse("tickets:list"),
        **(more or {}),
    }
    if form.is_bound and form.is_valid():
        try:
            mailbox, secret = command(now=timezone.now(), **form.command())
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            address = reverse("hooks:mail", args=[mailbox.public_id])
            context |= {"mailbox": mailbox, "secret": secret}
            context["address"] = request.build_absolute_uri(address)
    status = 422 if form.errors else 200
    return render(request, "tickets/mailbox_form.html", context, status=status)


@require_POST
def switch_mailbox(request: HttpRequest, public_id: str) -> HttpResponse:
    mailbox = get_object_or_404(Mailbox, public_id=public_id)
    actor = lead_of(request, mailbox)
    on = request.POST.get("on") == "1"
    mailboxes.switch_mailbox(mailbox=mailbox, actor=actor, on=on, now=timezone.now())
    return redirect("tickets:letters")


def lead_of(request: HttpRequest, mailbox: Mailbox) -> Membership:
    """:raises NotPermitted: to anybody but a bridge SE or an account manager of the client."""
    if (actor := desk(request, mailbox.tenant_id, LEADS)) is None:
        raise NotPermitted(_("Only a bridge SE or an account manager sets up mailboxes."))
    return actor


def letter_and_actor(request: HttpRequest, public_id: str) -> tuple[Letter, Membership]:
    """:raises NotPermitted: to a client, and of a letter in quarantine to anybody but a lead."""
    letter = get_object_or_404(Letter.objects.for_list(), public_id=public_id)
    needed = LEADS if letter.state == LetterState.QUARANTINED else AGENTS
    if (actor := desk(request, letter.tenant_id, needed)) is None:
        raise NotPermitted(_("Only the vendor's desk of this client reads its letters."))
    return letter, actor


def clients_of(tenant_id: int) -> list[Membership]:
    rows = Membership.objects.active().filter(tenant_id=tenant_id, role__in=roles.CLIENT)
    return list(rows.select_related("user").order_by("duty_order", "user__name", "pk"))
