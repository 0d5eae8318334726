"""Commands about rosters: who sits on them, who is away, who takes whose turn."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.holiday_dates import holiday_dates
from tenants import outbound
from tenants.errors import Invalid, NotPermitted
from tenants.models import Membership, Tenant
from tenants.services import audit
from tenants.vault import vault
from tickets.domain import oncall
from tickets.domain.lifecycle import AGENTS, LEADS
from tickets.models import Absence, Roster, RosterSeat, Swap

USE = "roster hook"
LONGEST = timedelta(days=366)
NEAR = timedelta(days=40)  # absences and swaps that are loaded around an instant
MOST_SEATS = 30


@dataclass(frozen=True, slots=True)
class RosterPlan:
    """What a roster is; seats are members in their order, each with the country whose holidays they keep."""

    tier: str
    timezone: str
    turns: str
    hands_over: time
    starts_on: date
    weekday: int = 0
    step_minutes: int = 10
    hook_url: str = ""
    seats: Sequence[tuple[Membership, str]] = field(default_factory=tuple)

    def values(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "seats"}


def check_lead(tenant_id: int, actor: Membership) -> None:
    if actor.tenant_id != tenant_id or actor.role not in LEADS:
        raise NotPermitted(_("Only a bridge SE or an account manager writes rosters."))


@transaction.atomic
def write_roster(
    *, tenant: Tenant, actor: Membership, plan: RosterPlan, now: datetime
) -> tuple[Roster, str]:
    """
    Write the roster of a tier, or write it anew; return it with a new secret of its webhook, if any.

    :raises NotPermitted: to anybody but a bridge SE or an account manager of the client.
    :raises Invalid: if nobody sits on it, somebody twice, or somebody who is not on the vendor's team.
    """
    check_lead(tenant.pk, actor)
    check_seats(tenant, plan)
    rows = Roster.objects.select_for_update(of=["self"])
    roster = rows.filter(tenant=tenant, tier=plan.tier).first() or Roster(tenant=tenant)
    secret = ""
    if plan.hook_url and plan.hook_url != roster.hook_url:
        try:
            outbound.check_url(plan.hook_url)
        except outbound.NotReachable:
            said = _("Webhook: write an address that begins with https:// and has no port.")
            raise Invalid(said, field="hook_url") from None
        secret = f"page_{secrets.token_urlsafe(32)}"
        roster.hook_sealed = vault(USE).encrypt(secret.encode()).decode()
    for name, value in plan.values().items():
        setattr(roster, name, value)
    roster.save()
    roster.seats.all().delete()
    RosterSeat.objects.bulk_create(
        RosterSeat(
            tenant=tenant, roster=roster, position=position, member=member, country=country
        )
        for position, (member, country) in enumerate(plan.seats)
    )  # fmt: skip
    audit.record(
        actor=actor, verb="roster.written", subject=roster, at=now, tier=plan.tier,
        members=[member.pk for member, _country in plan.seats],
    )  # fmt: skip
    return roster, secret


def check_seats(tenant: Tenant, plan: RosterPlan) -> None:
    people = [member for member, _country in plan.seats]
    if not people or len(people) > MOST_SEATS:
        raise Invalid(_("Somebody sits on a roster, and at most 30 people."), field="seats")
    if len({member.pk for member in people}) < len(people):
        raise Invalid(_("Somebody is named twice."), field="seats")
    if any(not on_team(tenant.pk, member) for member in people):
        said = _("Only people of the vendor's team for this client are on call.")
        raise Invalid(said, field="seats")


def on_team(tenant_id: int, member: Membership) -> bool:
    return member.tenant_id == tenant_id and member.is_active and member.is_vendor


@transaction.atomic
def swap_turn(
    *,
    roster: Roster,
    actor: Membership,
    member: Membership,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> Swap:
    """
    Let a member take the turn of whoever has it; one takes it oneself, a lead gives it to anybody.

    :raises NotPermitted: if the member is somebody else, and `actor` no lead.
    :raises Invalid: if the span is none, or over.
    """
    check_own(roster.tenant_id, actor, member)
    check_span(starts_at, ends_at, now)
    row = Swap.objects.create(
        tenant_id=roster.tenant_id, roster=roster, member=member, by=actor,
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    audit.record(actor=actor, verb="roster.swapped", subject=roster, at=now, **span(row))
    return row


@transaction.atomic
def note_absence(
    *,
    actor: Membership,
    member: Membership,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> Absence:
    """Write down that a member is away: oneself, or a lead for anybody. As above, it may refuse."""
    check_own(member.tenant_id, actor, member)
    check_span(starts_at, ends_at, now)
    row = Absence.objects.create(
        tenant_id=member.tenant_id, member=member, by=actor, starts_at=starts_at, ends_at=ends_at
    )
    audit.record(actor=actor, verb="absence.noted", subject=row, at=now, **span(row))
    return row


@transaction.atomic
def take_back(*, row: Absence | Swap, actor: Membership, now: datetime) -> None:
    """Take an absence or a swap back."""
    check_own(row.tenant_id, actor, row.member)
    verb = "absence.taken_back" if isinstance(row, Absence) else "roster.swap_taken_back"
    audit.record(actor=actor, verb=verb, subject=row, at=now, **span(row))
    row.delete()


def check_own(tenant_id: int, actor: Membership, member: Membership) -> None:
    if actor.tenant_id != tenant_id or actor.role not in AGENTS:
        raise NotPermitted(_("Only the vendor's team is on call."))
    if not on_team(tenant_id, member):
        said = _("Only people of the vendor's team for this client are on call.")
        raise Invalid(said, field="member")
    if actor.user_id != member.user_id and actor.role not in LEADS:
        raise NotPermitted(_("Only a bridge SE or an account manager decides for somebody else."))


def check_span(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise Invalid(_("It ends after it begins, within a year."), field="ends_at")
    if ends_at <= now:
        raise Invalid(_("It is over already."), field="ends_at")


def span(row: Absence | Swap) -> dict[str, object]:
    return {
        "member": row.member_id,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
    }


# --- what the rule reads ---


def rule_of(roster: Roster, around: datetime) -> oncall.Roster:
    """Return the rule's view of a roster, with the absences, swaps and holidays near an instant."""
    return rules_of([roster], around)[roster.pk]


def rules_of(rosters: Sequence[Roster], around: datetime) -> dict[int, oncall.Roster]:
    """Return the rule's view of each roster by its id: three questions, however many there are."""
    near = {"starts_at__lt": around + NEAR, "ends_at__gt": around - NEAR}
    seats = RosterSeat.objects.filter(
        roster__in=rosters, member__is_active=True, member__user__is_active=True
    )
    seats_of = grouped(seats.select_related("member__user"), "roster_id")
    swaps = Swap.objects.filter(roster__in=rosters, member__is_active=True, **near)
    swaps_of = grouped(swaps.order_by("pk"), "roster_id")
    tenants = {roster.tenant_id for roster in rosters}
    away = grouped(Absence.objects.filter(tenant_id__in=tenants, **near), "tenant_id")
    return {
        roster.pk: _rule(
            roster,
            around.year,
            seats_of[roster.pk],
            absences=tuple(spans(away[roster.tenant_id])),
            swaps=tuple(spans(swaps_of[roster.pk])),
        )
        for roster in rosters
    }


def grouped(rows: Iterable[Any], by: str) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, by)].append(row)
    return found


def _rule(roster: Roster, year: int, seats: Sequence[RosterSeat], **near: Any) -> oncall.Roster:
    countries = {row.country for row in seats if row.country}
    return oncall.Roster(
        zone=ZoneInfo(roster.timezone),
        seats=tuple(
            oncall.Seat(row.member_id, row.country, row.member.user.timezone) for row in seats
        ),
        turns=oncall.Turns(roster.turns),
        hands_over=roster.hands_over,
        starts_on=roster.starts_on,
        weekday=roster.weekday,
        holidays={country: holidays_of(country, year) for country in countries},
        **near,
    )


def spans(rows) -> list[oncall.Span]:
    return [oncall.Span(row.member_id, row.starts_at, row.ends_at) for row in rows]


@lru_cache(maxsize=64)
def holidays_of(country: str, year: int) -> frozenset[date]:
    """Return the holidays of a country around a year, as the `holidays` package knows them now."""
    return frozenset(date.fromisoformat(on) for on in holiday_dates([country], year)[country])
