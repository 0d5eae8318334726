#!/usr/bin/env python
"""Console of the portal. Commands that need a database start the private one when no server is named."""

import os
import sys

if sys.version_info[:2] != (3, 11):
    sys.exit(f"This project needs Python 3.11; this is {sys.version.split()[0]}. Use `make demo`.")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from portal.console import execute

    execute(sys.argv)


if __name__ == "__main__":
    main()
