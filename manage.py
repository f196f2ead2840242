#!/usr/bin/env python
"""Runs Orderloom's management commands: `.venv/bin/python manage.py help`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.commands import run

    run(sys.argv)


if __name__ == "__main__":
    main()
