"""Setting up a second factor, taking it off, and new recovery codes."""

import qrcode
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.forms import CodeForm
from tenants.errors import Invalid
from tenants.fresh import fresh_sign_in
from tenants.services import second_factor as commands


@never_cache
@require_http_methods(["GET", "POST"])
@fresh_sign_in
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the secret once as a QR code, and take the first code as the proof that it arrived."""
    user = request.user
    if commands.has_one(user):
        return have_one(request)
    secret = commands.begin(user)
    form = CodeForm(request.POST if "code" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            return set_up_now(request, form.cleaned_data["code"])
        except Invalid as wrong:
            form.add_error("code", str(wrong.message))
    context = {
        "form": form,
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "square": square_of(commands.address_for(user, secret)),
        "demanded": commands.demanded(request.all_memberships),
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/second_factor.html", context, status=status)


def have_one(request: HttpRequest) -> HttpResponse:
    """Lead a session without the second step, of a person who has one, through it."""
    if request.session.get("second_factor"):
        return redirect("me")
    return render(request, "accounts/sign_in_again.html")


def set_up_now(request: HttpRequest, code: str) -> HttpResponse:
    codes = commands.confirm(
        user=request.user, code=code, keep=request.session.session_key, now=timezone.now()
    )
    request.session["second_factor"] = True
    request.session.cycle_key()
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


@never_cache
@require_POST
@fresh_sign_in
def take_off(request: HttpRequest) -> HttpResponse:
    commands.take_off(user=request.user, keep=request.session.session_key, now=timezone.now())
    request.session["second_factor"] = False
    messages.success(request, _("Signing in asks for no code any more."))
    return redirect("me")


@never_cache
@require_POST
@fresh_sign_in
def new_codes(request: HttpRequest) -> HttpResponse:
    if not commands.has_one(request.user):
        return redirect("me")
    codes = commands.new_recovery_codes(user=request.user)
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


def square_of(text: str) -> dict[str, object]:
    """Return the QR code as one SVG path over a square of `size` units."""
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    rows = code.get_matrix()
    dots = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return {"size": len(rows), "path": "".join(dots)}
