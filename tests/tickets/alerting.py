"""A source of alerts, and what it posts: signed, or with its bare secret."""

import json
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine
from django.db import transaction
from django.test import Client

from tenants import signing
from tenants.scoping import tenant_scope
from tests.portal.desk import NOON, Desk
from tickets.models import Alert, AlertSource, Ticket
from tickets.services import alert_sources, alert_sweep
from tickets.services.alert_sources import SourcePlan

PLAN = {"name": "Prometheus", "system": "ec-site", "environment": "production",
        "timezone": "Asia/Tokyo"}  # fmt: skip
BEFORE = NOON - timedelta(days=1)


def payload(name: str) -> dict[str, Any]:
    """Return a message as the documentation of the product shows it."""
    return json.loads((Path(__file__).parent / "payloads" / f"{name}.json").read_text())


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@dataclass
class Source:
    desk: Desk
    row: AlertSource
    secret: str

    def post(self, sent: Any, minutes: float = 0, **how: Any):
        """Post a message that many minutes after noon; `signed`, `timestamp` and `secret` may differ."""
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        moment = at(minutes)
        secret = how.get("secret", self.secret)
        if how.get("signed", self.row.kind == "json"):
            stamp = how.get("timestamp", str(int(moment.timestamp())))
            told = how.get("signature") or signing.signature(secret, stamp, body)
            headers = {signing.TIMESTAMP: stamp, signing.SIGNATURE: told}
        else:
            headers = {"Authorization": f"Bearer {secret}"}
        address = f"/hooks/alerts/{how.get('public_id', self.row.public_id)}/"
        with time_machine.travel(moment, tick=False):
            return Client(raise_request_exception=how.get("loud", False)).post(
                address, body, content_type="application/json", headers=how.get("headers", headers)
            )

    def sweep(self, minutes: float) -> None:
        with tenant_scope(self.desk.tenant):
            alert_sweep.raise_silences(at(minutes))
            alert_sweep.end_windows(at(minutes))
            alert_sweep.settle(at(minutes))

    def tickets(self) -> list[Ticket]:
        with tenant_scope(self.desk.tenant), transaction.atomic():
            return list(Ticket.objects.order_by("number"))

    def alerts(self) -> list[Alert]:
        with tenant_scope(self.desk.tenant), transaction.atomic():
            return list(Alert.objects.order_by("started_at", "pk"))


def connect(desk: Desk, kind: str = "alertmanager", **told: Any) -> Source:
    with tenant_scope(desk.tenant):
        row, secret = alert_sources.create_source(
            contract=desk.contract, actor=desk.people["bridge_se"], kind=kind,
            plan=SourcePlan(**(PLAN | told)), now=BEFORE,
        )  # fmt: skip
    return Source(desk, row, secret)


def firing(name: str = "Down", *, severity: str = "warning", minutes: float = 0, **labels: str):
    """Return one alert of Alertmanager that began that many minutes after noon."""
    found = deepcopy(payload("alertmanager_firing")["alerts"][0])
    found["labels"] = {"alertname": name, "severity": severity, **labels}
    found["startsAt"] = at(minutes).isoformat()
    del found["fingerprint"]
    return found


def resolved(alert: dict[str, Any], minutes: float) -> dict[str, Any]:
    return alert | {"status": "resolved", "endsAt": at(minutes).isoformat()}


def message(*alerts: dict[str, Any]) -> dict[str, Any]:
    return payload("alertmanager_firing") | {"alerts": list(alerts)}
