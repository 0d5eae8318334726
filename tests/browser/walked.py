"""Which named routes a person can open, and which of them no link of the demo leads to, with the reason."""

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLResolver, get_resolver

UNLINKED = {  # each leads from a state that the demo is not in, or from an e-mail
    "invitation": "the end of a link by e-mail",
    "new-password": "the end of a link by e-mail",
    "sign-in-code": "of a person with a second step",
    "sign-on": "the demo has no provider of single sign-on",
    "sign-on-back": "where such a provider leads back to",
    "reports:changes": "of a report that was corrected",
    "reports:close": "of a month that is over and still open",
    "reports:run": "a part that asks again while reports are made",
    "tickets:agree_overage": "of a pool that ran over",
    "tickets:agree_to_ruling": "of a ruling that the client was asked about",
    "tickets:attachment": "no ticket of the demo has a file",
    "tickets:declare_emergency": "of work that is outside and urgent",
    "tickets:faq_suggest": "a part of a new request, once its title is typed",
    "tickets:import": "nothing was imported into the demo",
    "tickets:import_report": "nothing was imported into the demo",
    "tickets:order_file": "no purchase order of the demo has a file",
    "tickets:overage": "of a pool that ran over",
    "tickets:proof": "no routine of the demo has a file",
    "tickets:send_retro_estimate": "after an emergency",
    "tickets:term": "a glossary of the demo is empty",
    "tickets:timer_stop": "while a timer runs",
}


def pages() -> set[str]:
    """Return the names of all routes that answer a GET, but for the API's and the machines' doors."""
    found = dict(_named(get_resolver()))
    return {name for name, view in found.items() if not name.startswith("api") and _reads(view)}


def _named(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _named(pattern, f"{pattern.namespace}:" if pattern.namespace else space)
        elif pattern.name:
            yield f"{space}{pattern.name}", pattern.callback


def _reads(view: Callable[..., Any] | None) -> bool:
    """Whether no decorator `require_POST` stands around the view."""
    while view is not None:
        cells = getattr(view, "__closure__", None) or ()
        told = dict(zip(view.__code__.co_freevars, cells, strict=True)) if cells else {}
        if "request_method_list" in told:
            return "GET" in told["request_method_list"].cell_contents
        view = getattr(view, "__wrapped__", None)
    return True
