"""The API's reference draws itself under our policy, and tries an operation as whoever signed in."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_story import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_reference_is_drawn_and_tries_an_operation(page, hoshino):
    sign_in(page, "bridge_se")
    page.goto("/api/docs/")
    page.locator("#operations-tag-me").click()
    row = page.locator("#operations-me-me")
    row.locator(".opblock-summary-control").click()
    row.get_by_role("button", name="Try it out").click()
    row.get_by_role("button", name="Execute").click()

    expect(row.locator(".live-responses-table .response-col_status").last).to_contain_text("200")


def test_the_reference_follows_a_dark_system_and_fits_a_phone(page, hoshino):
    sign_in(page, "bridge_se")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.goto("/api/docs/")

    page.locator("#operations-tag-me").wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.classList.contains('dark-mode')")
