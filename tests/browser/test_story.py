"""What a person sees: signs in, reads last month's report, and finds only what is theirs."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page, role: str) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(f"{role}@portal.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def violations(page) -> list[str]:
    """Return what axe finds on the page, as rule and place."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]


def test_a_bridge_se_signs_in_and_reads_last_months_report(page, hoshino):
    sign_in(page, "bridge_se")
    page.get_by_role("link", name="Reports").first.click()

    page.locator("main tbody a").first.click()

    expect(page).to_have_title(re.compile("HR-1"))
    text = page.locator("main").inner_text()
    assert "HOSHINO-3" in text  # out of scope, with its clause
    assert "H1" in text
    assert "¥" in text
    assert violations(page) == []


def test_a_requester_reads_no_amount(page, hoshino):
    sign_in(page, "requester")
    page.get_by_role("link", name="Reports").first.click()

    page.locator("main tbody a").first.click()

    expect(page).to_have_title(re.compile("HR-1"))
    assert "¥" not in page.locator("main").inner_text()


def test_a_requester_asks_for_work_and_reads_the_verdict_with_its_clause(page, hoshino):
    sign_in(page, "requester")
    page.get_by_role("link", name="New request").first.click()
    assert violations(page) == []

    page.get_by_label("Incident", exact=True).check()
    page.get_by_label("Title").fill("The cart stays empty")
    page.get_by_label("System and environment").select_option(label="EC site · Production")
    page.get_by_label("Impact").select_option(label="High")
    page.get_by_label("Urgency").select_option(label="High")
    page.get_by_role("group", name="Is the service down or degraded now?").get_by_label(
        "Yes"
    ).check()
    page.get_by_role("button", name="Send the request").click()

    page.wait_for_url("**/tickets/HOSHINO-4/")
    text = page.locator("main").inner_text()
    assert "Critical and high incidents on production, day and night" in text
    assert "In the monthly fee" in text
    assert "Provisional" in text  # nobody of the vendor confirmed it yet


@pytest.mark.parametrize("path", ["/", "/tickets/", "/tickets/HOSHINO-1/", "/contracts/"])
def test_axe_finds_nothing(page, hoshino, path):
    sign_in(page, "account_manager")

    page.goto(path)

    assert violations(page) == []
