"""A person's own tokens for the API: made, seen once, taken back."""

from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tenants.errors import Invalid
from tenants.models import ApiToken, Membership, Tenant, Verb
from tenants.services.tokens import make_token, revoke_token

LIVES = [
    (7, gettext_lazy("7 days")),
    (30, gettext_lazy("30 days")),
    (90, gettext_lazy("90 days")),
    (365, gettext_lazy("A year")),
]
SHOWN = 100


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=60,
        help_text=gettext_lazy("The program or the machine that will use it."),
        error_messages={"required": gettext_lazy("What it is for: name the program.")},
    )
    clients = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Clients it opens"),
        queryset=Tenant.objects.none(),
        to_field_name="code",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Clients it opens: choose at least one.")},
    )
    verbs = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=Verb.choices,
        initial=[Verb.READ],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Never more than you may do yourself."),
        error_messages={"required": gettext_lazy("What it may do: choose at least one.")},
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Expires after"), choices=LIVES, coerce=int, initial=90
    )

    def __init__(self, *args, desks: list[Membership], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.desks = desks
        clients = Tenant.objects.filter(pk__in={m.tenant_id for m in desks}).order_by("name")
        self.fields["clients"].queryset = clients
        self.fields["clients"].initial = [tenant.code for tenant in clients]

    def command(self, now: datetime) -> dict[str, object]:
        """Return the arguments of `make_token` without the person and now."""
        data = self.cleaned_data
        chosen = {tenant.pk for tenant in data["clients"]}
        return {
            "desks": [m for m in self.desks if m.tenant_id in chosen],
            "name": data["name"],
            "verbs": data["verbs"],
            "expires_at": now + timedelta(days=data["days"]),
        }


@never_cache
@require_http_methods(["GET", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """List the person's tokens and make another; its secret is in this one answer only."""
    now, secret = timezone.now(), ""
    bound = request.POST if request.method == "POST" else None
    form = TokenForm(bound, desks=request.memberships)
    if form.is_bound and form.is_valid():
        try:
            _made, secret = make_token(user=request.user, now=now, **form.command(now))
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            form = TokenForm(desks=request.memberships)
    tokens = ApiToken.objects.filter(user=request.user)[:SHOWN]
    context = {"form": form, "tokens": tokens, "secret": secret, "now": now}
    return render(request, "tokens/token_list.html", context, status=422 if form.errors else 200)


@require_POST
def token_revoke(request: HttpRequest) -> HttpResponse:
    """Take back the token that the form names; another person's is 404."""
    rows = ApiToken.objects.filter(user=request.user, public_id=request.POST.get("token", ""))
    if (token := rows.first()) is None:
        raise Http404
    revoke_token(token=token, user=request.user, desks=request.memberships, now=timezone.now())
    messages.success(request, _("The token opens nothing any more."))
    return redirect("tokens")
