"""The fields that bodies are made of: bounded words, closed choices, and what is named by its id."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from contracts.services.bought_hours import MOST_PRICE
from tenants.models import Membership
from tickets.models import Pattern, Release, Ticket
from tickets.models.choices import Level

MOST_TEXT, MOST_REASON = 20_000, 200
MOST_ANSWERS = 50


def text(most: int = MOST_TEXT, **kwargs: Any) -> serializers.CharField:
    return serializers.CharField(max_length=most, **kwargs)


def optional_text(most: int = MOST_TEXT, **kwargs: Any) -> serializers.CharField:
    return text(most, required=False, allow_blank=True, default="", **kwargs)


def choice(choices: Any, **kwargs: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices, **kwargs)


def level(**kwargs: Any) -> serializers.ChoiceField:
    return choice(Level.choices, help_text="1 is the highest.", **kwargs)


def money(**kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0,
        max_value=MOST_PRICE,
        help_text="Minor units of the contract's currency.",
        **kwargs,
    )


class NamedField(serializers.CharField):
    """Something that is there, by its public name; another client's is as one that never was."""

    longest = 16

    def to_internal_value(self, data: Any) -> Any:
        name = super().to_internal_value(data)
        could_be = name.isascii() and name.isprintable() and len(name) <= self.longest
        if could_be and (found := self.named(name)) is not None:
            return found
        raise ValidationError([ErrorDetail(self.missing(), "does_not_exist")])

    def run_validators(self, value: Any) -> None:
        """Ask nothing more: the value is a row by now, and no text."""

    def named(self, name: str) -> Any:
        """Return what has this name here; None where there is none."""
        raise NotImplementedError

    def missing(self) -> str:
        """Return the words of the error."""
        raise NotImplementedError


class MemberField(NamedField):
    """A person of the ticket's client or of its vendor's team, by the id of their desk there."""

    def named(self, name: str) -> Membership | None:
        people = Membership.objects.active().select_related("user")
        return people.filter(tenant_id=self.context["tenant_id"], public_id=name).first()

    def missing(self) -> str:
        return _("There is no such person here.")


class OtherTicketField(NamedField):
    """Another ticket of the same client, by its key."""

    longest = 40

    def named(self, name: str) -> Ticket | None:
        return self.context["tickets"].filter(key=name).first()

    def missing(self) -> str:
        return _("There is no such ticket here.")


class ReleaseField(NamedField):
    """A release of the same client, by its id."""

    def named(self, name: str) -> Release | None:
        rows = Release.objects.filter(tenant_id=self.context["tenant_id"], public_id=name)
        return rows.first()

    def missing(self) -> str:
        return _("There is no such release here.")


class PatternField(NamedField):
    """A failure pattern of the same client, by its id."""

    def named(self, name: str) -> Pattern | None:
        rows = Pattern.objects.filter(tenant_id=self.context["tenant_id"], public_id=name)
        return rows.first()

    def missing(self) -> str:
        return _("There is no such pattern here.")


class AnswersField(serializers.DictField):
    """Answers to the contract's questions by their index: `{"0": false, "1": true}`."""

    child = serializers.BooleanField()

    def to_internal_value(self, data: Any) -> dict[int, bool]:
        told = super().to_internal_value(data)
        if len(told) > MOST_ANSWERS:
            raise ValidationError(_("There are %d answers at most.") % MOST_ANSWERS)
        if not all(key.isascii() and key.isdecimal() and len(key) <= 3 for key in told):
            raise ValidationError(_('Name each question by its index, as in {"0": true}.'))
        return {int(key): value for key, value in told.items()}
