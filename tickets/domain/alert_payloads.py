"""
What Alertmanager, Zabbix and a plain JSON form send, as one shape.

Alertmanager: its webhook of version 4 (Grafana's alerting sends the same). Zabbix: the parameters of
a webhook media type as its own integrations name them, sent as one JSON object. A payload is read
as far as we need it: what a later version adds does not hinder.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from tickets.domain.alert import Alert

MOST = 1000  # alerts in one message
MOST_LABELS = 40
LONGEST = {"fingerprint": 64, "name": 120, "severity": 30, "summary": 200, "label": 200}
LONGEST_DESCRIPTION = 2000
ZABBIX_SEVERITIES = ("not classified", "information", "warning", "average", "high", "disaster")
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # the zero times of Go and Unix say that there is none


class SourceKind(StrEnum):
    ALERTMANAGER = "alertmanager"
    ZABBIX = "zabbix"
    JSON = "json"


class NotAnAlert(ValueError):
    """The message is not what this kind of source sends; the text says where and what instead."""


def alerts_of(kind: str, payload: Any, zone: ZoneInfo) -> list[Alert]:
    """
    Return the alerts of a message; times without an offset are of `zone`.

    :raises NotAnAlert: if it is not of this kind, or holds more than `MOST`.
    """
    if not isinstance(payload, dict):
        raise NotAnAlert("the message is a JSON object")
    rows = payload.get("alerts", [payload]) if kind != SourceKind.ZABBIX else [payload]
    if kind == SourceKind.ALERTMANAGER and "alerts" not in payload:
        raise NotAnAlert("alerts: Alertmanager sends a list of them")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NotAnAlert("alerts: a list of objects")
    if len(rows) > MOST:
        raise NotAnAlert(f"alerts: at most {MOST} in one message")
    read = {
        SourceKind.ALERTMANAGER: _from_alertmanager,
        SourceKind.ZABBIX: _from_zabbix,
        SourceKind.JSON: _from_json,
    }[SourceKind(kind)]
    found = (read(row, f"alerts[{place}]", zone) for place, row in enumerate(rows))
    return [alert for alert in found if alert is not None]


def _from_alertmanager(row: dict[str, Any], path: str, zone: ZoneInfo) -> Alert:
    labels, notes = _labels(row, "labels", path), _labels(row, "annotations", path)
    status = _choice(row, "status", {"firing", "resolved"}, path)
    name = labels.get("alertname") or "alert"
    return Alert(
        fingerprint=_fingerprint(row.get("fingerprint"), labels),
        name=_cut(name, LONGEST["name"]),
        firing=status == "firing",
        started_at=_instant(row, "startsAt", path, zone),
        ended_at=_instant(row, "endsAt", path, zone) if status == "resolved" else None,
        severity=_cut(labels.get("severity", ""), LONGEST["severity"]),
        summary=_cut(notes.get("summary") or notes.get("message") or "", LONGEST["summary"]),
        description=_cut(notes.get("description", ""), LONGEST_DESCRIPTION),
        labels=labels,
    )


def _from_zabbix(row: dict[str, Any], path: str, zone: ZoneInfo) -> Alert | None:
    """Return the alert of a trigger's event; a person's update of a problem says nothing new."""
    event = _text(row, "event_id", "", required=True)
    value = _choice(row, "event_value", {"0", "1"}, "")
    if str(row.get("event_update_status", "0")) == "1":
        return None
    host, trigger = _text(row, "host_name", ""), _text(row, "trigger_id", "")
    labels = {"host": host, "trigger_id": trigger, "event_id": event, **_tags(row)}
    about = f"{trigger}@{host}" if trigger else f"event {event}"
    return Alert(
        fingerprint=_fingerprint(None, {"about": about}),
        name=_cut(_text(row, "event_name", "") or about, LONGEST["name"]),
        firing=value == "1",
        started_at=_zabbix_time(row, "event", zone),
        ended_at=_zabbix_time(row, "event_recovery", zone) if value == "0" else None,
        severity=_zabbix_severity(row),
        summary=_cut(host, LONGEST["summary"]),
        description=_cut(_text(row, "alert_message", ""), LONGEST_DESCRIPTION),
        labels={name: text for name, text in labels.items() if text},
    )


def _from_json(row: dict[str, Any], path: str, zone: ZoneInfo) -> Alert:
    labels = _labels(row, "labels", path)
    status = _choice(row, "status", {"firing", "resolved"}, path)
    name = _text(row, "name", path, required=True)
    return Alert(
        fingerprint=_fingerprint(row.get("fingerprint"), {**labels, "alertname": name}),
        name=_cut(name, LONGEST["name"]),
        firing=status == "firing",
        started_at=_instant(row, "started_at", path, zone),
        ended_at=_instant(row, "ended_at", path, zone) if status == "resolved" else None,
        severity=_cut(_text(row, "severity", path), LONGEST["severity"]),
        summary=_cut(_text(row, "summary", path), LONGEST["summary"]),
        description=_cut(_text(row, "description", path), LONGEST_DESCRIPTION),
        labels=labels,
    )


# --- parts ---


def _text(row: Mapping[str, Any], name: str, path: str, *, required: bool = False) -> str:
    value = row.get(name, "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise NotAnAlert(f"{_at(path, name)}: text")
    if required and not str(value).strip():
        raise NotAnAlert(f"{_at(path, name)}: missing")
    return clean(str(value)).strip()


def _choice(row: Mapping[str, Any], name: str, known: set[str], path: str) -> str:
    value = _text(row, name, path, required=True)
    if value not in known:
        raise NotAnAlert(f"{_at(path, name)}: one of {', '.join(sorted(known))}")
    return value


def _labels(row: Mapping[str, Any], name: str, path: str) -> dict[str, str]:
    found = row.get(name) or {}
    if not isinstance(found, dict):
        raise NotAnAlert(f"{_at(path, name)}: an object of names and texts")
    pairs = list(found.items())[:MOST_LABELS]
    return {_cut(clean(str(n)), 60): _cut(clean(_plain(v)), LONGEST["label"]) for n, v in pairs}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fingerprint(told: Any, labels: Mapping[str, str]) -> str:
    """Return the source's own fingerprint, else one of the labels; a long one is cut by a hash."""
    text = clean(str(told)).strip() if isinstance(told, str | int) else ""
    if not text:
        text = json.dumps(sorted(labels.items()), ensure_ascii=False)
        return sha256(text.encode()).hexdigest()[:32]
    if len(text) > LONGEST["fingerprint"]:
        return sha256(text.encode()).hexdigest()
    return text


def _instant(row: Mapping[str, Any], name: str, path: str, zone: ZoneInfo) -> datetime | None:
    """Return an instant of RFC 3339 in UTC; Go's zero time and nothing are None."""
    text = _text(row, name, path)
    if not text:
        return None
    try:
        return _in_utc(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        raise NotAnAlert(f"{_at(path, name)}: a time like 2026-04-15T10:00:00Z") from None


def _zabbix_time(row: Mapping[str, Any], what: str, zone: ZoneInfo) -> datetime | None:
    """Return `{EVENT.TIMESTAMP}` where it is sent, else `{EVENT.DATE}` and `{EVENT.TIME}` of the zone."""
    seconds = _text(row, f"{what}_timestamp", "")
    day, at = _text(row, f"{what}_date", ""), _text(row, f"{what}_time", "")
    try:
        if seconds.isdecimal():
            return _in_utc(datetime.fromtimestamp(int(seconds), UTC), zone)
        if not day or day.startswith("{"):  # a macro that this event does not have
            return None
        return _in_utc(datetime.strptime(f"{day} {at}", "%Y.%m.%d %H:%M:%S"), zone)  # noqa: DTZ007
    except (ValueError, OverflowError, OSError):
        raise NotAnAlert(f"{what}_date, {what}_time: like 2026.04.15 and 10:00:00") from None


def _in_utc(at: datetime, zone: ZoneInfo) -> datetime | None:
    at = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    return at if at > EARLIEST else None


def _zabbix_severity(row: Mapping[str, Any]) -> str:
    number = _text(row, "event_nseverity", "")
    if number in {"0", "1", "2", "3", "4", "5"}:
        return ZABBIX_SEVERITIES[int(number)]
    return _cut(_text(row, "event_severity", "").lower(), LONGEST["severity"])


def _tags(row: Mapping[str, Any]) -> dict[str, str]:
    """Return `{EVENT.TAGSJSON}`, a list of tag and value, sent as a text or as it is."""
    told = row.get("event_tags_json") or row.get("event_tags") or []
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            return {}
    if not isinstance(told, list):
        return {}
    tags = [tag for tag in told[:MOST_LABELS] if isinstance(tag, dict) and tag.get("tag")]
    return {
        _cut(clean(str(tag["tag"])), 60): _cut(clean(str(tag.get("value", ""))), LONGEST["label"])
        for tag in tags
    }


_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return text that a database, a page and a mail can hold: no controls, no lone surrogates."""
    text = _SURROGATE.sub("�", text)
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))


def _cut(text: str, most: int) -> str:
    text = " ".join(text.split()) if most <= LONGEST["label"] else text.strip()
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
