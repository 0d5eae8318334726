"""A small document of terms that the tests of the rules bend to their needs."""

from copy import deepcopy
from typing import Any

DOCUMENT: dict[str, Any] = {
    "terms": 1,
    "currency": "JPY",
    "timezone": "Asia/Tokyo",
    "languages": ["ja", "en"],
    "systems": [
        {
            "key": "ec-site",
            "name": {"en": "EC site", "ja": "ECサイト"},
            "environments": ["production", "staging"],
            "revenue_critical": True,
        },
        {"key": "core", "name": {"en": "Core"}, "environments": ["production"]},
    ],
    "hours": {
        "office": {
            "timezone": "Asia/Tokyo",
            "week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]},
            "holidays": "JP",
            "special": {"2026-12-29": []},
        },
        "hanoi": {"timezone": "Asia/Ho_Chi_Minh", "week": {"mon-sat": ["08:00-17:00"]}},
        "joint": {"intersect": ["office", "hanoi"]},
    },
    "responsibilities": [
        {"activities": ["service_desk"], "tier": "L1", "party": "vendor"},
        {"activities": ["routine_task"], "tier": "L2", "party": "client"},
    ],
    "scope": {
        "classify": [
            {"ask": {"en": "Is the service down?", "ja": "停止?"}, "then": "incident_response"},
            {"ask": {"en": "Does it differ?"}, "then": "corrective"},
            {"ask": {"en": "Is it a question?"}, "then": "service_desk"},
            {"ask": {"en": "An improvement?"}, "then": "perfective"},
        ],
        "clauses": [
            {
                "id": "S1",
                "text": {"en": "Incidents on production"},
                "when": {"activity": ["incident_response"], "environment": ["production"]},
                "then": "included",
            },
            {
                "id": "S2",
                "text": {"en": "Small improvements"},
                "when": {"activity": ["perfective"], "effort": {"at_most": "4h"}},
                "quota": {"per": "month", "count": 5},
                "then": "included",
            },
            {
                "id": "S3",
                "text": {"en": "Our defects"},
                "when": {
                    "activity": ["corrective"],
                    "cause": ["delivered_software"],
                    "warranty": True,
                },
                "then": "included",
            },
            {
                "id": "S4",
                "text": {"en": "Questions"},
                "when": {"activity": ["service_desk"]},
                "then": {"pool": "support"},
            },
            {
                "id": "S5",
                "text": {"en": "Security fixes"},
                "when": {"activity": ["security_operation"]},
                "then": {"preapproved": {"cap": 300_000}},
            },
            {
                "id": "S6",
                "text": {"en": "Other maintenance"},
                "when": {"activity": ["adaptive", "perfective"]},
                "then": "estimate",
            },
        ],
        "warranty": {"for": "90d"},
        "emergency": {"priorities": ["P1"], "cap": "4h", "estimate_within": "2bd"},
        "dispute_within": "10bd",
    },
    "time": {
        "hours": "office",
        "targets": [
            {"obligation": "restore", "priority": ["P1"], "within": "4h", "hours": "always"},
            {"obligation": "restore", "system": ["core"], "within": "1bd"},
            {"obligation": "restore", "within": "2bd"},
            {"obligation": "handoff", "within": "2h", "default_owner": "bridge_se"},
        ],
        "commitment": "guarantee",
        "credits": [
            {"obligation": "restore", "below": "95%", "minimum_count": 5, "credit": "5%"},
            {"obligation": "restore", "below": "80%", "minimum_count": 5, "credit": "10%"},
        ],
        "reopen_within": "10bd",
        "auto_close": "10bd",
    },
    "cost": {
        "monthly_fee": 800_000,
        "first_month": "prorated",
        "pools": [
            {
                "key": "support",
                "per_month": "20h",
                "rollover": {"up_to": "50%", "for_months": 1},
                "when_empty": "bill",
                "overage_rate": 12_000,
            }
        ],
        "rates": {"L1": 4000, "L2": {"onshore": 9000, "offshore": 6000}, "L3": 8000},
        "multipliers": {"out_of_hours": 1.25, "holiday": "1.35"},
        "rounding": {"unit": "15m", "minimum": "15m", "per": "ticket_day", "mode": "half_up"},
        "triage": "30m",
        "closing_grace": "3bd",
        "budget": 12_000_000,
        "shown_to_requesters": False,
        "tax": {"rate": "10%", "round": "down", "on": "total"},
        "estimates": {
            "approval_limits": {"account_manager": 1_000_000},
            "client_authority": {"service_owner": 2_000_000},
            "valid_for": "30d",
            "warn_at": "80%",
        },
    },
}


def document(**changes: Any) -> dict[str, Any]:
    """Return the sample with values set at paths such as `cost__monthly_fee` or `systems__0__key`."""
    changed = deepcopy(DOCUMENT)
    for path, value in changes.items():
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        place: Any = changed
        for step in steps:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return changed
