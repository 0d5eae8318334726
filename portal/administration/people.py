"""A client's people: invite, take an invitation back, another desk, leave."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.administration.clients import client_page
from portal.administration.desk import seat_at
from portal.administration.forms import InviteForm, RoleForm
from portal.administration.limit_form import LimitForm, limit_form
from tenants.errors import Invalid
from tenants.fresh import fresh_sign_in
from tenants.leaving import held_by
from tenants.models import Invitation, Membership
from tenants.services import invitations, members
from tenants.services.members import StillAccountable
from tenants.services.signing_in import normal


@require_POST
@fresh_sign_in
def invite(request: HttpRequest, code: str) -> HttpResponse:
    seat = seat_at(request, code)
    form = InviteForm(request.POST, auto_id="id_invite_%s")
    if form.is_valid():
        said = form.cleaned_data | {"email": normal(form.cleaned_data["email"])}
        try:
            invitations.invite(actor=seat, now=timezone.now(), **said)
        except Invalid as wrong:
            form.add_error(wrong.field, str(wrong.message))
        else:
            messages.success(request, _("The invitation is on its way to %(email)s.") % said)
            return redirect("administration:client", code)
    return client_page(request, seat, invite=form)


@require_POST
@fresh_sign_in
def withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    rows = Invitation.objects.select_related("tenant")
    invitation = get_object_or_404(rows, public_id=public_id)
    seat = seat_at(request, invitation.tenant.code)
    invitations.withdraw(invitation=invitation, actor=seat, now=timezone.now())
    messages.success(request, _("The invitation is withdrawn, and its link is dead."))
    return redirect("administration:client", invitation.tenant.code)


def member_or_404(request: HttpRequest, public_id: str) -> tuple[Membership, Membership]:
    """Return the member, and the seat of the account manager who asks."""
    rows = Membership.objects.select_related("user", "tenant")
    member = get_object_or_404(rows, public_id=public_id)
    return member, seat_at(request, member.tenant.code)


@require_http_methods(["GET", "POST"])
@fresh_sign_in
def member(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a seat with what it holds, and move the person to another desk."""
    theirs, seat = member_or_404(request, public_id)
    typed = request.POST if request.method == "POST" else None
    form = RoleForm(typed, initial={"role": theirs.role})
    if form.is_bound and form.is_valid():
        try:
            moved = members.change_role(
                member=theirs, actor=seat, now=timezone.now(), **form.cleaned_data
            )
        except Invalid as wrong:
            form.add_error(wrong.field, str(wrong.message))
        except StillAccountable as refused:
            return member_page(request, theirs, seat, form=form, refused=refused)
        else:
            messages.success(request, _("They sit at the new desk. Their sessions have ended."))
            return redirect("administration:client", moved.tenant.code)
    return member_page(request, theirs, seat, form=form)


@require_POST
@fresh_sign_in
def deactivate(request: HttpRequest, public_id: str) -> HttpResponse:
    theirs, seat = member_or_404(request, public_id)
    try:
        members.deactivate_member(member=theirs, actor=seat, now=timezone.now())
    except StillAccountable as refused:
        return member_page(request, theirs, seat, refused=refused)
    messages.success(request, _("%(name)s has left this desk.") % {"name": theirs.user.name})
    return redirect("administration:client", theirs.tenant.code)


def member_page(
    request: HttpRequest,
    member: Membership,
    seat: Membership,
    *,
    form: RoleForm | None = None,
    limit: LimitForm | None = None,
    refused: Exception | None = None,
) -> HttpResponse:
    """Show a seat with its forms: those that were sent with what is wrong in them."""
    context = {
        "member": member,
        "form": form or RoleForm(initial={"role": member.role}),
        "limit": limit or limit_form(member, seat),
        "held": held_by(member),
        "refused": refused,
    }
    wrong = any(sent and sent.errors for sent in (form, limit))
    status = 409 if refused else 422 if wrong else 200
    return render(request, "administration/member.html", context, status=status)
