"""A forgotten password, a changed one, and what ends with it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction

from tenants.models import AuditEvent, Job, LinkKind, MailedLink, Session, User
from tenants.scoping import tenant_scope
from tenants.services import links, people
from tests.accounts.conftest import PASSWORD, link_in, person_called, secret_in
from tests.factories import MembershipFactory, UserFactory
from tests.portal.desk import Browser, browser_of
from tests.tickets.races import at_once

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
NEW = "quite another sentence"
pytestmark = pytest.mark.django_db


def ask(email: str):
    return Browser().post("/password/forgotten/", {"email": email})


def choose(link: str, password: str = NEW):
    """Open a link and choose a password, as a browser does that follows where it is led."""
    browser = Browser()
    browser.get(link)
    return browser.post("/password/new/", {"password": password, "again": password})


class TestAForgottenPassword:
    def test_is_changed_once_by_the_link_that_was_mailed(self, yuki, post):
        ask("Yuki@Example.com")
        (mail,) = post()

        assert mail.to == ["yuki@example.com"]
        answer = choose(link_in(mail))
        assert (answer.status_code, answer.url) == (302, "/sign-in/")
        assert User.objects.get(pk=yuki.pk).check_password(NEW)
        again = choose(link_in(mail), "yet another sentence")
        assert again.status_code == 410
        assert User.objects.get(pk=yuki.pk).check_password(NEW)

    def test_says_the_same_to_everybody(self, yuki, post):
        known, unknown = ask("yuki@example.com"), ask("nobod@example.com")

        assert known.status_code == unknown.status_code == 200
        assert body(known) == body(unknown).replace("nobod@", "yuki@")
        assert [mail.to for mail in post()] == [["yuki@example.com"]]

    def test_takes_the_same_steps_for_everybody(self, yuki):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        counts = []
        for email in ("yuki@example.com", "nobody@example.com"):
            with CaptureQueriesContext(connection) as asked:
                ask(email)
            counts.append([query["sql"].split(" ")[0] for query in asked])

        assert counts[0] == counts[1]

    def test_mails_three_an_hour_and_never_says_so(self, yuki, post):
        answers = [body(ask("yuki@example.com")) for _number in range(5)]

        assert len(set(answers)) == 1
        assert len(post()) == 3

    @pytest.mark.parametrize(
        "after", [timedelta(hours=1), timedelta(days=30)], ids=["an hour", "a month"]
    )
    def test_is_not_changed_by_an_old_link(self, yuki, post, after):
        with time_machine.travel(NOON, tick=False) as clock:
            ask("yuki@example.com")
            (mail,) = post()
            clock.shift(after)
            assert choose(link_in(mail)).status_code == 410

    def test_is_not_changed_by_the_link_before_the_last(self, yuki, post):
        ask("yuki@example.com")
        ask("yuki@example.com")
        first, second = post()

        assert choose(link_in(first)).status_code == 410
        assert choose(link_in(second)).status_code == 302

    def test_is_not_changed_after_the_password_or_the_address_changed(self, yuki, post):
        ask("yuki@example.com")
        (mail,) = post()
        with transaction.atomic():
            people.change_password(user=yuki, password=NEW, keep=None, now=NOON)
        assert choose(link_in(mail)).status_code == 410

        ask("yuki@example.com")
        mail = post()[-1]
        User.objects.filter(pk=yuki.pk).update(email="other@example.com")
        assert choose(link_in(mail)).status_code == 410

    def test_is_not_changed_for_somebody_who_was_locked_out(self, yuki, post):
        ask("yuki@example.com")
        (mail,) = post()
        User.objects.filter(pk=yuki.pk).update(is_active=False)

        assert choose(link_in(mail)).status_code == 410

    def test_ends_every_session(self, yuki, post):
        elsewhere = browser_of(yuki)
        ask("yuki@example.com")
        choose(link_in(post()[0]))

        assert elsewhere.get("/me/").status_code == 302
        assert not Session.objects.filter(user=yuki).exists()

    def test_keeps_the_secret_out_of_the_address_the_queue_and_the_database(self, yuki, post):
        ask("yuki@example.com")
        (mail,) = post()
        secret = secret_in(mail)

        browser = Browser()
        opened = browser.get(link_in(mail))

        assert (opened.status_code, opened.url) == (302, "/password/new/")
        assert len(secret) >= 43  # 256 bits
        assert secret not in str(list(Job.objects.values()) + list(MailedLink.objects.values()))
        assert secret not in str(dict(browser.session.items()))
        assert secret not in browser.get("/password/new/").text

    def test_must_be_a_good_one(self, yuki, post):
        ask("yuki@example.com")
        (mail,) = post()

        short = choose(link_in(mail), "short")

        assert short.status_code == 200
        assert "at least 12 characters" in short.text
        assert choose(link_in(mail)).status_code == 302

    def test_leaves_a_trace_in_the_tenants_of_the_person(self, yuki, acme, globex, post):
        ask("yuki@example.com")
        choose(link_in(post()[0]))

        with tenant_scope(acme):
            assert AuditEvent.objects.get().verb == "member.password_reset"
        with tenant_scope(globex):
            assert not AuditEvent.objects.exists()


def body(answer) -> str:
    return answer.text.partition("<main")[2].partition("csrfmiddlewaretoken")[0]


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_used_twice_at_once_is_used_once(acme):
    yuki = person_called("yuki@example.com")
    digest = links.digest_of("the secret")
    MailedLink.objects.create(
        kind=LinkKind.RESET, email=yuki.email, user=yuki, digest=digest, asked_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )  # fmt: skip

    def use(number: int):
        return lambda: people.reset_password(
            digest=digest, password=f"the sentence of {number}", now=NOON
        )

    results = at_once([use(number) for number in range(4)], acme)

    assert sum(isinstance(result, links.LinkDead) for result in results) == 3
    assert sum(isinstance(result, User) for result in results) == 1


class TestAChangedPassword:
    def change(self, browser, **typed):
        told = {"current": PASSWORD, "password": NEW, "again": NEW} | typed
        return browser.post("/me/password/", told)

    def test_ends_the_other_sessions_and_renews_this_one(self, yuki):
        here, elsewhere = browser_of(yuki), browser_of(yuki)
        before = here.session.session_key

        assert self.change(here).status_code == 302
        assert here.get("/me/").status_code == 200
        assert here.session.session_key != before
        assert elsewhere.get("/me/").status_code == 302
        assert Session.objects.filter(user=yuki).count() == 1

    def test_needs_the_one_until_now_and_counts_the_wrong_ones(self, yuki):
        browser = browser_of(yuki)

        wrong = [self.change(browser, current="wrong") for _number in range(5)]

        assert all("This is not your password." in answer.text for answer in wrong)
        assert self.change(browser).status_code == 429
        assert User.objects.get(pk=yuki.pk).check_password(PASSWORD)

    def test_is_typed_twice(self, yuki):
        answer = self.change(browser_of(yuki), again="something else")

        assert "The two are not the same." in answer.text
        assert User.objects.get(pk=yuki.pk).check_password(PASSWORD)


class TestMySettings:
    def test_change_name_language_and_zone(self, yuki):
        browser = browser_of(yuki)

        typed = {"name": "雪", "language": "ja", "timezone": "Asia/Ho_Chi_Minh"}
        page = browser.post("/me/", typed, follow=True).text

        assert '<html lang="ja"' in page
        assert "Asia/Ho_Chi_Minh" in page
        assert User.objects.get(pk=yuki.pk).name == "雪"

    @pytest.mark.parametrize(
        "wrong", [{"timezone": "Mars/Base"}, {"language": "xx"}, {"name": ""}, {"name": "x" * 121}]
    )
    def test_refuse_what_cannot_be(self, yuki, wrong):
        typed = {"name": "Yuki", "language": "ja", "timezone": "Asia/Tokyo"} | wrong

        assert browser_of(yuki).post("/me/", typed).status_code == 422
        assert User.objects.get(pk=yuki.pk).language == "en"

    def test_list_my_sessions_and_nobody_elses(self, yuki):
        other = UserFactory()
        browser_of(other)
        first, second = browser_of(yuki), browser_of(yuki)
        theirs = Session.objects.get(user=other)

        page = first.get("/me/").text

        assert theirs.public_id not in page
        mine = Session.objects.get(session_key=second.session.session_key)
        assert f"/me/sessions/{mine.public_id}/end/" in page
        assert second.session.session_key not in page
        assert first.post(f"/me/sessions/{theirs.public_id}/end/").status_code == 404
        assert first.post(f"/me/sessions/{mine.public_id}/end/").status_code == 302
        assert second.get("/me/").status_code == 302
        assert first.get("/me/").status_code == 200

    def test_sign_out_everywhere_else(self, yuki):
        here, *others = [browser_of(yuki) for _number in range(3)]

        here.post("/me/sessions/end/")

        assert here.get("/me/").status_code == 200
        assert {other.get("/me/").status_code for other in others} == {302}

    def test_ask_a_fixed_number_of_questions(self, acme, django_assert_max_num_queries):
        member = MembershipFactory(tenant=acme)
        browser = browser_of(member)
        for _number in range(5):
            browser_of(member)
        with django_assert_max_num_queries(7):
            browser.get("/me/")


def test_whoever_owns_the_account_is_told_that_its_password_is_another_one(yuki, post):
    yuki.language = "ja"
    yuki.save()
    people.change_password(user=yuki, password=NEW, keep=None, now=NOON)

    (mail,) = post()

    assert mail.to == ["yuki@example.com"]
    assert mail.subject == "ポータルのパスワードが変更されました"
    assert link_in(mail) == "/password/forgotten/"
    assert NEW not in mail.body
