from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from contracts import terms_yaml
from contracts.domain.examples import KEY
from contracts.models import Contract, ContractVersion
from contracts.services import version_in_force
from tenants.models import Tenant
from tenants.scoping import tenant_scope


class Command(BaseCommand):
    help = "Write a version of a contract as YAML, which import_contract reads back unchanged."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--tenant", required=True, metavar="CODE")
        parser.add_argument("--number", required=True, metavar="N")
        parser.add_argument(
            "--contract-version", type=int, metavar="V", help="default: the one in force today"
        )

    def handle(self, *args, **options) -> None:
        tenant = Tenant.objects.filter(code=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"No client has the code {options['tenant']}.")
        with tenant_scope(tenant), transaction.atomic():
            version = self.version(options)
        document = dict(version.terms)
        if version.examples:
            document[KEY] = version.examples
        self.stdout.write(terms_yaml.dump(document), ending="")

    def version(self, options: dict) -> ContractVersion:
        contract = Contract.objects.filter(number=options["number"]).first()
        if contract is None:
            raise CommandError(f"{options['tenant']} has no contract {options['number']}.")
        if asked := options["contract_version"]:
            version = contract.versions.filter(number=asked).first()
        else:
            version = version_in_force(contract, contract.local_date(timezone.now()))
        if version is None:
            which = f"version {asked}" if asked else "version in force today"
            raise CommandError(f"Contract {contract.number} has no {which}.")
        return version
