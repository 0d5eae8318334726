"""A request larger than any of ours: the limit is named, the language is the reader's, nothing is kept."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT

from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.portal.desk import Browser, Desk, browser_of, desk_of
from tickets.models import Comment

pytestmark = pytest.mark.django_db
MANY = {f"field_{number}": "x" for number in range(4_001)}
FILES = {"files": [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(21)]}
LIMITS = [({"body": "x" * 2_200_000}, "2048"), (MANY, "4000"), (FILES, "20")]
ASKED = pytest.mark.parametrize(
    ("told", "limit"), LIMITS, ids=["long", "many fields", "many files"]
)


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


def browser(desk: Desk, language: str) -> Browser:
    person = desk.people["requester"]
    type(person.user).objects.filter(pk=person.user_id).update(language=language)
    return browser_of(person)


@ASKED
@pytest.mark.parametrize(("language", "way_out"), [("en", "Go back"), ("vi", "Hãy quay lại")])
def test_a_page_names_the_limit_and_the_way_out(desk, told, limit, language, way_out):
    ticket = desk.open()

    answer = browser(desk, language).post(f"/tickets/{ticket.key}/comment/", told)

    assert answer.status_code == 413
    assert limit in answer.text
    assert way_out in answer.text
    with tenant_scope(desk.tenant):
        assert not Comment.objects.exists()


@ASKED
def test_the_api_names_it_in_its_one_shape(desk, told, limit):
    ticket, api = desk.open(), Api(desk.people["requester"])

    answer = api.post(f"tickets/{ticket.key}/attach/", told, content_type=MULTIPART_CONTENT)

    assert answer.status_code == 413
    (error,) = answer.json()["errors"]
    assert error["code"] == "too_large"
    assert limit in error["detail"]


@pytest.mark.parametrize("path", ["/tickets/{}/comment/", "/api/v1/tickets/{}/attach/"])
def test_what_is_no_form_at_all_is_said_so(desk, path):
    ticket, member = desk.open(), desk.people["requester"]
    sender = Api(member) if path.startswith("/api/") else browser_of(member)

    answer = sender.generic(
        "POST", path.format(ticket.key), b"--", "multipart/form-data; boundary=ä"
    )

    assert answer.status_code == 400
    assert "cannot be read" in answer.text or "parse error" in answer.text
