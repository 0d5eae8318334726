"""
Clients in a database of a proof's own: `python -m tests.prove.world 4` after `migrate`.

Run as a process, because the database is not the one of the test run. Each client has a full team and a
contract that began two months ago, so that reports are due; printed is what a program needs to write.
"""

import json
import sys

import django


def make(clients: int) -> list[dict[str, str]]:
    from django.db import transaction
    from django.utils import timezone

    from contracts.domain.months import first_of_month, previous_month
    from tenants.scoping import tenant_scope
    from tenants.services.members import create_tenant
    from tests.api.client import token_of
    from tests.reports.factories import make_desk

    now, made = timezone.now(), []
    starts_on = previous_month(previous_month(first_of_month(now.date())))
    for number in range(1, clients + 1):
        code = f"C{number}"
        with transaction.atomic():
            tenant = create_tenant(code=code, name=code, language="en", timezone="Asia/Tokyo")
            with tenant_scope(tenant):
                desk = make_desk(code, tenant=tenant, starts_on=starts_on)
                _token, secret = token_of(desk.people["requester"])
        made.append({"code": code, "contract": desk.contract.public_id, "token": secret})
    return made


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(make(int(sys.argv[1]))))
