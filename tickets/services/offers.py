"""What people write into an estimate, read with the contract's rates on the day it is written."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from contracts.domain.terms import Terms
from contracts.domain.vocabulary import Place, Tier
from contracts.formats import money
from contracts.models import ContractVersion
from contracts.rules import rules_of
from tenants.errors import Invalid
from tickets.domain.offer import MOST, MOST_LINES, MOST_MINUTES, Line, Offer, Pricing
from tickets.models import EstimateRevision, Ticket

WORDS = ("assumptions", "exclusions", "date_effect")
KNOWN = {"pricing", "lines", "not_to_exceed", "delivery_on", "language", *WORDS}
LANGUAGES = ("ja", "en", "vi")
MOST_WORDS = 4_000


def offer_of(
    ticket: Ticket,
    now: datetime,
    *,
    before: EstimateRevision | None = None,
    accepted: EstimateRevision | None = None,
    **content: Any,
) -> Offer:
    """
    Return the offer that `content` describes; what it leaves out is that of the revision `before`.

    `content`: `pricing` (fixed, time_and_material), `lines` (mappings of `text` with `tier`, `place`
    and `minutes`, or of `text` with a fixed `amount`), `not_to_exceed`, `assumptions`, `exclusions`,
    `date_effect`, `delivery_on`, `language`. Work is priced at the contract's rates of today.

    :raises Invalid: if something cannot be; it names the field and what to write.
    """
    if unknown := content.keys() - KNOWN:
        raise TypeError(f"an estimate has no {', '.join(sorted(unknown))}")
    told = (before_as_content(before) if before else {}) | content
    terms = terms_on(ticket, now)
    pricing = pricing_of(told.get("pricing", Pricing.FIXED), accepted)
    lines = priced(told.get("lines", ()), terms, pricing)
    offer = Offer(
        pricing=pricing,
        currency=terms.currency,
        lines=lines,
        not_to_exceed=limit_of(told.get("not_to_exceed"), lines, pricing, terms),
        delivery_on=day_of(ticket, told.get("delivery_on"), now, changed="delivery_on" in content),
        language=language_of(told.get("language") or ticket.tenant.language),
        **{name: words_of(name, told.get(name) or "") for name in WORDS},
    )
    if not 1 <= offer.amount <= MOST:
        raise Invalid(_("The price is more than nothing, and less than a trillion."), field="lines")
    return offer


def before_as_content(revision: EstimateRevision) -> dict[str, Any]:
    offer = revision.offer
    return {
        "pricing": offer.pricing,
        "lines": revision.lines,
        "not_to_exceed": offer.not_to_exceed,
        "delivery_on": offer.delivery_on,
        "language": offer.language,
        **{name: getattr(offer, name) for name in WORDS},
    }


def terms_on(ticket: Ticket, now: datetime) -> Terms:
    """
    Return the contract's terms of the day: rates are those of the day, targets of the ticket.

    They are asked for once a ticket and day: a command and its page ask several times.
    """
    day = ticket.contract.local_date(now)
    if getattr(ticket, "terms_of_day", (None, None))[0] != day:
        known = ContractVersion.objects.filter(contract_id=ticket.contract_id)
        version = known.in_force(day).first() or ticket.version
        ticket.terms_of_day = (day, rules_of(version).terms)
    return ticket.terms_of_day[1]


def pricing_of(told: str, accepted: EstimateRevision | None) -> Pricing:
    if told not in set(Pricing):
        raise Invalid(_("Choose a fixed price, or time and material."), field="pricing")
    if accepted is not None and told != accepted.pricing:
        raise Invalid(
            _("A change order keeps how the price is made: the accepted one says how."),
            field="pricing",
        )
    return Pricing(told)


def priced(rows: Iterable[Mapping[str, Any]], terms: Terms, pricing: Pricing) -> tuple[Line, ...]:
    """
    Return the lines with the contract's rates.

    :raises Invalid: if there is none, or too many, or one has no words, work, price or rate.
    """
    lines = tuple(line_of(row, index, terms) for index, row in enumerate(rows, start=1))
    if not lines:
        raise Invalid(_("Write at least one line: what is done, and for how long."), field="lines")
    if len(lines) > MOST_LINES:
        raise Invalid(_("Write at most %d lines.") % MOST_LINES, field="lines")
    if pricing is Pricing.TIME_AND_MATERIAL and not all(line.is_work for line in lines):
        raise Invalid(
            _("Time and material has lines of work only: give each a tier and hours."),
            field="lines",
        )
    return lines


def line_of(row: Mapping[str, Any], number: int, terms: Terms) -> Line:
    text = str(row.get("text") or "").strip()
    if not text or len(text) > 200:
        raise in_line(number, _("say in at most 200 characters what is done."))
    if not row.get("tier"):
        return Line(text, amount=whole(row.get("amount"), 1, MOST, number, _("write an amount.")))
    minutes = whole(
        row.get("minutes"), 1, MOST_MINUTES, number, _("write how many hours it takes.")
    )
    tier, place = str(row["tier"]), str(row.get("place") or "")
    known = tier in set(Tier) and (not place or place in set(Place))
    rate = terms.rate_for(tier, place or None) if known else None
    if rate is None:
        rates = ", ".join(rates_of(terms))
        raise in_line(number, _("the contract has rates for: %s.") % rates)
    return Line.of_work(text, tier, place, minutes, rate)


def rates_of(terms: Terms) -> list[str]:
    """Return the tiers with a rate, with the place where the rate depends on it: `L2 offshore`."""
    names = []
    for tier, rate in terms.cost.rates.items():
        places = rate if isinstance(rate, dict) else {"": rate}
        names += [f"{tier} {place}".strip() for place in places]
    return names


def whole(value: Any, least: int, most: int, number: int, fix: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise in_line(number, fix)
    return value


def in_line(number: int, message: str) -> Invalid:
    text = _("Line %(number)d: %(message)s") % {"number": number, "message": message}
    return Invalid(text, field="lines")


def limit_of(
    told: int | None, lines: tuple[Line, ...], pricing: Pricing, terms: Terms
) -> int | None:
    """Return the not-to-exceed of time and material: what its lines add up to, or more."""
    if pricing is Pricing.FIXED:
        return None
    total = sum(line.amount for line in lines)
    if told is None:
        return total
    if type(told) is not int or not total <= told <= MOST:
        least = money(total, terms.currency)
        raise Invalid(
            _("The not-to-exceed covers the lines: write at least %s.") % least,
            field="not_to_exceed",
        )
    return told


def day_of(ticket: Ticket, on: date | None, now: datetime, *, changed: bool) -> date | None:
    if on is not None and changed and on <= ticket.contract.local_date(now):
        raise Invalid(_("Choose a delivery date after today."), field="delivery_on")
    return on


def language_of(code: str) -> str:
    if code not in LANGUAGES:
        raise Invalid(_("Choose Japanese, English or Vietnamese."), field="language")
    return code


def words_of(name: str, text: str) -> str:
    if len(text) > MOST_WORDS:
        raise Invalid(_("Write at most %d characters.") % MOST_WORDS, field=name)
    return text.strip()


def said_why(reason: str) -> str:
    """
    Return the reason of a step.

    :raises Invalid: if there is none.
    """
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    return reason.strip()
