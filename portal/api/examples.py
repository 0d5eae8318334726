"""One request of each operation that people ask about, shown in the description; a test holds them to it."""

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "contract_check": {
        "type": "incident", "system": "ec-site", "environment": "production",
        "impact": 1, "urgency": 1, "answers": {"0": True},
    },
    "ticket_open": {
        "contract": "xOZXdrXTNcEBQlwo", "type": "incident", "title": "The cart does not open",
        "system": "ec-site", "environment": "production", "impact": 1, "urgency": 1,
        "answers": {"0": True},
    },
    "ticket_comment": {"body": "We are on it.", "lane": "public", "language": "en"},
    "ticket_confirm_facts": {"cause": "delivered_software", "effort_minutes": 120},
    "ticket_assign": {"owner": "pX2kd8Qm1nTzR4aa", "reason": "Knows the cart."},
    "ticket_pause": {"cause": "client_information", "reason": "Which browser do you use?"},
    "ticket_offer_handoff": {"symptom": "Sessions end early.", "workaround": "Restart the pool."},
    "ticket_dispute_handoff": {"reason": "The log ends before the fault."},
    "ticket_log_time": {
        "starts_at": "2026-04-15T01:00:00Z", "ends_at": "2026-04-15T01:45:00Z",
        "note": "Restarted the pool.",
    },
    "ticket_correct_time": {
        "starts_at": "2026-04-15T01:00:00Z", "ends_at": "2026-04-15T01:30:00Z",
        "reason": "The last quarter was another ticket.",
    },
    "ticket_resolve": {
        "resolution": "The pool was full; its limit is higher now.", "fix": "none_needed",
        "fix_reason": "The limit was the cause.",
    },
    "ticket_link": {"other": "HOSHINO-150", "kind": "caused_by"},
    "ticket_dispute_verdict": {"reason": "It worked before your release."},
    "ticket_draft_estimate": {
        "lines": [{"text": "A queue before the cart", "tier": "L3", "minutes": 960}],
        "assumptions": "Staging is ours for a week.",
    },
    "estimate_approve": {"revision": 1, "amount": 128000},
    "estimate_accept": {"revision": 1, "amount": 128000},
    "comment_translate": {"language": "ja", "body": "対応中です。"},
    "glossary_add": {"ja": "納品", "en": "delivery", "note": "Of software, to staging."},
    "release_record": {
        "system": "ec-site", "kind": "patch", "name": "2.4.1", "fixes": ["HOSHINO-150"],
        "released_at": "2026-04-20T09:00:00Z", "documents": ["Cart design, version 7"],
    },
    "routine_agree": {
        "kind": "backup", "title": "Nightly backup", "system": "ec-site", "every": "day",
        "opens": "01:00", "closes": "09:00", "starts_on": "2026-05-01",
        "checklist": [{"text": "Its size in GB", "evidence": "number"}],
    },
    "routine_run_complete": {"lines": [{"line": 0, "value": "12.5"}]},
    "replay_ask": {"version": 2, "from_on": "2026-01-01", "until_on": "2026-03-31"},
    "import_confirm": {"shown": "9f2c0e6f5d0b4a7c8e1d3b5a79c4e6f80a1b2c3d4e5f60718293a4b5c6d7e8f9"},
    "alert_window_agree": {
        "system": "ec-site", "starts_at": "2026-04-20T16:00:00Z",
        "ends_at": "2026-04-20T18:00:00Z", "reason": "Database patch.",
    },
    "report_sign": {
        "seen_sha256": "9f2c0e6f5d0b4a7c8e1d3b5a79c4e6f80a1b2c3d4e5f60718293a4b5c6d7e8f9"
    },
    "channels_choose": {"missed": "mail", "comment": "daily"},
}  # fmt: skip
