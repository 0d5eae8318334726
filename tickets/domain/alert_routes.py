"""
Routes as people write them, one a line: patterns of labels, an arrow, the place.

`job=db-*, env=staging -> core/staging P2`; another contract stands before the place, `C-2: core/staging`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ARROW = "->"
PRIORITIES = ("P1", "P2", "P3", "P4")


@dataclass(frozen=True, slots=True)
class RouteText:
    """What a line says; an empty contract is the source's own, an empty priority the severity's."""

    system: str
    environment: str
    match: Mapping[str, str] = field(default_factory=dict)
    contract: str = ""
    priority: str = ""


def parse_route(line: str) -> RouteText:
    """:raises ValueError: if the line is no route; it says which part is missing."""
    left, arrow, right = line.partition(ARROW)
    if not arrow:
        raise ValueError("arrow")
    contract, colon, place = right.rpartition(":")
    words = place.split()
    priority = words.pop() if words and words[-1] in PRIORITIES else ""
    system, slash, environment = " ".join(words).partition("/")
    if not (slash and system.strip() and environment.strip()) or (colon and not contract.strip()):
        raise ValueError("place")
    match = dict(_pair(part) for part in left.split(",") if part.strip())
    return RouteText(system.strip(), environment.strip(), match, contract.strip(), priority)


def route_text(route: RouteText) -> str:
    """Return the line that reads as this route."""
    match = ", ".join(f"{name}={glob}" for name, glob in route.match.items())
    contract = f"{route.contract}: " if route.contract else ""
    place = f"{contract}{route.system}/{route.environment} {route.priority}".strip()
    return f"{match} {ARROW} {place}".strip()


def _pair(text: str) -> tuple[str, str]:
    name, equals, glob = text.partition("=")
    if not (equals and name.strip() and glob.strip()):
        raise ValueError("label")
    return name.strip(), glob.strip()
