"""Single sign-on in a browser: from the button to the page that was wanted, and off again."""

import re

import pytest
from playwright.sync_api import expect

from tests.accounts.oidc import CLIENT, SECRET, Provider
from tests.browser.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def provider(settings, live_server):
    with Provider().serving() as provider:
        settings.OIDC_ISSUER, settings.OIDC_NAME = provider.issuer, "Acme ID"
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
        settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.PORTAL_URL = live_server.url
        yield provider


def test_a_person_signs_in_and_takes_it_off(page, hoshino, provider):
    provider.claims |= {"email": "requester@portal.example"}
    page.goto("/tickets/")
    page.get_by_role("link", name="Sign in with Acme ID").click()

    expect(page).to_have_url(re.compile("/tickets/$"))
    page.goto("/me/")
    expect(page.locator("main")).to_contain_text(provider.issuer)
    page.get_by_role("button", name="Take it off").click()
    expect(page.locator("main")).to_contain_text("That account signs you in here no more.")
    expect(page.locator("main")).to_contain_text("Not used yet: choose Acme ID when you sign in.")


def test_who_says_no_is_led_on_to_the_password(page, hoshino, provider):
    provider.denies = True
    page.goto("/tickets/")
    page.get_by_role("link", name="Sign in with Acme ID").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody is signed in")

    page.get_by_role("link", name="Sign in with your password").click()
    page.locator("[type=email]").fill("requester@portal.example")
    page.locator("[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page).to_have_url(re.compile("/tickets/$"))
