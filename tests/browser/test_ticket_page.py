"""The ticket's page: it keeps up by itself, leaves alone what is typed, and hears single keys."""

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from tenants.models import Membership
from tenants.scoping import tenant_scope
from tests.browser.test_estimate_story import Person, enter
from tests.browser.test_story import violations
from tickets import services
from tickets.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["enter"]  # the fixture
TICKET = "/tickets/HOSHINO-1/"


def say(tenant, role: str, body: str) -> None:
    with transaction.atomic(), tenant_scope(tenant):
        services.comment(
            ticket=Ticket.objects.get(key="HOSHINO-1"), actor=Membership.objects.get(role=role),
            body=body, language="en", now=timezone.now(),
        )  # fmt: skip


def wake(person: Person) -> None:
    """Let the page ask now what it asks every few seconds."""
    with person.page.expect_response("**/now/**"):
        person.page.evaluate("htmx.trigger('#ticket-poll', 'wake')")


def test_a_page_keeps_up_and_leaves_alone_what_is_typed(enter, hoshino):
    person = enter("requester", "en")
    page = person.page
    page.goto(TICKET)
    page.locator("#ticket-clocks details summary").first.click()
    page.get_by_label("Message").first.fill("I am still writ")
    say(hoshino, "service_desk", "A word from the desk.")

    wake(person)

    page.locator("#ticket-events").get_by_text("A word from the desk.").wait_for()
    assert page.get_by_label("Message").first.input_value() == "I am still writ"
    assert page.locator("#ticket-clocks details").first.get_attribute("open") is not None
    expect(page.locator("#ticket-news")).to_be_hidden()  # nothing was typed where it changed
    assert violations(page) == []


def test_a_step_that_is_being_written_is_left_and_said_so(enter, hoshino):
    person = enter("service_owner", "ja")
    page = person.page
    page.goto(TICKET)
    page.locator("#ticket-steps summary", has_text=person.word("Dispute the verdict")).click()
    page.locator("#ticket-steps textarea:visible").fill("約束と違います")
    say(hoshino, "service_desk", "A word from the desk.")

    wake(person)

    page.locator("#ticket-events").get_by_text("A word from the desk.").wait_for()
    page.get_by_text(person.word("Show the ticket as it is now")).wait_for()
    assert page.locator("#ticket-steps textarea:visible").input_value() == "約束と違います"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_single_keys_lead_on_but_never_while_typing(enter, hoshino, language):
    person = enter("bridge_se", language)
    page, keys = person.page, person.page.keyboard
    page.goto(TICKET)

    keys.press("?")
    dialog = page.get_by_role("dialog", name=person.word("Keyboard shortcuts"))
    expect(dialog).to_contain_text(person.word("New request"))
    assert violations(page) == []
    keys.press("Escape")
    dialog.wait_for(state="hidden")

    page.get_by_label(person.word("Message")).first.focus()
    keys.type("g t n ? /")
    assert page.url.endswith(TICKET)
    assert page.get_by_label(person.word("Message")).first.input_value() == "g t n ? /"
    page.get_by_label(person.word("Message")).first.fill("")
    page.locator("h1").click()

    for pressed, where in (("gt", "**/tickets/"), ("gc", "**/contracts/"), ("gr", "**/reports/")):
        for key in pressed:
            keys.press(key)
        page.wait_for_url(where)
    keys.press("/")
    page.wait_for_url("**/tickets/#search")
    page.wait_for_function("document.activeElement.type === 'search'")
    page.locator("h1").click()
    keys.press("n")
    page.wait_for_url("**/tickets/new/")

    page.get_by_role("button", name=person.word("Keyboard shortcuts")).click()
    page.locator("[data-keys-on]").uncheck()
    keys.press("Escape")
    keys.press("g")
    keys.press("h")
    page.wait_for_timeout(300)
    assert page.url.endswith("/tickets/new/")  # off means off
