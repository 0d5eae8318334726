"""An account manager writes an amendment as rows, with the check beside, in two languages."""

import pytest
from django.db import transaction
from playwright.sync_api import expect

from contracts.models import ContractVersion
from tenants.scoping import tenant_scope
from tests.browser.test_estimate_story import Person, enter
from tests.browser.test_story import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["enter"]  # the fixture
STANDS_AT = "n => [...document.getElementsByName('clause')].findIndex(e => e.value === 'n0') === n"


def saved(tenant) -> dict:
    with transaction.atomic(), tenant_scope(tenant):
        return ContractVersion.objects.get(number=2).terms["scope"]


def begin_amendment(person: Person) -> None:
    page = person.page
    page.goto("/contracts/")
    page.locator("main tbody a").first.click()
    page.locator(".tabs a").last.click()
    person.press("Begin an amendment")
    page.wait_for_url("**/versions/2/edit/")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_amendment_is_written_checked_and_saved(enter, hoshino, language):
    person = enter("account_manager", language)
    page = person.page
    begin_amendment(person)
    assert violations(page) == []
    check = page.locator("#checked")

    page.locator("#c1-id").fill(
        "H1"
    )  # twice: told beside it, and nothing is swapped under the hand
    check.get_by_text(person.word("Keeps it from being saved")).wait_for()
    assert page.locator("#c1-id").input_value() == "H1"
    page.locator("#c1-id").fill("H2")
    check.get_by_text(person.word("Keeps it from being saved")).wait_for(state="detached")

    page.locator("#down-c0").focus()
    page.keyboard.press("Enter")
    page.locator("#do-undo:not([disabled])").wait_for()
    expect(page.locator("#down-c0")).to_be_focused()
    page.locator("#remove-c3").click()
    page.locator("#c3-id").wait_for(state="detached")
    page.locator("#do-undo").click()
    page.locator("#c3-id").wait_for()

    page.locator("#do-add-clause").click()
    page.locator("#fresh").wait_for()
    expect(page.locator("#n0-id")).to_have_value("H16")
    page.locator("[id='n0-text-en']").fill("Lessons for new staff")
    page.locator("[id='n0-text-ja']").fill("新任者への研修")
    page.locator("[name='n0.activity'][value=service_desk]").check()
    page.locator("#n0-outcome").select_option("included")
    check.get_by_text("H16").first.wait_for()  # H5 takes all questions: it can never decide
    for place in range(14, 3, -1):
        page.locator("#up-n0").click()
        page.wait_for_function(STANDS_AT, arg=place)
    assert violations(page) == []
    person.press("Save the draft")
    page.get_by_text(person.word("The draft is saved.")).wait_for()
    assert [c["id"] for c in saved(hoshino)["clauses"]][:6] == ["H2", "H1", "H3", "H4", "H16", "H5"]


def test_a_gap_of_the_matrix_opens_a_clause_for_it(enter, hoshino):
    person = enter("account_manager", "en")
    page = person.page
    begin_amendment(person)
    for key in ("c12", "c13"):  # nothing decides preventive work any more
        page.locator(f"#remove-{key}").click()
        page.locator(f"#{key}-id").wait_for(state="detached")
    person.press("Save the draft")
    page.get_by_text("The draft is saved.").wait_for()
    page.locator("main").get_by_role("link", name="Coverage").last.click()
    page.wait_for_url("**/coverage/**")
    assert violations(page) == []

    row = page.locator("table.matrix tr", has=page.locator("th", has_text="Preventive"))
    row.get_by_role("link", name="Add a clause").first.click()
    page.locator("#fresh").wait_for()
    assert page.locator("[name='n0.activity']:checked").evaluate_all(
        "found => found.map(one => one.value)"
    ) == ["preventive"]
    page.locator("[id='n0-text-en']").fill("All preventive work")
    page.locator("#n0-outcome").select_option("estimate")
    person.press("Save the draft")
    page.get_by_text("The draft is saved.").wait_for()
    page.goto(page.url.replace("/versions/2/edit/", "/coverage/?version=2"))
    gaps = page.locator("section", has=page.locator("#gaps-title"))
    expect(gaps).to_contain_text("Preventive on any system but back-office staging")  # no more
