"""Three people, two languages, one extra piece of work: asked, priced, approved, accepted, worked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext, pgettext
from playwright.sync_api import expect

from tenants.models import User
from tests.browser.conftest import PASSWORD, is_problem, run_jobs
from tests.browser.test_story import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ANSWERS = {  # the contract's questions, down to the one that says what it is
    "en": {
        "Is the service down or degraded now?": "No",
        "Is it a security finding or a vulnerability?": "No",
        "Does it differ from the agreed specification?": "No",
        "Is it forced by law, an outside API or a platform?": "Yes",
    },
    "ja": {
        "サービスは今、停止または低下していますか。": "No",
        "セキュリティの指摘または脆弱性ですか。": "No",
        "合意した仕様と異なりますか。": "No",
        "法令・外部API・プラットフォームの変更によるものですか。": "Yes",
    },
}
ADAPTIVE = {"en": "Adaptive and perfective maintenance", "ja": "適応保守・完全化保守"}
YEN = {"en": "¥", "ja": "￥"}
EC_SITE = {"en": "EC site · Production", "ja": "ECサイト · 本番"}


@dataclass
class Person:
    """Somebody at a window of their own, who reads the portal in their language."""

    page: object
    language: str
    email: str

    def word(self, text: str, context: str = "") -> str:
        """Return the portal's own words for this person."""
        with translation.override(self.language):
            return pgettext(context, text) if context else gettext(text)

    def yen(self, amount: int) -> str:
        return f"{YEN[self.language]}{amount:,}"

    def press(self, text: str, context: str = "", *, with_amount: int = 0) -> None:
        name = self.word(text, context) + (f" · {self.yen(with_amount)}" if with_amount else "")
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()

    def fill(self, label: str, value: str) -> None:
        self.page.get_by_label(self.word(label), exact=True).fill(value)

    def choose(self, label: str, value: str) -> None:
        self.page.get_by_label(self.word(label), exact=True).select_option(label=value)

    def read(self) -> str:
        return self.page.locator("main").inner_text()

    def sees(self, *texts: str) -> None:
        """Wait until the page says all of it: a press returns before its answer is there."""
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text, use_inner_text=True)

    def prove_it_is_me(self) -> None:
        """Type the password again, which the sensitive step before asks for."""
        self.page.locator("#id_proof").fill(PASSWORD)
        self.press("Confirm and go on")

    def come_back(self) -> None:
        """Sign in again, after the session's end."""
        self.page.goto("/sign-in/")
        self.fill("E-mail", self.email)
        self.fill("Password", PASSWORD)
        self.page.get_by_role("button", name=self.word("Sign in"), exact=True).click()
        self.page.wait_for_url("**/")


@pytest.fixture
def enter(browser, live_server, hoshino):
    """Let people of the client in, each in a language; fail on any error of a page or its CSP."""
    contexts, problems = [], []

    def come_in(role: str, language: str) -> Person:
        User.objects.filter(email=f"{role}@portal.example").update(language=language)
        context = browser.new_context(base_url=live_server.url, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if is_problem(m) else None)
        person = Person(page, language, f"{role}@portal.example")
        person.come_back()
        return person

    yield come_in
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture
def put_ahead(monkeypatch) -> Callable[[timedelta], None]:
    """Put the portal's clock ahead: nobody waits two hours for a test."""
    ahead = timedelta()

    def add(more: timedelta) -> None:
        nonlocal ahead
        ahead += more

    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + ahead)
    return add


@pytest.mark.parametrize(("client_reads", "vendor_reads"), [("ja", "en"), ("en", "ja")])
def test_extra_work_goes_from_the_question_to_the_closed_month(
    enter, put_ahead, client_reads, vendor_reads
):
    owner = enter("service_owner", client_reads)
    key = ask(owner)
    assert violations(owner.page) == []

    bridge = enter("bridge_se", vendor_reads)
    address = write_and_submit(bridge, key)
    assert violations(bridge.page) == []

    manager = enter("account_manager", vendor_reads)
    find_in_inbox(manager, key)
    manager.page.goto(address)
    assert violations(manager.page) == []
    manager.press("Approve", with_amount=320_000)
    manager.sees(manager.word("Your approval is recorded."))

    bridge.page.goto(address)
    bridge.press("Send to the client")
    bridge.sees(bridge.word("The estimate is sent. The client's decision is timed."))

    find_in_inbox(owner, key)
    owner.page.goto(address)
    owner.sees(owner.yen(352_000))  # with tax
    assert violations(owner.page) == []
    owner.press("Accept", "estimate", with_amount=320_000)
    owner.sees(owner.word("The estimate is accepted. Work may begin."))

    put_ahead(timedelta(hours=2))
    log_an_hour(bridge, key)
    bridge.sees(bridge.word("Accepted estimate"), bridge.yen(320_000))  # what pays for the hour
    bar = bridge.page.get_by_label(bridge.word("Used of the estimate"))
    assert 4 <= int(bar.get_attribute("value")) <= 6  # an hour of PMO; at night it costs more

    bridge.page.goto(address)
    bridge.press("Say it is delivered")
    bridge.sees(bridge.word("The client is asked to accept the delivery."))
    owner.page.goto(address)
    owner.press("Accept the delivery")
    owner.prove_it_is_me()
    owner.sees(owner.word("The delivery is accepted."))

    put_ahead(timedelta(days=45))  # the month is over, and so is its grace; nobody closed it
    with translation.override("en"):
        run_jobs()
    owner.come_back()
    report_of_the_work(owner, key, owner.yen(320_000))
    assert violations(owner.page) == []
    owner.page.get_by_role("link", name=owner.word("Sign the report")).click()
    owner.press("Sign the report")
    owner.sees(owner.word("Signed"))


def ask(owner: Person) -> str:
    """Ask for what a law forces; read in one's own language that it needs an estimate."""
    page = owner.page
    page.get_by_role("link", name=owner.word("New request")).first.click()
    page.get_by_label(owner.word("Change request"), exact=True).check()
    owner.fill("Title", "インボイス制度の新様式 / A new invoice form")
    owner.choose("System and environment", EC_SITE[owner.language])
    owner.choose("Impact", owner.word("Medium"))
    owner.choose("Urgency", owner.word("Medium"))
    for question, answer in ANSWERS[owner.language].items():  # each comes after the one before
        choices = page.get_by_role("group", name=question)
        choices.get_by_label(owner.word(answer), exact=True).check()
    page.locator("#live").get_by_text(ADAPTIVE[owner.language]).first.wait_for()
    owner.press("Send the request")
    page.wait_for_url("**/tickets/HOSHINO-4/")
    owner.sees(ADAPTIVE[owner.language], owner.word("Needs a separate estimate"))
    return "HOSHINO-4"


def write_and_submit(bridge: Person, key: str) -> str:
    """Price the work at the contract's rates; return the address of the estimate."""
    page = bridge.page
    page.goto(f"/tickets/{key}/")
    page.get_by_role("link", name=bridge.word("Write the estimate")).click()
    page.locator("#line-1-text").fill("様式の変更")
    page.locator("#line-1-work").select_option(label="L3 offshore")
    page.locator("#line-1-quantity").fill("40")
    page.locator("#line-1-quantity").blur()
    page.locator("#estimate-lines").get_by_text(bridge.yen(320_000)).first.wait_for()
    page.locator("#id_assumptions").fill("様式は一種類とします。")
    bridge.press("Save the draft")
    page.wait_for_url("**/tickets/estimates/*/")
    bridge.press("Submit for approval")
    bridge.sees(
        bridge.word("The estimate waits for approval. It can no longer be changed, only revised.")
    )
    return page.url


def find_in_inbox(person: Person, key: str) -> None:
    person.page.goto("/tickets/inbox/")
    person.sees(key)


def report_of_the_work(owner: Person, key: str, amount: str) -> None:
    """Open the report that charges the work."""
    owner.page.goto("/reports/")
    links = owner.page.locator("main tbody th a").all()
    for address in [link.get_attribute("href") for link in links]:
        owner.page.goto(address)
        if key in (read := owner.read()) and amount in read:
            return
    raise AssertionError(f"no report charges {amount} for {key}")


def log_an_hour(bridge: Person, key: str) -> None:
    page = bridge.page
    page.goto(f"/tickets/{key}/")
    page.locator("summary", has_text=bridge.word("Log time")).click()
    end = page.get_by_label(bridge.word("To"), exact=True).input_value()
    begin = datetime.fromisoformat(end) - timedelta(hours=1)
    bridge.fill("From", begin.strftime("%Y-%m-%dT%H:%M"))
    page.locator("details[open] [name=note]").fill("様式の実装")
    page.locator("details[open]").get_by_role("button", name=bridge.word("Log time")).click()
    page.get_by_text("様式の実装").first.wait_for()
