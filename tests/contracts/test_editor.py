"""A draft edited as rows: by account managers only, checked beside, saved once, and never lost."""

import re
from copy import deepcopy
from datetime import date
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from contracts import services, terms_yaml
from contracts.models import ContractVersion
from tenants.errors import NotPermitted
from tenants.scoping import tenant_scope
from tests.contracts.test_pages import amend
from tests.factories import TERMS
from tests.portal.desk import NOON, browser_of, desk_of

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def desk(acme):
    desk = desk_of(acme)
    amend(desk, activated_at=None, examples=[])
    return desk


def url(desk, page: str = "edit/", number: int = 2) -> str:
    return f"/contracts/{desk.contract.public_id}/versions/{number}/{page}"


def draft(desk) -> ContractVersion:
    with tenant_scope(desk.tenant):
        return ContractVersion.objects.get(contract=desk.contract, number=2)


def manager(desk):
    return browser_of(desk.people["account_manager"])


def sheet(page: str, **changes: object) -> dict[str, object]:
    """Return what the form of the page would send, with changes."""
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if told.get("type") == "checkbox" and " checked" not in tag:
            continue
        if "name" in told:
            sent.setdefault(told["name"], []).append(unescape(told.get("value", "")))
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        value = re.search(r'value="([^"]*)" selected', body)
        sent[name] = [value[1] if value else ""]
    return {**sent, **changes}


class TestWho:
    @pytest.mark.parametrize("page", ["edit/", "yaml/"])
    def test_an_account_manager_and_nobody_else(self, desk, page):
        assert manager(desk).get(url(desk, page)).status_code == 200
        for role in ("requester", "service_owner", "bridge_se", "service_desk"):
            assert browser_of(desk.people[role]).get(url(desk, page)).status_code == 404

    @pytest.mark.parametrize("page", ["edit/", "yaml/", "terms.yaml"])
    def test_not_at_another_client(self, desk, globex, page):
        theirs = desk_of(globex)
        assert manager(theirs).get(url(desk, page)).status_code == 404

    def test_what_is_in_force_is_not_edited(self, desk):
        assert manager(desk).get(url(desk, number=1)).status_code == 404
        assert manager(desk).post(url(desk, number=1), {"do": "save"}).status_code == 404

    def test_the_command_asks_too(self, desk):
        version = draft(desk)
        with tenant_scope(desk.tenant), pytest.raises(NotPermitted):
            services.replace_draft(
                version=version, document=version.terms, actor=desk.people["bridge_se"], now=NOON
            )

    def test_a_client_sees_no_draft_and_no_way_to_it(self, desk):
        owner = browser_of(desk.people["service_owner"])
        page = owner.get(f"/contracts/{desk.contract.public_id}/versions/").text

        assert "Begin an amendment" not in page
        assert owner.get(url(desk, "terms.yaml")).status_code == 404


class TestRows:
    def test_show_questions_clauses_and_conditions(self, desk):
        page = manager(desk).get(url(desk)).text

        assert "Is the service down or degraded now?" in page
        assert 'value="Advice" lang="en"' in page
        assert "Kind of work (Service desk)" in page

    def test_are_moved_added_removed_and_brought_back_without_saving(self, desk):
        browser, before = manager(desk), draft(desk).sha256
        sent = sheet(browser.get(url(desk)).text)

        removed = browser.post(url(desk), {**sent, "do": "remove:c0"}, headers=HX).text
        assert sheet(removed)["clause"] == ["c1", "c2"]
        undone = browser.post(url(desk), {**sheet(removed), "do": "undo"}, headers=HX).text
        assert sheet(undone)["clause"] == ["c0", "c1", "c2"]
        moved = browser.post(url(desk), {**sheet(undone), "do": "down:c0"}, headers=HX).text
        assert sheet(moved)["clause"] == ["c1", "c0", "c2"]
        more = browser.post(url(desk), {**sheet(moved), "do": "add:clause"}, headers=HX).text
        assert 'value="S4"' in more
        assert draft(desk).sha256 == before

    def test_are_checked_while_they_are_typed(self, desk):
        browser = manager(desk)
        sent = sheet(browser.get(url(desk)).text)

        wrong = {**sent, "do": "check", "c2.id": "S1", "c1.outcome": ""}
        said = browser.post(url(desk), wrong, headers=HX).text
        assert "<form" not in said  # what is being typed is left alone
        assert "Keeps it from being saved" in said
        assert 'href="#row-c1"' in said
        hidden = browser.post(
            url(desk), {**sent, "do": "check", "c0.activity": []}, headers=HX
        ).text
        assert "can never decide" in hidden

    def test_are_saved_with_their_day_and_leave_the_rest_alone(self, desk):
        browser = manager(desk)
        sent = sheet(browser.get(url(desk)).text)
        sent |= {"do": "save", "day": "2099-05-01", "c2.text-ja": "助言", "c2.count": "3"}

        assert browser.post(url(desk), sent).status_code == 302

        version = draft(desk)
        assert version.effective_on == date(2099, 5, 1)
        assert version.terms["scope"]["clauses"][2]["text"] == {"en": "Advice", "ja": "助言"}
        assert version.terms["scope"]["clauses"][2]["quota"] == {"per": "month", "count": 3}
        assert version.terms["cost"]["monthly_fee"] == 900000

    def test_keep_what_was_typed_where_it_is_wrong(self, desk):
        browser, before = manager(desk), draft(desk).sha256
        sent = sheet(browser.get(url(desk)).text)
        answer = browser.post(url(desk), {**sent, "do": "save", "c2.at_most": "soon"})

        assert answer.status_code == 422
        assert 'value="soon"' in answer.text
        assert "soon" in answer.text
        assert draft(desk).sha256 == before

    def test_of_somebody_else_are_not_overwritten_unseen(self, desk):
        browser = manager(desk)
        mine = sheet(browser.get(url(desk)).text) | {"do": "save", "c2.text-en": "Mine"}
        theirs = sheet(browser.get(url(desk)).text) | {"do": "save", "c2.text-en": "Theirs"}
        assert browser.post(url(desk), theirs).status_code == 302

        answer = browser.post(url(desk), mine)
        assert answer.status_code == 422
        assert "Somebody else saved this draft meanwhile." in answer.text
        assert "Mine" in answer.text
        assert draft(desk).terms["scope"]["clauses"][2]["text"]["en"] == "Theirs"

        again = sheet(answer.text) | {"do": "save"}
        assert browser.post(url(desk), again).status_code == 302
        assert draft(desk).terms["scope"]["clauses"][2]["text"]["en"] == "Mine"

    def test_ask_the_database_little(self, desk, django_assert_max_num_queries):
        browser = manager(desk)
        sent = sheet(browser.get(url(desk)).text)
        with django_assert_max_num_queries(7):
            browser.post(url(desk), {**sent, "do": "check"}, headers=HX)


def test_a_gap_leads_to_a_clause_for_exactly_its_cases(desk):
    browser = manager(desk)
    matrix = browser.get(f"/contracts/{desk.contract.public_id}/coverage/?version=2").text
    links = [unescape(link) for link in re.findall(r'href="([^"]+#fresh)"', matrix)]
    assert links

    closed = 0
    for link in links[:3]:
        page = browser.get(link).text
        sent = sheet(page)
        key = sent["clause"][-1]
        sent |= {"do": "check", f"{key}.text-en": "Filled", f"{key}.outcome": "included"}
        before = int(re.search(r"(\d+) gaps?: nothing", browser.get(url(desk)).text)[1])
        said = browser.post(url(desk), sent, headers=HX).text
        assert "can never decide" not in said  # no case of it was decided before
        assert "Keeps it from being saved" not in said
        closed += before
    assert closed


def test_the_gaps_of_a_version_in_force_lead_nowhere(desk):
    matrix = manager(desk).get(f"/contracts/{desk.contract.public_id}/coverage/?version=1").text
    owners = browser_of(desk.people["service_owner"])

    assert "#fresh" not in matrix
    assert "#fresh" not in owners.get(f"/contracts/{desk.contract.public_id}/coverage/").text


class TestTheDocument:
    def test_goes_out_and_comes_back_unchanged(self, desk):
        browser, once = manager(desk), ""
        for _turn in range(2):
            text = browser.get(url(desk, "terms.yaml")).content.decode()
            file = SimpleUploadedFile("terms.yaml", text.encode())
            sent = {"seen": draft(desk).sha256, "file": file}
            assert browser.post(url(desk, "yaml/"), sent).status_code == 302
            assert not once or draft(desk).sha256 == once  # now written in full
            once = draft(desk).sha256

    def test_is_replaced_by_what_is_pasted_or_says_what_is_wrong(self, desk):
        browser, terms = manager(desk), deepcopy(TERMS)
        terms["cost"]["monthly_fee"] = "much"
        told = {"seen": draft(desk).sha256, "text": terms_yaml.dump(terms)}
        wrong = browser.post(url(desk, "yaml/"), told)
        assert wrong.status_code == 422
        assert "cost.monthly_fee: &#x27;much&#x27; is not a whole number" in wrong.text
        assert browser.post(url(desk, "yaml/"), told | {"text": "a: &x 1"}).status_code == 422

        terms["cost"]["monthly_fee"] = 5
        told["text"] = terms_yaml.dump(terms)
        assert browser.post(url(desk, "yaml/"), told).status_code == 302
        assert draft(desk).terms["cost"]["monthly_fee"] == 5
        stale = browser.post(url(desk, "yaml/"), told)
        assert "Somebody else saved this draft meanwhile." in stale.text

    def test_of_a_requester_has_no_money(self, desk):
        text = browser_of(desk.people["requester"]).get(url(desk, "terms.yaml", 1)).text

        assert "classify" in text
        assert "800000" not in text


def test_an_amendment_begins_from_what_is_in_force(desk):
    where = f"/contracts/{desk.contract.public_id}/amend/"

    assert browser_of(desk.people["bridge_se"]).post(where).status_code == 404
    answer = manager(desk).post(where)

    assert answer.url == url(desk, number=3)
    with tenant_scope(desk.tenant):
        version = desk.contract.versions.get(number=3)
        assert version.activated_at is None
        assert version.terms["cost"]["monthly_fee"] == 800000
