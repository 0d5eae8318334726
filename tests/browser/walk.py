"""
Walks every page of a portal that serves the demo, and keeps a picture of each.

    python -m tests.browser.walk http://127.0.0.1:8000 [var/screenshots]

Each named page that a link leads to is opened once, by the first of four people who reaches it, and
drawn wide, on a phone, in the dark and in Japanese. It ends with 1 if an answer is not 200, the
console tells an error or a violation of the CSP, a phone has to scroll sideways, axe finds anything,
or no link leads to a page (`walked.py`).
"""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import django
from axe_playwright_python.sync_playwright import Axe
from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page, sync_playwright

from tests.browser import walked

PASSWORD = "try-the-portal-2026"  # the demo's, printed by it
PEOPLE = (
    "manager@vendor.example",
    "bridge@vendor.example",
    "owner@hoshino.example",
    "staff@hoshino.example",
)
EVERYBODYS = {"home"}  # looks different for each of them
NO_SESSION = ("/sign-in/", "/password/forgotten/")
FEWEST = 60  # pages: fewer means that the walk was lost
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LINKS = "[...document.querySelectorAll('a[href]')].map(a => a.href)"
TOLD = {
    "links": re.compile(r'<a\b[^>]*?\bhref="([^"]+)"'),
    "asked": re.compile(r'\b(?:hx-get|action)="([^"]+)"'),
}
SEVERAL = {
    "tickets:page",
    "tickets:estimate",
    "reports:page",
    "contracts:versions",
}  # look different
MOST_OF_ONE = 40
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
SEND = "name => { const b = document.querySelector(name); b.form.requestSubmit(b) }"
COLOURS = {"runOnly": ["color-contrast"]}  # all that the dark changes
AXE = Axe()
QUIET = ["--no-sandbox", "--disable-gpu"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Walk:
    """What was seen on the way: a picture's name for each page, and what is wrong."""

    base: str
    folder: Path
    page: Page
    pages: dict[str, str] = field(default_factory=dict)  # name to address
    wrong: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # by the console, since the last page
    reached: set[str] = field(default_factory=set)  # names that a link, form or part leads to

    def open(self, name: str, address: str) -> bool:
        """Open a page; False where it is a file, or leads elsewhere."""
        self.said.clear()
        try:
            answer = self.page.goto(address, wait_until="load")
        except Error as error:
            if "Download is starting" in str(error) or "ERR_ABORTED" in str(error):
                return False
            raise
        if answer is None or answer.request.redirected_from is not None:
            return False
        if answer.status != 200:
            self.blame(name, f"answers {answer.status}: {address}")
        return "text/html" in answer.headers.get("content-type", "")

    def look(self, name: str) -> None:
        """Draw the page wide, in the dark and on a phone, and ask axe in the light and the dark."""
        self.picture(name, "wide")
        self.axe(name, "light")
        self.page.emulate_media(color_scheme="dark")
        self.picture(name, "dark")
        self.axe(name, "dark")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(PHONE)
        self.picture(name, "phone")
        if (beyond := self.page.evaluate(OVERFLOW)) > 0:
            self.blame(name, f"a phone scrolls {beyond} px sideways")
        self.page.set_viewport_size(WIDE)
        for said in self.said:
            self.blame(name, f"the console says {said}")

    def picture(self, name: str, kind: str) -> None:
        path = self.folder / f"{name}-{kind}.png"
        self.page.screenshot(path=path, full_page=True, animations="disabled")

    def axe(self, name: str, scheme: str) -> None:
        options = COLOURS if scheme == "dark" else None
        for found in AXE.run(self.page, options=options).response["violations"]:
            self.blame(name, f"axe, {scheme}: {found['id']} {found['nodes'][0]['html'][:120]}")

    def blame(self, name: str, what: str) -> None:
        self.wrong.append(f"{name}: {what}")

    def listen(self, kind: str, text: str) -> None:
        if kind == "error":
            self.said.append(text)


def ours(links: Iterable[str], base: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the address of each page of ours among links."""
    for link in links:
        if link.startswith(f"{base}/"):
            try:
                name = resolve(urlsplit(link).path).view_name
            except Resolver404:
                continue
            if name and not name.startswith("api"):
                yield name, link.split("#")[0]


def leads(walk: Walk, address: str) -> list[tuple[str, str]]:
    """Return where the links of one more page of a kind lead, without drawing it."""
    html = walk.page.request.get(address).text()
    told = {kind: [urljoin(address, unescape(url)) for url in found.findall(html)]
            for kind, found in TOLD.items()}  # fmt: skip
    walk.reached |= {name for name, _address in ours(told["asked"], walk.base)}
    return list(ours(told["links"], walk.base))


def bring_about(walk: Walk) -> list[tuple[str, str]]:
    """Begin an amendment and replay it on past tickets: the demo has neither; return their pages."""
    page, found = walk.page, []
    page.goto("/contracts/")
    lists = dict(ours(page.evaluate(LINKS), walk.base))
    page.goto(f"{lists['contracts:page']}versions/")
    for button in ("form[action*='/amend/'] button", "main form[method=post] .btn-primary"):
        with page.expect_navigation():
            page.evaluate(SEND, button)
        found.append((resolve(urlsplit(page.url).path).view_name, page.url))
        if replays := page.query_selector("a[href*='/replays/new/']"):
            page.goto(urljoin(page.url, replays.get_attribute("href")))
    return found


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in/")
    page.locator("[type=email]").fill(email)
    page.locator("[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def speak(page: Page, language: str) -> None:
    button = f"form[action*='/language/'] button[value='{language}']"
    with page.expect_navigation():
        page.evaluate(SEND, button)


def walk_as(walk: Walk, email: str) -> None:
    """Walk wherever links lead that nobody was before, then see the same pages in Japanese."""
    page, who = walk.page, email.partition("@")[0]
    sign_in(page, email)
    speak(page, "en")
    page.goto("/")
    ahead, mine = [("home", f"{walk.base}/")], dict[str, str]()
    ahead += bring_about(walk) if email == PEOPLE[0] else []
    more = {name: set[str]() for name in SEVERAL}
    while ahead:
        name, address = ahead.pop(0)
        walk.reached.add(name)
        called = f"{name}-{who}" if name in EVERYBODYS else name
        if called in walk.pages or called in mine:
            if name in SEVERAL and len(more[name]) < MOST_OF_ONE and address not in more[name]:
                more[name].add(address)
                ahead += leads(walk, address)
            continue
        mine[called] = address
        if walk.open(called, address):
            walk.pages[called] = address
            walk.look(file_name(called))
            ahead += ours(page.evaluate(LINKS), walk.base)
            leads(walk, address)
    speak(page, "ja")
    for called, address in mine.items():
        if called in walk.pages and walk.open(called, address):
            walk.picture(file_name(called), "ja")


def file_name(called: str) -> str:
    return re.sub(r"\W+", "-", called)


def walk_all(browser: Any, base: str, folder: Path) -> Walk:
    walk = Walk(base, folder, None)  # type: ignore[arg-type]
    for email in ("", *PEOPLE):
        context = browser.new_context(base_url=base, viewport=WIDE, reduced_motion="reduce")
        walk.page = context.new_page()
        walk.page.on("console", lambda message: walk.listen(message.type, message.text))
        walk.page.on("pageerror", lambda error: walk.listen("error", str(error)))
        if email:
            walk_as(walk, email)
        else:
            for path in NO_SESSION:
                name = resolve(path).view_name
                walk.open(name, base + path)
                walk.pages[name] = base + path
                walk.look(file_name(name))
                walk.reached.add(name)
        context.close()
    for name in sorted(walked.pages() - walk.reached - walked.UNLINKED.keys()):
        walk.blame(name, "no link leads here: link it, or say in walked.py why not")
    return walk


def main(base: str, folder: str = "var/screenshots") -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop in this thread
    django.setup()
    started, kept = time.monotonic(), Path(folder)
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        walk = walk_all(browser, base.rstrip("/"), kept)
        browser.close()
    print(*walk.wrong, sep="\n")
    pictures, took = len(list(kept.glob("*.png"))), time.monotonic() - started
    found = f"{len(walk.pages)} pages, {pictures} pictures, {len(walk.wrong)} faults, {took:.0f} s"
    print(f"{found}: {kept.resolve()}")
    return 1 if walk.wrong or len(walk.pages) < FEWEST else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
