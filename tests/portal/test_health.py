"""What a load balancer and a monitoring system are told."""

import json
import logging

import pytest
from django.db import OperationalError

from portal import health
from portal.logs import JsonFormatter
from tenants.models import Job
from tenants.scoping import tenant_scope
from tenants.services import jobs


@pytest.fixture
def metrics(client, settings):
    settings.METRICS_TOKEN = "scrape-me"
    return lambda: client.get("/metrics", headers={"authorization": "Bearer scrape-me"})


class TestHealth:
    def test_is_said_without_the_database(self, client):
        assert client.get("/healthz").content == b"ok\n"  # a query would fail: no `db` fixture

    def test_a_host_is_ready_while_the_database_knows_every_migration(self, client, acme):
        answer = client.get("/readyz")

        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        assert answer.headers["Cache-Control"] == "no-store"

    def test_a_host_whose_database_is_away_is_not_ready(self, client, monkeypatch):
        def away(connection):
            raise OperationalError("connection refused")

        monkeypatch.setattr(health, "MigrationExecutor", away)

        answer = client.get("/readyz")

        assert (answer.status_code, answer.json()["database"]) == (503, "away")
        assert client.get("/healthz").status_code == 200

    def test_a_host_ahead_of_its_database_is_not_ready(self, client, acme, monkeypatch):
        class Ahead(health.MigrationExecutor):
            def __init__(self, connection):
                super().__init__(connection)
                self.loader.applied_migrations.popitem()

        monkeypatch.setattr(health, "MigrationExecutor", Ahead)
        answer = client.get("/readyz")

        assert (answer.status_code, answer.json()["database"]) == (503, "migrations missing")

    def test_a_broker_that_is_away_takes_no_host_out(self, client, acme, settings, monkeypatch):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"

        def away(*args, **kwargs):
            raise ConnectionRefusedError

        monkeypatch.setattr(health.cache, "set", away)
        answer = client.get("/readyz")

        assert (answer.status_code, answer.json()["broker"]) == (200, "away")


class TestMetrics:
    def test_are_not_there_without_the_token(self, client, settings, acme):
        assert client.get("/metrics").status_code == 404
        settings.METRICS_TOKEN = "scrape-me"
        wrong = {"authorization": "Bearer scrape-you"}
        assert client.get("/metrics", headers=wrong).status_code == 404

    def test_tell_what_waits_and_what_was_missed(self, metrics, acme, globex):
        for tenant, missed in ((acme, 3), (globex, 4)):
            jobs.enqueue("tickets.sweep", tenant_id=tenant.pk, key="x")
            Job.objects.filter(tenant=tenant, key="x").update(payload={"missed": missed})

        told = metrics().content.decode()

        assert "portal_clock_misses_total 7.0" in told
        assert 'portal_jobs{kind="tickets.sweep",state="waiting"}' in told
        assert 'portal_job_wait_seconds{kind="tickets.sweep"}' in told


class TestLogs:
    def test_every_answer_carries_its_name(self, client):
        assert client.get("/healthz").headers["X-Request-ID"]
        told = client.get("/healthz", headers={"x-request-id": "proxy-123456"})
        assert told.headers["X-Request-ID"] == "proxy-123456"
        forged = client.get("/healthz", headers={"x-request-id": "a b"})
        assert forged.headers["X-Request-ID"] != "a b"

    def test_a_line_says_the_clients_and_keeps_secrets_out(self, client, acme, caplog):
        with caplog.at_level(logging.INFO, "portal.request"):
            client.get("/reset/" + "s" * 40 + "/?token=" + "t" * 40)

        (record,) = [r for r in caplog.records if r.name == "portal.request"]
        with tenant_scope(acme):
            line = json.loads(JsonFormatter().format(record))
        assert line["tenants"] == [acme.pk]
        assert (line["path"], line["status"]) == ("/reset/…/", 404)
        assert "tttt" not in json.dumps(line)
