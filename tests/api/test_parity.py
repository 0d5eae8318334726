"""
Every state change that a page offers has an operation of the API, or a reason why it has none.

The routes come from the resolver and the operations from the description: a new page that changes
something fails here until somebody has thought of its API.
"""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

SIGNING_IN = "Who somebody is, is proved in a browser; a token is what comes of it."
FRESH = "Asks again who is there, and a token would outlive the answer: ADR 14."
BROWSER = "Says what this browser shows; a request says it for itself."

WITHOUT = {
    **dict.fromkeys(
        ("sign-in", "sign-in-code", "sign-out", "forgotten", "new-password", "invitation"),
        SIGNING_IN,
    ),
    **dict.fromkeys(
        (
            "my-password",
            "second-factor",
            "second-factor-off",
            "new-codes",
            "tokens",
            "remove-sign-on",
        ),
        FRESH,
    ),
    **dict.fromkeys(("end-sessions", "end-session"), "Sessions are of browsers."),
    **dict.fromkeys(
        (
            *("administration:new-client", "administration:invite", "administration:withdraw"),
            *("administration:member", "administration:deactivate"),
        ),
        FRESH,
    ),
    **dict.fromkeys(("set-language", "switch-tenant"), BROWSER),
    **dict.fromkeys(("cockpit-filter-save", "cockpit-filter-delete"), BROWSER),
    **dict.fromkeys(("hooks:alerts", "hooks:mail"), "Is for programs, with a secret of its own."),
    **dict.fromkeys(
        (
            *("tickets:new_alert_source", "tickets:rotate_alert_secret"),
            *("tickets:new_mailbox", "tickets:change_mailbox"),
        ),
        FRESH,
    ),
    "cockpit-together": "Takes the steps of each ticket one by one, as a program does.",
}
NAMED = {  # where the operation is not called like the page's route
    "me": "me_change",
    "token-revoke": "token_revoke",
    "administration:client": "client_change",
    "administration:limit": "member_limit",
    "administration:retry": "job_retry",
    "notices:choices": "channels_choose",
    "notices:read-all": "notice_read_all",
    "notices:open": "notice_read",
    "notices:mark": "notice_unread",
    "tickets:new": "ticket_open",
    "tickets:alert_source": "alert_source_change",
    "tickets:switch_alert_source": "alert_source_switch",
    "tickets:new_alert_window": "alert_window_agree",
    "tickets:cancel_alert_window": "alert_window_cancel",
    "contracts:edit": "contract_write_draft",
    "contracts:yaml": "contract_write_draft",
    "tickets:activate": "contract_activate",
    "tickets:live_verdict": "contract_check",
    "tickets:agree_overage": "overage_agree",
    "tickets:new_finding": "finding_record",
    "tickets:end_finding": "finding_end",
    "tickets:accept_risk": "finding_accept_risk",
    "tickets:finding_ticket": "finding_ticket",
    "tickets:new_faq": "faq_write",
    "tickets:edit_faq": "faq_change",
    "tickets:from_faq": "ticket_answer_from_faq",
    "tickets:problem": "ticket_describe_problem",
    "tickets:new_release": "release_record",
    "tickets:new_routine": "routine_agree",
    "tickets:change_routine": "routine_change",
    "tickets:end_routine": "routine_end",
    "tickets:routine_run": "routine_run_complete",
    "tickets:new_replay": "replay_ask",
    "tickets:new_import": "import_upload",
    "tickets:map_import": "import_map",
    "tickets:confirm_import": "import_confirm",
    "tickets:timer_start": "ticket_start_timer",
    "tickets:timer_stop": "ticket_stop_timer",
    "tickets:unlink": "link_remove",
    "tickets:translate": "comment_translate",
    "tickets:glossary": "glossary_add",
    "tickets:term": "glossary_change",
    "tickets:remove_term": "glossary_remove",
    "tickets:estimate_record_order": "estimate_accept",
    "tickets:write_roster": "roster_write",
    "tickets:letter": "letter_open",
    "tickets:put_letter": "letter_put",
    "tickets:discard_letter": "letter_discard",
    "tickets:switch_mailbox": "mailbox_switch",
    "reports:close": "month_close",
    "reports:answer": "remark_answer",
}


def pages(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from pages(pattern, pattern.namespace or space)
        elif not space.startswith("api") and not str(pattern.name).startswith("api"):
            yield f"{space}:{pattern.name}" if space else str(pattern.name), pattern


def methods(pattern: URLPattern) -> list[str]:
    """Return the methods that a view says it knows; one that says nothing knows all."""
    view, known = pattern.callback, ["POST"]
    while view is not None:
        names = view.__code__.co_freevars if hasattr(view, "__code__") else ()
        if "request_method_list" in names:
            known = view.__closure__[names.index("request_method_list")].cell_contents
        if hasattr(view, "view_class"):
            known = [name.upper() for name in view.view_class.http_method_names]
        view = getattr(view, "__wrapped__", None)
    return known


CHANGES = sorted({name for name, pattern in pages(get_resolver()) if "POST" in methods(pattern)})


@pytest.fixture(scope="module")
def operations() -> set[str]:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return {
        operation["operationId"] for path in schema["paths"].values() for operation in path.values()
    }


def named(route: str) -> set[str]:
    """Return what the operation of a page's route may be called: NAMED, else as the route is."""
    if route in NAMED:
        return {NAMED[route]}
    space, _colon, step = route.rpartition(":")
    return {step, f"{space.removesuffix('s')}_{step}"}


def test_it_finds_the_pages():
    assert len(CHANGES) >= 80
    assert {"tickets:resolve", "tickets:estimate_accept", "notices:choices"} <= set(CHANGES)


@pytest.mark.parametrize("route", CHANGES)
def test_a_change_of_a_page_has_an_operation_or_a_reason(route, operations):
    if route in WITHOUT:
        assert not named(route) & operations, "It has one: take it off the list."
    else:
        assert named(route) & operations, f"No operation of the API does what {route} does."


def test_nothing_is_excused_that_is_not_there():
    assert (WITHOUT.keys() | NAMED.keys()) - set(CHANGES) == set()
