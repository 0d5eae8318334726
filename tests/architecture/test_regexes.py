"""No regular expression of ours is stalled by a long input: looked for, not timed."""

import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

APPS = ("portal", "tenants", "contracts", "tickets", "reports")


def stalled(paths: list[Path]) -> tuple[int, str]:
    """Return how many expressions were looked at, and what was found of them."""
    done = subprocess.run(
        [Path(sys.executable).parent / "regexploit-py", *paths],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    counted = re.search(r"Processed (\d+) regexes", done.stdout + done.stderr)
    assert counted, done.stdout + done.stderr
    return int(counted[1]), (done.stdout + done.stderr).replace(counted[0], "").strip()


def test_none_is_stalled_by_a_long_input():
    paths = [path for app in APPS for path in sorted((settings.BASE_DIR / app).rglob("*.py"))]

    count, found = stalled(paths)

    assert count >= 30
    assert found == ""


def test_one_that_would_be_is_found(tmp_path):
    (tmp_path / "slow.py").write_text('import re\nSLOW = re.compile(r"(a|aa|a?)*b*b*b*b*b*c$")\n')
    (tmp_path / "slower.py").write_text('import re\nre.match(r"\\\\w*\\\\w*\\\\w*\\\\w*:", text)\n')

    _count, found = stalled([tmp_path / "slow.py", tmp_path / "slower.py"])

    assert "slow" in found
