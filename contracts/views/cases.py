"""The cases of a gap as an address: what the editor writes into a clause for exactly them."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from contracts.domain.coverage import Gap
from contracts.domain.grid import Band, Value
from contracts.domain.sheet import MANY
from contracts.domain.term_types import write_minutes


def case_query(gap: Gap, **narrowed: Sequence[str]) -> str:
    """Return the conditions of a gap, `narrowed` to one cell of the matrix, as a query."""
    told = {facet.fact: facet.values for facet in gap.facets}
    pairs = [pair for fact, values in told.items() for pair in conditions(fact, values, narrowed)]
    pairs += [(f, v) for f, values in narrowed.items() if f not in told for v in values]
    return urlencode(sorted(pairs))


def conditions(
    fact: str, values: Sequence[Value], narrowed: dict[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    if fact in MANY:
        here = narrowed.get(fact)
        yield from ((fact, str(v)) for v in values if here is None or v in here)
    elif fact == "effort_minutes":
        yield from bounds([value for value in values if isinstance(value, Band)])
    elif len(values) == 1:
        yield fact, "yes" if values[0] else "no"


def bounds(bands: Sequence[Band]) -> Iterator[tuple[str, str]]:
    """Yield the bounds around all the bands; what lies between them is decided already."""
    if bands and all(band.above is not None for band in bands):
        yield "above", write_minutes(min(band.above or 0 for band in bands))
    if bands and all(band.at_most is not None for band in bands):
        yield "at_most", write_minutes(max(band.at_most or 0 for band in bands))
