"""The amount up to which one person decides on estimates, in place of their desk's limit."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.domain.money import exponent_of
from contracts.models import ContractVersion
from contracts.rules import rules_of
from tenants.models import Membership
from tenants.roles import Role
from tickets.models import AmountLimit

MOST = 10**15  # minor units


class LimitForm(forms.Form):
    """The person's own limit in the client's currency; `known` is the one that stands, or None."""

    def __init__(
        self, *args, currency: str, known: AmountLimit | None, member: Membership, **kwargs
    ) -> None:
        kwargs.setdefault("auto_id", "id_limit_%s")
        super().__init__(*args, **kwargs)
        self.currency, self.known, self.member = currency, known, member
        places = exponent_of(currency)
        self.fields["amount"] = forms.DecimalField(
            label=_("Decides alone up to (%(currency)s)") % {"currency": currency},
            min_value=0,
            max_value=Decimal(MOST).scaleb(-places),
            decimal_places=places,
            widget=forms.NumberInput(attrs={"inputmode": "decimal"}),
            error_messages={"required": _("Write an amount, for example 500000.")},
        )

    def amount(self) -> int:
        """Return the amount in minor units."""
        return int(self.cleaned_data["amount"].scaleb(exponent_of(self.currency)))


def limit_form(member: Membership, seat: Membership, data=None) -> LimitForm | None:
    """Return the form for a seat that decides on amounts; None for one's own, and for requesters."""
    decides = member.is_active and member.role != Role.REQUESTER
    if not decides or member.user_id == seat.user_id:
        return None
    if (currency := currency_of(member.tenant_id)) is None:
        return None
    known = AmountLimit.objects.filter(member=member).select_related("set_by__user").first()
    initial = {}
    if known:
        initial["amount"] = Decimal(known.amount).scaleb(-exponent_of(currency))
    return LimitForm(data, currency=currency, known=known, member=member, initial=initial)


def currency_of(tenant_id: int) -> str | None:
    """Return the one currency of a client's contracts; None where there is none, or are several."""
    versions = ContractVersion.objects.filter(tenant_id=tenant_id).exclude(activated_at=None)
    found = {rules_of(version).terms.currency for version in versions}
    return found.pop() if len(found) == 1 else None
