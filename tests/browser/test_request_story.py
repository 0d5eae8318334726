"""A request while it is written: by keyboard alone, in two languages, offline, signed out, in dispute."""

import pytest
from django.db import transaction
from playwright.sync_api import expect

from tenants.scoping import tenant_scope
from tests.browser.conftest import PASSWORD
from tests.browser.test_estimate_story import EC_SITE, Person, enter
from tests.browser.test_story import violations
from tickets.models import Dispute, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["enter"]  # the fixture
IMPROVEMENT = 7  # the question before it was answered with no, down to this one
SMALL = {"en": "Small improvements up to 4 h, five a month", "ja": "4時間以内の小改善(月5件まで)"}
OTHER = {"en": "Adaptive and perfective maintenance", "ja": "適応保守・完全化保守"}
LAW = {
    "en": "Is it forced by law, an outside API or a platform?",
    "ja": "法令・外部API・プラットフォームの変更によるものですか。",
}


def tab_to(page, selector: str) -> None:
    """Press Tab until the keyboard stands there."""
    for _press in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def begin(person: Person) -> None:
    person.page.goto("/tickets/new/")
    person.sees(person.word("What the contract says"))


def verdict(person: Person):
    return person.page.locator("#live")


def says(person: Person, *texts: str) -> None:
    """Wait until the verdict says all of it."""
    for text in texts:
        expect(verdict(person)).to_contain_text(text, use_inner_text=True)


def answer(person: Person, number: int, value: str) -> None:
    person.page.locator(f"#asked [name=answer_{number}][value={value}]").check()


def answer_down_to(person: Person, last: int) -> None:
    """Answer no, question after question as they come, and yes to the last."""
    for number in range(last):
        answer(person, number, "no")
    answer(person, last, "yes")


def fill_in(person: Person, title: str) -> None:
    page = person.page
    person.fill("Title", title)
    page.get_by_label(person.word("Change request"), exact=True).check()
    person.choose("System and environment", EC_SITE[person.language])


def only_ticket(tenant, title: str) -> Ticket:
    with transaction.atomic(), tenant_scope(tenant):
        return Ticket.objects.select_related("stage__decision").get(title=title)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_keyboard_alone_asks_answers_reads_and_sends(enter, hoshino, language):
    person = enter("requester", language)
    page, keys = person.page, person.page.keyboard
    begin(person)
    expect(page.locator("#asked fieldset")).to_have_count(1)  # the first question, no other

    tab_to(page, "[name=title]")
    keys.type("Sort the orders")
    tab_to(page, "[name=type]")
    while not page.locator("[name=type][value=change_request]").is_checked():
        keys.press("ArrowRight")
    tab_to(page, "[name=place]")
    keys.press("ArrowDown")
    for number in range(IMPROVEMENT + 1):
        tab_to(page, f"[name=answer_{number}]")
        keys.press("ArrowRight")  # from "not known" around to yes
        if number < IMPROVEMENT:
            no = page.locator(f"#asked [name=answer_{number}][value=no]")
            for _press in range(5):  # a key that falls into the swap is pressed again
                if not no.is_checked():
                    keys.press("ArrowRight")
            page.locator(f"#asked [name=answer_{number + 1}]").first.wait_for()
    tab_to(page, "[name=effort]")
    keys.type("2")
    tab_to(page, "[name=then]")
    says(person, SMALL[language], person.word("In the monthly fee"), person.word("Provisional"))
    says(person, person.word("%(used)s of %(of)s used this month") % {"used": 0, "of": 5})
    assert violations(page) == []

    page.locator("[name=then][value=send]").focus()
    keys.press("Enter")
    page.wait_for_url("**/tickets/HOSHINO-4/")
    assert only_ticket(hoshino, "Sort the orders").stage.decision.clause_id == "H11"
    assert page.evaluate("Object.keys(localStorage).length") == 0  # the draft went with it


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_changed_answer_changes_the_verdict_and_says_why(enter, hoshino, language):
    person = enter("service_owner", language)
    begin(person)
    fill_in(person, "A new filter")
    answer_down_to(person, IMPROVEMENT)
    effort = person.page.locator("[name=effort]")
    effort.fill("6")
    effort.blur()
    says(person, OTHER[language], "H11")  # what missed narrowly, and why

    answer(person, 5, "yes")  # a question after all: nothing beyond it is asked
    person.page.locator("#asked [name=effort][type=number]").wait_for(state="detached")
    says(person, "H5", person.word("Draws on the hour pool"))
    answer(person, 5, "no")
    effort.wait_for()  # asked again, and what was said is still there
    expect(effort).to_have_value("6")


def test_a_client_sends_and_disputes(enter, hoshino):
    person = enter("requester", "en")
    begin(person)
    fill_in(person, "The invoice form")
    answer_down_to(person, 3)
    verdict(person).get_by_text("Needs a separate estimate").first.wait_for()
    person.page.get_by_text("You think this verdict is wrong?").click()
    person.press("Send and dispute")
    person.page.get_by_text("Say why the verdict is wrong.").wait_for()
    expect(person.page.get_by_label("Title")).to_have_value("The invoice form")
    assert violations(person.page) == []

    person.fill("Why is this verdict wrong? (optional)", "It was agreed in May.")
    person.press("Send and dispute")
    person.page.wait_for_url("**/tickets/HOSHINO-4/")
    with transaction.atomic(), tenant_scope(hoshino):
        assert Dispute.objects.get().reason == "It was agreed in May."


def test_nothing_typed_is_lost_without_a_connection_or_signed_out(browser, live_server, hoshino):
    context = browser.new_context(base_url=live_server.url)
    person = Person(context.new_page(), "en", "requester@portal.example")
    page = person.page
    sign_in(page)
    begin(person)
    fill_in(person, "Typed in the train")
    answer(person, 0, "no")
    page.locator("[name=answer_1]").first.wait_for()

    context.set_offline(True)
    answer(person, 1, "yes")
    page.get_by_text("There is no connection.").wait_for()
    person.press("Send the request")
    expect(page.get_by_label("Title")).to_have_value("Typed in the train")
    context.set_offline(False)
    page.get_by_text("There is no connection.").wait_for(state="hidden")
    verdict(person).get_by_text("H7").first.wait_for()  # asked again by itself

    context.clear_cookies(name="sessionid")  # the session is over: the answer leads away
    page.locator("#asked [name=answer_1][value=no]").click()
    page.wait_for_url("**/sign-in/**")
    sign_in(page, here=True)
    page.wait_for_url("**/tickets/new/")
    page.get_by_text("What you typed before is here again.").wait_for()
    page.locator("#asked [name=answer_2]").first.wait_for()
    expect(page.get_by_label("Title")).to_have_value("Typed in the train")
    expect(page.locator("[name=answer_1][value=no]")).to_be_checked()

    page.get_by_role("button", name="Begin anew").click()
    page.get_by_label("Title").wait_for()
    page.wait_for_function("document.querySelector('[name=title]').value === ''")
    context.close()


def sign_in(page, *, here: bool = False) -> None:
    if not here:
        page.goto("/sign-in/")
    page.get_by_label("E-mail").fill("requester@portal.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
