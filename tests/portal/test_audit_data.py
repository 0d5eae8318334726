"""What an event of the audit holds, as its cell shows it."""

from portal.templatetags.audit_data import pairs


def test_a_digest_shows_its_beginning_and_keeps_the_whole_in_its_title():
    digest = "0123456789abcdef" * 4

    ((name, shown),) = pairs({"content_sha256": digest})

    assert name == "content sha256"
    assert shown == f'<code title="{digest}">0123456789ab…</code>'


def test_what_people_wrote_is_no_digest_and_is_escaped_where_it_is_drawn():
    ((_name, shown),) = pairs({"reason": "<b>" + "0123456789abcdef" * 4})

    assert not hasattr(shown, "__html__")
