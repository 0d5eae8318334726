"""The folder that rings: a message is there whole or not at all."""

import json
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from portal import celery, folder_broker

WHOLE = {"body": "a bell", "headers": {}, "properties": {}}


@pytest.fixture
def channel(tmp_path):
    folders = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out")}
    options = {**folders, "control_folder": str(tmp_path / "control"), "store_processed": False}
    with Connection("filesystem://localhost//", transport_options=options) as connection:
        yield connection.channel()


def test_is_the_one_that_the_portal_rings_with(channel):
    assert celery.app.main == "portal"
    assert isinstance(channel, folder_broker.Channel)


def test_gives_what_was_put(channel):
    channel._put("celery", WHOLE)

    assert channel._get("celery") == WHOLE
    with pytest.raises(Empty):
        channel._get("celery")


def test_shows_no_message_before_it_is_written_to_its_end(channel, monkeypatch):
    seen, whole = [], Path.replace

    def replace(part: Path, message: Path) -> Path:
        seen.append(part.read_text())
        with pytest.raises(Empty):
            channel._get("celery")
        return whole(part, message)

    monkeypatch.setattr(Path, "replace", replace)
    channel._put("celery", WHOLE)

    assert [json.loads(text) for text in seen] == [WHOLE]
    assert channel._get("celery") == WHOLE


def test_drops_what_a_lost_power_left_empty(channel, tmp_path):
    (tmp_path / "1_broken.celery.msg").write_bytes(b"")

    with pytest.raises(Empty):
        channel._get("celery")
    channel._put("celery", WHOLE)
    assert channel._get("celery") == WHOLE
