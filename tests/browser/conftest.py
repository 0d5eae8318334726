"""A Chromium of the system, a portal that serves, and a client whose last month is over."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from contracts import checking, terms_yaml
from contracts import services as contracts
from contracts.domain.months import first_of_month, previous_month
from contracts.domain.scope import Facts
from tenants.models import Job, Tenant, User
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tenants.services.members import add_member, create_tenant
from tests.processes import required
from tickets import services

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PASSWORD = "a-password-for-the-tests"


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    required("Chromium", CHROMIUM is not None)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop in this thread
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


NO_PROBLEM = (
    "status of 422",  # a form that comes back with its errors
    "htmx:sendAbort",  # a question that a newer one replaces
    "htmx:afterRequest",
)


def is_problem(message) -> bool:
    """Return whether the console names an error of ours."""
    return message.type == "error" and not any(said in message.text for said in NO_PROBLEM)


@pytest.fixture
def page(browser, live_server, request) -> Iterator[object]:
    """A fresh window of 1280 x 900 that fails the test on any error of the page or its CSP."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    window = context.new_page()
    problems: list[str] = []
    window.on("pageerror", lambda error: problems.append(str(error)))
    window.on("console", lambda m: problems.append(m.text) if is_problem(m) else None)
    yield window
    context.close()
    assert not problems


@pytest.fixture
def hoshino() -> Tenant:
    """A client with a requester, a service owner and a whole vendor team, its last month reported."""
    now = timezone.now()
    with transaction.atomic():
        tenant = create_tenant(
            code="HOSHINO", name="星野リテール", language="ja", timezone="Asia/Tokyo"
        )
        with tenant_scope(tenant):
            people = {role: seat(tenant, role, now) for role in Role}
            sign_contract(tenant, people[Role.ACCOUNT_MANAGER], now)
    with tenant_scope(tenant), transaction.atomic():
        work_a_month(tenant, people, now)
    run_jobs()
    return tenant


def seat(tenant: Tenant, role: Role, now):
    user = User.objects.create_user(
        f"{role.value}@portal.example", PASSWORD, name=role.label, language="en",
        timezone="Asia/Tokyo",
    )  # fmt: skip
    return add_member(tenant=tenant, user=user, role=role, now=now, duty_order=1)


def sign_contract(tenant: Tenant, manager, now) -> None:
    text = (settings.BASE_DIR / "portal/demo/contracts/hoshino.yaml").read_text()
    contract = contracts.create_contract(
        tenant=tenant, number="HR-1", title="EC and POS", starts_on=month_before_last(now),
        document=terms_yaml.load(text), actor=manager, now=now,
    )  # fmt: skip
    contracts.activate_version(
        version=contract.versions.get(),
        actor=manager,
        now=now,
        accept_gaps=checking.seal_of(contract.versions.get()),
    )


def month_before_last(now):
    """Return the first day of a month that is surely closed."""
    return previous_month(first_of_month((now - timedelta(days=10)).date()))


def work_a_month(tenant: Tenant, people: dict, now) -> None:
    from contracts.models import Contract

    contract = Contract.objects.get()
    day = contracts.period_of(contract, contract.starts_on).starts_at + timedelta(days=7, hours=2)
    desk = people[Role.SERVICE_DESK]
    for number, (system, activity) in enumerate(
        [("ec-site", "incident_response"), ("pos", "service_desk"), ("back-office", "service_desk")]
    ):
        at = day + timedelta(days=number)
        ticket = services.open_ticket(
            contract=contract, actor=people[Role.REQUESTER], requester=people[Role.REQUESTER],
            type="incident", title=f"Nothing works on {system}", system=system,
            environment="production", impact=1, urgency=2, received_at=at, now=at,
            facts=Facts(activity=activity),
        )  # fmt: skip
        services.start_work(ticket=ticket, actor=desk, now=at + timedelta(minutes=5))
        end = at + timedelta(hours=2)
        services.log_time(
            ticket=ticket, actor=desk, starts_at=at, ends_at=end, now=end, note="Repaired"
        )
        services.resolve_ticket(
            ticket=ticket,
            actor=desk,
            resolution="It works again.",
            now=end,
            fix_reason="A restart was enough.",
        )


def run_jobs() -> None:
    """Do what is due, as a worker would, until nothing is left."""
    now = timezone.now()
    while due := list(Job.objects.due(now, now - jobs.STALE_AFTER).values_list("pk", flat=True)):
        assert all(jobs.run(pk) for pk in due)
