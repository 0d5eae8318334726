"""Letters as they come: Japanese, broken, automatic; and the token that proves an answer."""

from email.message import EmailMessage

import pytest

from tickets.domain import letter
from tickets.domain.letter import Broken, guess, own_words, read_letter
from tickets.domain.reply_token import Reply, read_token, token_of

KEY = b"key"


def raw(body: bytes = b"Hello\r\n", **headers: str) -> bytes:
    told = {"From": "Aiko <aiko@acme.example>", "To": "desk@portal.example", "Subject": "Help",
            "Message-ID": "<1@acme.example>"}  # fmt: skip
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value is not None)
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + body


class TestJapanese:
    SAID = "お世話になっております。\nカートが開きません。①"

    @pytest.mark.parametrize(
        ("charset", "codec"),
        [
            ("ISO-2022-JP", "iso2022_jp"),
            ("Shift_JIS", "cp932"),
            ("EUC-JP", "euc_jp"),
            ("UTF-8", "utf-8"),
        ],
    )
    def test_is_read_in_what_it_claims(self, charset, codec):
        said = self.SAID.rstrip("①")
        sent = raw(said.encode(codec), Content_Type=f"text/plain; charset={charset}")

        assert read_letter(sent).body == said

    @pytest.mark.parametrize("codec", ["iso2022_jp", "cp932", "euc_jp", "utf-8"])
    def test_is_read_without_a_claim_or_with_a_wrong_one(self, codec):
        said = self.SAID.rstrip("①")
        for charset in (None, "us-ascii", "iso-8859-1-nonsense"):
            kind = f"text/plain; charset={charset}" if charset else None
            assert read_letter(raw(said.encode(codec), Content_Type=kind)).body == said

    def test_subject_and_name_are_decoded(self):
        sent = raw(
            Subject="=?ISO-2022-JP?B?GyRCJSshPCVIJCwzKyQtJF4kOyRzGyhC?=",
            From="=?UTF-8?B?5bGx55SwIOiKseWtkA==?= <hanako@acme.example>",
        )
        read = read_letter(sent)

        assert (read.subject, read.sender_name) == ("カートが開きません", "山田 花子")

    def test_a_raw_subject_is_guessed(self):
        sent = raw().replace(b"Subject: Help", "Subject: 障害です".encode("cp932"))

        assert read_letter(sent).subject == "障害です"

    def test_half_a_character_at_the_end_costs_a_mark_only(self):
        assert guess("障害".encode("iso2022_jp")[:-5], "iso-2022-jp").startswith("障")


class TestBroken:
    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            b"\x00\x01\x02",
            b"no headers at all",
            raw(From=None),
            raw(From="nobody"),
            raw(From="a@x.example, b@y.example"),
            raw().replace(b"From:", b"From: b@y.example\r\nFrom:"),
            raw(From="a@x.example\x00<b@y.example>"),
        ],
    )
    def test_without_one_sender_nobody_can_be_told(self, sent):
        with pytest.raises(Broken):
            read_letter(sent)

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("multipart/mixed", b"no boundary"),
            ('multipart/mixed; boundary="x"', b"--x\r\n\r\nHello, cut of"),
            ("text/plain; charset=no-such-thing", b"Hello"),
            ("text/plain; charset*0=utf", b"Hello"),
            ('text/plain; name="\xff.txt', b"Hello"),
            ("nonsense", b"Hello"),
        ],
    )
    def test_is_read_as_far_as_it_goes(self, kind, body):
        assert "ello" in read_letter(raw(body, Content_Type=kind)).body or b"ello" not in body

    def test_base64_that_is_none(self):
        sent = raw(b"!!!!not base64!!!!", Content_Transfer_Encoding="base64")

        assert read_letter(sent).sender == "aiko@acme.example"

    def test_a_thousand_nested_parts_are_refused(self):
        body = b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
            for n in range(1000)
        )

        with pytest.raises(Broken):
            read_letter(raw()[:-9] + body)

    def test_controls_and_line_breaks_do_not_survive_in_one_line(self):
        sent = raw(Subject="a =?utf-8?q?b=0D=0ABcc=3A_x=40y.example?= \u202ec")

        read = read_letter(sent)

        assert "\n" not in read.subject
        assert "\u202e" not in read.subject

    def test_long_text_is_cut(self):
        assert len(read_letter(raw(b"x" * 500_000)).body) == letter.LONGEST_BODY


class TestAutomatic:
    @pytest.mark.parametrize(
        ("headers", "why"),
        [
            ({"Auto_Submitted": "auto-replied"}, "auto-submitted"),
            ({"Auto_Submitted": "auto-generated; owner"}, "auto-submitted"),
            ({"Auto_Submitted": "no"}, ""),
            ({"Precedence": "bulk"}, "precedence"),
            ({"List_Id": "<all.acme.example>"}, "list-id"),
            ({"Return_Path": "<>"}, "return-path"),
            ({"From": "MAILER-DAEMON@acme.example"}, "sender"),
            ({"Content_Type": "multipart/report; boundary=x"}, "report"),
            ({}, ""),
        ],
    )
    def test_is_told_by_its_headers(self, headers, why):
        assert read_letter(raw(**headers)).automatic == why


class TestBodies:
    def test_html_alone_becomes_words(self):
        html = (
            b"<head><style>p{}</style></head><p>One</p><script>x()</script><div>Two<br>&lt;3</div>"
        )

        assert read_letter(raw(html, Content_Type="text/html")).body == "One\nTwo\n<3"

    def test_files_hang_on_it(self):
        message = EmailMessage()
        message["From"], message["To"] = "a@acme.example", "desk@portal.example"
        message.set_content("See the picture.")
        message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="画面.png")
        inner = EmailMessage()
        inner["Subject"] = "Inside"
        inner.set_content("x")
        message.add_attachment(inner)

        read = read_letter(message.as_bytes())

        assert read.body == "See the picture."
        assert [name for name, _content in read.files] == ["画面.png", "letter.eml"]
        assert read.message_id.startswith("sha256:")

    @pytest.mark.parametrize(
        "quote",
        [
            "On Wed, 8 Apr 2026 at 12:00, Desk <d@x> wrote:\n> old",
            "-----Original Message-----\nold",
            "2026年4月8日(水) 12:00 Desk <d@x>:\n> old",
            "> old\n> older",
        ],
    )
    def test_the_letter_it_answers_is_left_out(self, quote):
        assert own_words(f"Thank you.\n\n{quote}") == "Thank you."

    def test_reads_hostile_lines_in_one_pass(self):
        assert own_words("> " * 100_000 + "\n" + "On " * 100_000)


class TestToken:
    REPLY = Reply(7, 123_456_789, 42)

    def test_is_read_back(self):
        token = token_of(self.REPLY, KEY)

        assert read_token(token, [b"newer", KEY]) == self.REPLY
        assert token == token.lower()
        assert len(token) <= 40

    @pytest.mark.parametrize("change", ["", "r-", "x", "r-7-1-1-aaaaaaaaaaaaaaaa", "r" * 100])
    def test_nobody_makes_one(self, change):
        assert read_token(change, [KEY]) is None

    def test_another_number_or_key_is_none(self):
        token = token_of(self.REPLY, KEY)

        assert read_token(token.replace("r-7-", "r-8-"), [KEY]) is None
        assert read_token(token, [b"other"]) is None
