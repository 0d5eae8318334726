"""A person's own limit for estimates, set by another account manager of the client."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.administration.limit_form import limit_form
from portal.administration.people import member_or_404, member_page
from tenants.fresh import fresh_sign_in
from tickets import services


@require_POST
@fresh_sign_in
def set_limit(request: HttpRequest, public_id: str) -> HttpResponse:
    theirs, seat = member_or_404(request, public_id)
    if (form := limit_form(theirs, seat, request.POST)) is None:
        raise Http404
    if not form.is_valid():
        return member_page(request, theirs, seat, limit=form)
    services.set_amount_limit(member=theirs, actor=seat, amount=form.amount(), now=timezone.now())
    messages.success(request, _("The limit is set. It counts from the next decision."))
    return redirect("administration:member", public_id)
