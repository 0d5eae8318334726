"""What on call is asked and answers: rosters with their turns, swaps, absences, and the calls."""

from typing import Any

from rest_framework import serializers

from tenants.api.serializers import Body, ClientSerializer, PersonSerializer, ZoneField
from tickets.api.fields import MemberField, NamedField, choice
from tickets.api.shapes import client, person
from tickets.models import Absence, Page, Roster, Swap
from tickets.models.oncall import RosterTurns, Tier
from tickets.oncall_forms import COUNTRIES
from tickets.services.rosters import MOST_SEATS
from tickets.views.oncall import Turn, team


class TeammateField(NamedField):
    """A person of the vendor's team at one of the clients that this person works for."""

    def named(self, name: str) -> Any:
        people = team(self.context["tenants"]).values()
        return next((member for member in people if member.public_id == name), None)

    missing = MemberField.missing


class SeatBody(Body):
    person = MemberField(help_text="The id of their desk at this client.")
    country = choice(sorted(COUNTRIES), required=False, help_text="Whose holidays they keep.")

    def validate(self, attrs: dict[str, Any]) -> tuple[Any, str]:
        return attrs["person"], attrs.get("country", "")


class RosterBody(Body):
    """Who is on call, in the order of their turns; the webhook and its secret stay as they are."""

    timezone = ZoneField()
    turns = choice(RosterTurns.choices)
    hands_over = serializers.TimeField(help_text="On the wall in the roster's zone.")
    weekday = serializers.IntegerField(
        default=0, min_value=0, max_value=6, help_text="0 is Monday; of weekly turns."
    )
    starts_on = serializers.DateField()
    step_minutes = serializers.IntegerField(default=10, min_value=1, max_value=240)
    seats = SeatBody(many=True, max_length=MOST_SEATS)


class SwapBody(Body):
    """Who takes the turn, from when until when."""

    person = MemberField(help_text="The id of their desk at this client.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class AbsenceBody(Body):
    """Who is away, from when until when."""

    person = TeammateField(help_text="The id of their desk at a client.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class SeatSerializer(serializers.Serializer):
    person = PersonSerializer()
    country = serializers.CharField(allow_blank=True)


class TurnSerializer(serializers.Serializer):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="The turn ends before it.")
    people = PersonSerializer(many=True, help_text="Who is called first, and who after.")


class RosterSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    tier = choice(Tier.choices)
    timezone = serializers.CharField()
    turns = choice(RosterTurns.choices)
    hands_over = serializers.TimeField()
    weekday = serializers.IntegerField()
    starts_on = serializers.DateField()
    step_minutes = serializers.IntegerField()
    has_webhook = serializers.BooleanField()
    seats = SeatSerializer(many=True)


class RosterWeekSerializer(RosterSerializer):
    week = TurnSerializer(many=True, help_text="The turns of the next seven days.")


class AbsenceSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    person = PersonSerializer()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    by = PersonSerializer()


class SwapSerializer(AbsenceSerializer):
    roster = serializers.CharField(help_text="Its id.")


class CallSerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="1 is the first.")
    person = PersonSerializer()
    at = serializers.DateTimeField()
    mailed_at = serializers.DateTimeField(allow_null=True)
    hooked_at = serializers.DateTimeField(allow_null=True)


class PageSerializer(serializers.Serializer):
    id = serializers.CharField()
    ticket = serializers.CharField()
    tier = choice(Tier.choices)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    taken_by = PersonSerializer(allow_null=True)
    in_vain = serializers.BooleanField(help_text="Everybody was called; nobody answered.")
    calls = CallSerializer(many=True)


def roster(row: Roster) -> dict[str, Any]:
    names = ("tier", "timezone", "turns", "hands_over", "weekday", "starts_on", "step_minutes")
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        **{name: getattr(row, name) for name in names},
        "has_webhook": bool(row.hook_url),
        "seats": [
            {"person": person(seat.member), "country": seat.country} for seat in row.seats.all()
        ],
    }


def turn(each: Turn) -> dict[str, Any]:
    people = [person(member) for member in each.people]
    return {"starts_at": each.starts_at, "ends_at": each.ends_at, "people": people}


def absence(row: Absence | Swap) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "client": client(row.tenant),
        "person": person(row.member),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "by": person(row.by),
    }


def swap(row: Swap) -> dict[str, Any]:
    return {**absence(row), "roster": row.roster.public_id}


def page(row: Page) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "ticket": row.ticket.key,
        "tier": row.roster.tier,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "taken_by": row.taken_by and person(row.taken_by),
        "in_vain": row.in_vain,
        "calls": [
            {
                "number": call.number + 1,
                "person": person(call.member),
                **{name: getattr(call, name) for name in ("at", "mailed_at", "hooked_at")},
            }
            for call in row.calls.all()
        ],
    }
