"""Whether a ticket falls under the warranty, from the releases of its system."""

from dataclasses import replace

from contracts.domain.scope import Facts
from contracts.rules import Rules
from tickets.models import Release, Ticket
from tickets.services.promises import end_of


def with_warranty(facts: Facts, ticket: Ticket, rules: Rules) -> Facts:
    """
    Return the facts with the warranty as the last release before the receipt tells it.

    What a vendor person said stands. Where no release of the system is known it stays as it was
    told, and is asked for where a clause looks at it.
    """
    warranty = rules.terms.scope.warranty
    if warranty is None or not asks(rules) or is_told(facts):
        return facts
    released = Release.objects.filter(
        contract_id=ticket.contract_id, system=ticket.system, released_at__lte=ticket.received_at
    )
    last = released.order_by("-released_at").values_list("released_at", flat=True).first()
    if last is None:
        return facts
    covered = ticket.received_at < end_of(warranty.length, last, rules)
    return replace(facts, warranty=covered, confirmed=facts.confirmed | {"warranty"})


def asks(rules: Rules) -> bool:
    return any(clause.when.warranty is not None for clause in rules.terms.scope.clauses)


def is_told(facts: Facts) -> bool:
    """Return whether a vendor person, or an earlier release, has said it."""
    return facts.warranty is not None and "warranty" in facts.confirmed
