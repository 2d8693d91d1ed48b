"""`python -m services`: the `canopus` command where it is not installed."""

from __future__ import annotations

from services.cli import main

if __name__ == "__main__":
    main(prog_name="canopus")
