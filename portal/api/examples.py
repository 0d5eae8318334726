"""One request of each operation that takes a body, shown in the description; a test holds them to it."""

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
    "ticket_cancel": {"reason": "Asked for by mistake."},
    "ticket_reopen": {"reason": "It hangs again."},
    "ticket_restore": {"note": "The cart opens again since the restart."},
    "ticket_accept_handoff": {"activity": "corrective"},
    "ticket_merge": {"into": "HOSHINO-150"},
    "ticket_stop_timer": {"note": "Restarted the pool."},
    "ticket_override_verdict": {
        "outcome": "included", "clause_id": "S1", "reason": "Our release broke it: we do not charge it.",
    },
    "ticket_rule_undecided": {
        "outcome": "estimate", "clause_id": "S6", "reason": "A new payment method is an improvement.",
    },
    "ticket_answer_dispute": {
        "ruling": "change", "outcome": "included", "clause_id": "S3", "reason": "It was in our release.",
    },
    "ticket_declare_emergency": {
        "told_at": "2026-04-15T01:05:00Z", "told": "Ms Sato, by telephone",
    },
    "ticket_send_retro_estimate": {"amount": 48000, "text": "Six hours at the weekend."},
    "ticket_describe_problem": {
        "root_cause": "The pool has no limit.", "workaround": "Restart it.", "known_error": True,
    },
    "ticket_record_release": {
        "kind": "patch", "name": "2.4.2", "released_at": "2026-04-22T09:00:00Z",
        "documents": ["Cart design, version 8"],
    },
    "ticket_join_pattern": {"pattern": "pT2kd8Qm1nTzR4aa"},
    "ticket_answer_from_faq": {"entry": "fQ2kd8Qm1nTzR4aa", "language": "ja", "resolve": True},
    "estimate_edit": {
        "lines": [{"text": "A queue before the cart", "tier": "L3", "minutes": 840}],
        "exclusions": "Load tests.", "delivery_on": "2026-05-15",
    },
    "estimate_revise": {"pricing": "time_and_material", "not_to_exceed": 200000},
    "estimate_refuse": {"revision": 1, "amount": 128000, "reason": "Two days are too much for it."},
    "estimate_send": {"message": "As discussed on Monday."},
    "estimate_decline": {"revision": 1, "amount": 128000, "reason": "Not this year."},
    "estimate_deliver": {"note": "Live since this morning."},
    "estimate_refuse_delivery": {"reason": "The queue drops orders."},
    "estimate_cancel": {"reason": "The shop closes."},
    "estimate_withdraw": {"reason": "Another way is cheaper."},
    "overage_agree": {
        "contract": "xOZXdrXTNcEBQlwo", "pool": "support", "month": "2026-04", "minutes": 300,
        "at_most": 60000,
    },
    "glossary_change": {"vi": "bàn giao", "note": "Of software, to staging."},
    "faq_write": {
        "client": "HOSHINO", "system": "ec-site",
        "texts": [{"language": "en", "title": "A new password", "answer": "Sign-in, *Forgotten*."}],
    },
    "faq_change": {
        "texts": [{"language": "ja", "title": "パスワードの再設定", "answer": "ログイン画面から行えます。"}],
    },
    "faq_answer_many": {"tickets": ["HOSHINO-151", "HOSHINO-152"]},
    "faq_status": {"status": "published"},
    "pattern_fix": {"minutes": 960},
    "finding_record": {
        "system": "ec-site", "source": "scan", "severity": "high", "title": "Outdated TLS library",
        "reference": "CVE-2026-0001", "found_at": "2026-04-14T03:00:00Z",
    },
    "finding_end": {"fixed": True, "reason": "Patched with 2.4.2."},
    "finding_accept_risk": {"reason": "The host is replaced in June.", "expires_on": "2026-06-30"},
    "finding_ticket": {"environment": "production", "answers": {"0": False}},
    "routine_change": {
        "kind": "backup", "title": "Nightly backup", "system": "ec-site", "every": "week",
        "weekdays": [0, 3], "opens": "01:00", "closes": "09:00",
    },
    "routine_end": {"reason": "The host is gone."},
    "import_map": {"mapping": {"source_key": "キー", "title": "件名", "received_at": "登録日"}},
    "letter_open": {
        "title": "The cart does not open", "requester": "pX2kd8Qm1nTzR4aa",
        "contract": "xOZXdrXTNcEBQlwo", "system": "ec-site", "environment": "production",
        "type": "incident",
    },
    "letter_put": {"ticket": "HOSHINO-150"},
    "mailbox_switch": {"on": False},
    "alert_source_change": {
        "name": "Prometheus", "system": "ec-site", "environment": "production",
        "timezone": "Asia/Tokyo", "settle_minutes": 10,
        "routes": [
            {"match": {"team": "core"}, "system": "core", "environment": "production",
             "priority": "P2"},
        ],
    },
    "alert_source_switch": {"on": True},
    "roster_write": {
        "timezone": "Asia/Ho_Chi_Minh", "turns": "week", "weekday": 0, "hands_over": "09:00",
        "starts_on": "2026-05-04", "seats": [{"person": "pX2kd8Qm1nTzR4aa", "country": "VN"}],
    },
    "swap_turn": {
        "person": "pX2kd8Qm1nTzR4aa", "starts_at": "2026-05-04T02:00:00Z",
        "ends_at": "2026-05-05T02:00:00Z",
    },
    "note_absence": {
        "person": "pX2kd8Qm1nTzR4aa", "starts_at": "2026-05-04T02:00:00Z",
        "ends_at": "2026-05-06T02:00:00Z",
    },
    "contract_write_draft": {
        "document": {"terms": 1, "currency": "JPY", "timezone": "Asia/Tokyo"},
        "effective_on": "2026-07-01", "seen": "9f2c0e6f5d0b4a7c",
    },
    "contract_activate": {
        "seen": "9f2c0e6f5d0b4a7c", "effective_on": "2026-07-01",
        "accept_gaps": "Printers are never asked for.",
    },
    "client_change": {"requesters_see_all": False, "second_factor_roles": ["account_manager"]},
    "member_limit": {"amount": 1500000},
    "me_change": {"language": "vi", "timezone": "Asia/Ho_Chi_Minh"},
    "report_remark": {"text": "HOSHINO-150 was back at ten, not at nine."},
    "remark_answer": {"answer": "Right: the report is corrected."},
    "report_reissue": {"reason": "HOSHINO-150 was restored at ten."},
    "incident_edit": {
        "seen": 1, "sections": {"root_cause": "The pool had no limit.", "prevention": "A limit."},
    },
    "incident_issue": {"seen": 2},
}  # fmt: skip
