"""A month's facts are made without looking for garbage that is not there."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """
    Put the search for reference cycles to rest.

    Facts are a few hundred thousand small values that live until the document is written and hold no
    cycle, yet each ten thousand of them set off a search through all: a third of the time. What has
    no reference left goes away at once all the same, so memory is the same.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
