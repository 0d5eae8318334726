"""The forms of letters: a ticket out of one, and a mailbox."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.terms import text_in
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from tenants.models import Membership
from tickets.domain.mailbox import PORTS, MailboxPlan, MailSecrets
from tickets.models import Letter, Mailbox, MailSecurity, MailSignIn
from tickets.models.choices import Level, TicketType


@dataclass(frozen=True, slots=True)
class Place:
    """Where work happens: a system and environment of a contract."""

    contract: Contract
    system: str
    environment: str
    label: str


def places_of(contracts: list[Contract], letter: Letter) -> dict[str, Place]:
    """Return the places of the contracts that were in force when a letter came in, by their key."""
    found: dict[str, Place] = {}
    language = get_language() or "en"
    for contract in contracts:
        rows = ContractVersion.objects.filter(contract=contract)
        version = rows.in_force(contract.local_date(letter.received_at)).first()
        for system in rules_of(version).terms.systems if version else ():
            for environment in system.environments:
                label = f"{text_in(system.name, language)} · {environment} ({contract.number})"
                key = f"{contract.public_id}/{system.key}/{environment}"
                found[key] = Place(contract, system.key, environment, label)
    return found


class LetterForm(forms.Form):
    """The ticket that a letter becomes."""

    title = forms.CharField(
        label=_("Title"), max_length=200, error_messages={"required": _("Title: what is it about?")}
    )
    requester = forms.ChoiceField(label=_("Requested by"))
    place = forms.ChoiceField(label=_("System and environment"))
    type = forms.ChoiceField(label=_("Type"), choices=TicketType.choices)
    impact = forms.TypedChoiceField(label=_("Impact"), choices=Level.choices, coerce=int, initial=2)
    urgency = forms.TypedChoiceField(
        label=_("Urgency"), choices=Level.choices, coerce=int, initial=2
    )

    def __init__(
        self, *args, letter: Letter, places: dict[str, Place], people: list[Membership], **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places, self.people = places, {m.public_id: m for m in people}
        self.fields["title"].initial = letter.subject
        self.fields["place"].choices = [(key, place.label) for key, place in places.items()]
        self.fields["requester"].choices = [(m.public_id, m.user.name) for m in people]
        if letter.member and letter.member.public_id in self.people:
            self.fields["requester"].initial = letter.member.public_id

    def command(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        place = self.places[data.pop("place")]
        where = {"contract": place.contract, "system": place.system}
        where |= {"environment": place.environment, "requester": self.people[data["requester"]]}
        return data | where


def secret_field(label: str, longest: int) -> forms.CharField:
    """Return a field whose content is never shown again, not even after an error."""
    widget = forms.PasswordInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, max_length=longest, required=False, widget=widget)


class MailboxForm(forms.Form):
    """A mailbox of a client's desk."""

    address = forms.EmailField(
        label=_("Address"),
        help_text=_("Its mail server delivers address+anything too: that proves an answer."),
        error_messages={"required": _("Address: to which address do people write?")},
    )
    host = forms.CharField(
        label=_("IMAP server"),
        max_length=200,
        required=False,
        help_text=_("Empty: your mail provider posts each letter to the address shown next."),
        widget=forms.TextInput(attrs={"placeholder": "imap.example.com"}),
    )
    security = forms.ChoiceField(label=_("Encryption"), choices=MailSecurity.choices)
    port = forms.IntegerField(
        label=_("Port"),
        min_value=1,
        max_value=65535,
        required=False,
        help_text=_("Empty: the one of the encryption."),
    )
    sign_in = forms.ChoiceField(label=_("Signs in by"), choices=MailSignIn.choices)
    user = forms.CharField(
        label=_("User"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = secret_field(_("Password"), 200)
    token_url = forms.CharField(
        label=_("Token address"),
        max_length=300,
        required=False,
        help_text=_("Of the provider's documentation; it begins with https://."),
    )
    client_id = forms.CharField(label=_("Client id"), max_length=200, required=False)
    client_secret = secret_field(_("Client secret"), 500)
    refresh_token = secret_field(_("Refresh token"), 5000)
    scope = forms.CharField(
        label=_("Token scope"),
        max_length=300,
        required=False,
        help_text=_(
            "Microsoft: https://outlook.office365.com/.default. Empty where none is needed."
        ),
    )
    folder = forms.CharField(label=_("Folder"), max_length=100, initial="INBOX")
    ca = forms.CharField(
        label=_("Own certificate authority"),
        max_length=20_000,
        required=False,
        help_text=_("PEM. Empty: the public ones are trusted; else this one alone."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "font-monospace", "spellcheck": "false"}),
    )

    def __init__(self, *args, mailbox: Mailbox | None = None, **kwargs) -> None:
        if mailbox:
            kwargs["initial"] = {name: getattr(mailbox, name) for name in MailboxPlan.__slots__}
        super().__init__(*args, **kwargs)
        if mailbox:
            self.fields["address"].disabled = True

    def command(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        secrets = MailSecrets(**{name: data.pop(name) for name in MailSecrets.__slots__})
        data["port"] = data["port"] or PORTS[data["security"]]
        return {"plan": MailboxPlan(**data), "secrets": secrets}
