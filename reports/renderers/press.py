"""
Typst sets a document: in this process, or a long one in a process of its own.

Typst keeps what it set for the next time, so a worker that printed one month of ten thousand tickets
would hold a gigabyte for ever after. A long document's memory goes away with its process.
Nothing of Django is imported here: the process is there in a moment.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import noto_cjk_sans_jp_bold
import noto_cjk_sans_jp_regular
import typst

TEMPLATE = Path(__file__).parent / "report.typ"
LONG = 150_000  # characters of a document that is set in a process of its own
PATIENCE = 600  # seconds; ten thousand tickets take less than ten


class NotPrinted(RuntimeError):
    """The process that set a long document ended without it."""


def printed(paper: dict[str, Any], created: int) -> bytes:
    """
    Return a document of `reports.renderers.paper` as PDF; `created` is its creation time.

    :raises NotPrinted: if typst could not set it.
    """
    text = json.dumps(paper, ensure_ascii=False)
    if len(text) < LONG:
        return compiled(text, created, "pdf")
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "reports.renderers.press", str(created)],
        input=text.encode(),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode != 0:
        raise NotPrinted(done.stderr.decode(errors="replace")[-2000:])
    return done.stdout


def compiled(text: str, created: int, form: str, **more: Any) -> Any:
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=fonts(),
        format=form,
        sys_inputs={"paper": text},
        timestamp=created,
        pdf_tags=False,  # five times the bytes; the page is the edition for screen readers
        **more,
    )


@cache
def fonts() -> typst.Fonts:
    """Return the fonts of the packages, read once a process; those of the machine never count."""
    folders = [
        Path(each.FONT_PATH).parent for each in (noto_cjk_sans_jp_regular, noto_cjk_sans_jp_bold)
    ]
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


if __name__ == "__main__":
    sys.stdout.buffer.write(compiled(sys.stdin.buffer.read().decode(), int(sys.argv[1]), "pdf"))
