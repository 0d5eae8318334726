"""What the walk of all pages counts: every page that can be opened, and no name that is gone."""

from tests.browser.walked import UNLINKED, pages


def test_knows_pages_from_steps_and_machines():
    found = pages()

    assert len(found) >= 120
    assert {"home", "tickets:page", "administration:audit"} <= found
    assert not {"tokens:revoke", "token-revoke", "tickets:discard_letter", "api-docs"} & found


def test_excuses_no_page_that_is_gone():
    assert UNLINKED.keys() - pages() == set()
