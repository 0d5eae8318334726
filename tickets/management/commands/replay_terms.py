from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from contracts import rules
from contracts.domain import terms
from contracts.domain.money import Money
from contracts.management.files import read_document, read_draft
from contracts.models import Contract
from tenants.errors import Refused
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tickets.services.replays import Months, replay_terms

LISTED = 20


class Command(BaseCommand):
    help = (
        "Hold a contract's past tickets against a YAML file, or one of its versions: which verdicts"
        " change, hours and money before and after, new gaps. Stores nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("file", type=Path, nargs="?", help="the amended contract")
        which.add_argument(
            "--contract-version", type=int, metavar="V", help="a version that is stored, or a draft"
        )
        parser.add_argument("--tenant", required=True, metavar="CODE")
        parser.add_argument(
            "--number", "--contract", required=True, metavar="N", help="of the contract"
        )
        for name, help_text in (
            ("--from", "a day of the first month; default: the contract's first"),
            ("--until", "the day after the last one; default: the running month is the last"),
        ):
            dest = f"{name.strip('-')}_on"
            parser.add_argument(
                name, dest=dest, type=date.fromisoformat, metavar="DATE", help=help_text
            )
        parser.add_argument(
            "--list", type=int, default=LISTED, metavar="N", help="changed tickets to list"
        )

    def handle(self, *args, **options) -> None:
        tenant = Tenant.objects.filter(code=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"No client has the code {options['tenant']}.")
        try:
            with tenant_scope(tenant), transaction.atomic():
                found = self.replay(options)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        for line in summary(found, options["list"]):
            self.stdout.write(line)

    def replay(self, options: dict) -> dict[str, Any]:
        contract = Contract.objects.filter(number=options["number"]).first()
        if contract is None:
            raise CommandError(f"{options['tenant']} has no contract {options['number']}.")
        months = Months.around(contract, options["from_on"], options["until_on"], timezone.now())
        if number := options["contract_version"]:
            version = contract.versions.filter(number=number).first()
            if version is None:
                raise CommandError(f"Contract {contract.number} has no version {number}.")
            return replay_terms(contract, rules.rules_of(version), months)
        path = options["file"]
        draft = read_draft(path, read_document(path), months.from_on)
        document = terms.dump(draft.terms)
        return replay_terms(contract, rules.read(document, draft.holidays), months)


def summary(found: dict[str, Any], most: int) -> Iterator[str]:
    """Yield the lines that tell what a replay found."""
    currency = found["money"]["currency"]
    yield (
        f"{found['tickets']} tickets received from {found['from_on']} until before"
        f" {found['until_on']}, {found['stages']} stages replayed."
    )
    yield from _verdicts(found, most, currency)
    yield from _outcomes(found["outcomes"], currency)
    yield from _money(found["money"], currency)


def _verdicts(found: dict[str, Any], most: int, currency: str) -> Iterator[str]:
    yield f"{len(found['changes'])} verdicts change:"
    for each in found["transitions"]:
        yield f"  {each['before']} -> {each['after']}: {each['stages']}"
    for each in found["changes"][:most]:
        yield f"    {_change(each, currency)}"
    if (more := len(found["changes"]) - most) > 0:
        yield f"    and {more} more."
    if found["ruled"]:
        yield f"{found['ruled']} were decided by a person and stay; the rule they overruled changes for:"
        for each in found["rulings"][:most]:
            yield f"    {_change(each, currency)}"
    yield f"{len(found['gaps'])} new gaps:"
    for gap in found["gaps"]:
        words = (gap[name] or "unknown" for name in ("activity", "system", "environment"))
        tickets = ", ".join(gap["tickets"][:5]) + (" ..." if len(gap["tickets"]) > 5 else "")
        yield f"  {' on '.join(words)}, {gap['priority']}: {len(gap['tickets'])} ({tickets})"


def _change(each: dict[str, Any], currency: str) -> str:
    before, after = (_verdict(each[side], currency) for side in ("before", "after"))
    return f"{each['ticket']}/{each['stage']}: {before} -> {after}, {_hours(each['minutes'])} h"


def _verdict(verdict: dict[str, Any], currency: str) -> str:
    said = [verdict["outcome"], verdict["clause"]]
    if verdict["pool"]:
        said.append(f"({verdict['pool']})")
    if verdict["cap"] is not None:
        said.append(f"(up to {_amount(verdict['cap'], currency)})")
    if verdict["question"]:
        said.append(f"(asks {verdict['question']})")
    return " ".join(word for word in said if word)


def _outcomes(outcomes: list[dict[str, Any]], currency: str) -> Iterator[str]:
    yield "Stages, hours and money by outcome, before -> after:"
    for each in outcomes:
        before, after = each["before"], each["after"]
        yield (
            f"  {each['outcome']:13} {before['stages']:6} -> {after['stages']:6}"
            f" {_hours(before['minutes']):>8} -> {_hours(after['minutes']):>8} h"
            f" {_amount(before['amount'], currency):>14} -> {_amount(after['amount'], currency)}"
        )
        if before["held_minutes"] or after["held_minutes"]:
            yield (f"  {'':13} of it held: {_held(before, currency)} -> {_held(after, currency)}")


def _held(share: dict[str, Any], currency: str) -> str:
    worth = share["held_worth"]
    priced = "no rate" if worth is None else f"worth {_amount(worth, currency)}"
    return f"{_hours(share['held_minutes'])} h ({priced})"


def _money(money: dict[str, Any], currency: str) -> Iterator[str]:
    for side in ("before", "after"):
        for month, why in money[side]["unstated"].items():
            yield f"{month} cannot be stated {side}: {why}"
    for name in ("fee", "bought", "work", "tax", "total"):
        before, after = money["before"][name], money["after"][name]
        if None not in (before, after):
            yield f"  {name:6} {_amount(before, currency):>14} -> {_amount(after, currency)}"
    if money["change"] is None:
        yield "The change cannot be told."
    else:
        yield f"Change: {Money(money['change'], currency).decimal():+,} {currency}"


def _hours(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def _amount(amount: int, currency: str) -> str:
    return f"{Money(amount, currency).decimal():,} {currency}"
