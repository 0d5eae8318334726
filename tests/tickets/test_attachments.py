"""Files on tickets: streamed to a random name, checked by name and size, swept when nobody needs them."""

import hashlib
import os
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tenants.errors import Invalid, NotPermitted
from tenants.models import AuditEvent
from tests.tickets.factories import after, clock_of, two_clients
from tickets import services
from tickets.domain.file_names import clean_name, ending_of
from tickets.models import Attachment, Comment
from tickets.services.attachments import path_of, remove_orphans

pytestmark = pytest.mark.allow_n_plus_one


@pytest.fixture(autouse=True)
def _folder(tmp_path, settings):
    settings.ATTACHMENTS_DIR = tmp_path


def stored(client, name="trace.log", content=b"line one\n"):
    upload = SimpleUploadedFile(name, content)
    upload.name = name  # as it came: the form's own cleaning is not what we rely on
    return services.store_file(upload, tenant_id=client.tenant.pk)


def say(client, ticket, *files, **given):
    return services.comment(
        ticket=ticket,
        actor=client.service_desk,
        now=after(minutes=1),
        files=files,
        **{"body": "See the log.", **given},
    )


class TestStore:
    def test_writes_the_bytes_under_a_random_name_and_knows_their_hash(self, client, tmp_path):
        file = stored(client)

        path = path_of(client.tenant.pk, file.key)
        assert path.is_relative_to(tmp_path)
        assert path.read_bytes() == b"line one\n"
        assert file.sha256 == hashlib.sha256(b"line one\n").hexdigest()
        assert len(file.key) == 32
        assert "trace" not in str(path)

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("a.log", b"", "a.log is empty"),
            ("a.log", b"x" * 2_000_001, "larger than 2 MB"),
            ("a.exe", b"MZ", "exe"),
            ("a.png.svg", b"<svg/>", "png"),
            ("log", b"x", "type"),
        ],
    )
    def test_names_the_file_and_the_limit(self, client, settings, name, content, said):
        settings.ATTACHMENTS_MOST_BYTES = 2_000_000
        with pytest.raises(Invalid) as refusal:
            stored(client, name, content)

        assert said in str(refusal.value.message)
        assert name in str(refusal.value.message)
        assert not list(Path(settings.ATTACHMENTS_DIR).rglob("*"))


class TestAttach:
    def test_stands_with_its_comment_in_its_lane(self, client):
        say(client, client.open(), stored(client), stored(client, "b.txt"), lane="internal")

        comment = Comment.objects.get()
        rows = comment.attachments.all()
        assert [(row.name, row.lane, row.size) for row in rows] == [
            ("trace.log", "internal", 9),
            ("b.txt", "internal", 9),
        ]
        assert AuditEvent.objects.filter(verb="attachment.added").count() == 2

    def test_without_words_is_a_message_too(self, client):
        ticket = say(client, client.open(), stored(client), body="")

        assert clock_of(ticket, "acknowledge").state == "met"

    def test_is_used_once(self, client):
        ticket, file = client.open(), stored(client)
        say(client, ticket, file)
        with pytest.raises(Invalid):
            say(client, ticket, file)

        assert Attachment.objects.count() == Comment.objects.count() == 1

    def test_of_another_client_or_gone_is_refused(self, client):
        ticket, gone = client.open(), stored(client)
        path_of(client.tenant.pk, gone.key).unlink()
        with pytest.raises(Invalid):
            say(client, ticket, gone)
        with two_clients(client) as globex, pytest.raises(NotPermitted):
            say(client, ticket, stored(globex))

    def test_has_a_number_and_a_share_of_the_disk(self, client, settings):
        settings.ATTACHMENTS_MOST_FILES, settings.ATTACHMENTS_TENANT_BYTES = 2, 20
        ticket = client.open()
        with pytest.raises(Invalid):
            say(client, ticket, *(stored(client) for _three in range(3)))
        say(client, ticket, stored(client), stored(client))
        with pytest.raises(Invalid):
            say(client, ticket, stored(client))

        assert Attachment.objects.count() == 2

    def test_comes_with_the_request_too(self, client):
        ticket = client.open(files=[stored(client)])

        assert [(row.ticket, row.comment, row.lane) for row in Attachment.objects.all()] == [
            (ticket, None, "public")
        ]


def test_orphans_go_after_a_day_and_what_is_on_a_ticket_stays(client):
    kept, orphan, fresh = stored(client), stored(client), stored(client)
    say(client, client.open(), kept)
    for file in (kept, orphan):
        os.utime(path_of(client.tenant.pk, file.key), (1000, 1000))

    assert remove_orphans(client.tenant.pk, before=5000) == 1

    there = [path_of(client.tenant.pk, file.key).exists() for file in (kept, orphan, fresh)]
    assert there == [True, False, True]


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\画面.png", "画面.png"),
        ("\\\\server\\share\\a.log", "a.log"),
        ("..", "file"),
        ("", "file"),
        (".hidden.txt", "hidden.txt"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"),
        ("invoice\u202egpj.pdf", "invoicegpj.pdf"),
        ("a\u200b\x00b.txt", "ab.txt"),
        ("か\u3099.txt", "が.txt"),
        ('<script>"x"</script>.txt', "script_.txt"),
        ("\ud800a.txt", "a.txt"),
    ],
)
def test_a_name_is_shown_as_it_is_and_never_misleads(given, clean):
    assert clean_name(given) == clean


def test_a_long_name_keeps_its_ending():
    assert clean_name("長" * 300 + ".xlsx") == "長" * 145 + ".xlsx"
    assert ending_of("a.b.PNG") == "png"
    assert ending_of("none") == ending_of(".txt") == ""
