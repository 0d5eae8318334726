from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from contracts import checking, services
from contracts.difference_words import sentence as change_sentence
from contracts.domain import terms
from contracts.domain.difference import difference
from contracts.management.files import (
    findings_of,
    read_document,
    read_draft,
    refuse_gaps,
    seal_line,
)
from contracts.models import Contract, ContractVersion
from tenants.errors import Refused
from tenants.models import Membership, Tenant
from tenants.scoping import tenant_scope


class Command(BaseCommand):
    help = "Write a contract down from YAML, or an amendment of one that is there, as a draft."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tenant", required=True, metavar="CODE")
        parser.add_argument("--number", required=True, metavar="N")
        parser.add_argument("--title", help="of a new contract; default: its number")
        parser.add_argument(
            "--effective-on", type=date.fromisoformat, metavar="DATE", help="default: today"
        )
        parser.add_argument("--strict", action="store_true", help="with a gap nothing is written")
        parser.add_argument("--activate", action="store_true", help="put it in force; needs --as")
        parser.add_argument(
            "--accept-gaps", default="", metavar="SEAL",
            help="put it in force with exactly these gaps: check_terms prints them and their seal",
        )  # fmt: skip
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="who does it")

    def handle(self, *args, **options) -> None:
        if options["activate"] and not options["email"]:
            raise CommandError("--activate needs --as EMAIL: an account manager puts it in force.")
        document = read_document(options["file"])
        tenant = Tenant.objects.filter(code=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"No client has the code {options['tenant']}.")
        try:
            with tenant_scope(tenant), transaction.atomic():
                self.import_document(tenant, document, options)
        except checking.TermsNotClean as refusal:
            reasons = [f"  refused: {reason}" for reason in refusal.reasons]
            head = f"{options['file']}: not put in force, and nothing was written."
            raise CommandError("\n".join([head, *reasons])) from refusal
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal

    def import_document(self, tenant: Tenant, document: dict, options: dict) -> None:
        actor = self.actor(tenant, options["email"])
        contract = Contract.objects.filter(number=options["number"]).first()
        on = options["effective_on"] or self.today(tenant, contract)
        draft = read_draft(options["file"], document, on)
        before = services.version_in_force(contract, on) if contract else None
        version = self.write(tenant, contract, document, options, actor, on)
        self.say_what_changed(before, version)
        checked = checking.check(draft, on)
        for finding in [*findings_of(checked), *seal_line(checked)]:
            self.stdout.write(finding)
        if options["strict"]:
            refuse_gaps(options["file"], checked)
        if options["activate"]:
            services.activate_version(
                version=version,
                actor=actor,
                now=timezone.now(),
                accept_gaps=options["accept_gaps"],
            )
            self.stdout.write(f"In force from {on}.")
            return
        for reason in checked.reasons():
            self.stdout.write(f"refused at activation: {reason}")
        self.stdout.write("A draft: --activate --as EMAIL puts it in force.")

    def actor(self, tenant: Tenant, email: str | None) -> Membership | None:
        if email is None:
            return None
        member = Membership.objects.filter(tenant=tenant, user__email=email).first()
        if member is None:
            raise CommandError(f"{email} is not a member of {tenant.code}.")
        return member

    def today(self, tenant: Tenant, contract: Contract | None) -> date:
        now = timezone.now()
        return contract.local_date(now) if contract else timezone.localdate(now)

    def write(
        self,
        tenant: Tenant,
        contract: Contract | None,
        document: dict,
        options: dict,
        actor: Membership | None,
        on: date,
    ) -> ContractVersion:
        now = timezone.now()
        if contract is not None:
            version = services.add_version(
                contract=contract, effective_on=on, document=document, actor=actor, now=now
            )
            self.stdout.write(f"Contract {contract.number}: version {version.number}, from {on}.")
            return version
        contract = services.create_contract(
            tenant=tenant,
            number=options["number"],
            title=options["title"] or options["number"],
            starts_on=on,
            document=document,
            actor=actor,
            now=now,
        )
        self.stdout.write(f"Contract {contract.number}: new, from {on}.")
        return contract.versions.get()

    def say_what_changed(self, before: ContractVersion | None, version: ContractVersion) -> None:
        if before is None:
            return
        changes = difference(terms.parse(before.terms), terms.parse(version.terms))
        self.stdout.write(f"Against version {before.number}, which is in force on that day:")
        for change in changes:
            self.stdout.write(f"  {change_sentence(change)}")
        if not changes:
            self.stdout.write("  nothing changes.")
