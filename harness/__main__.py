"""Let `python -m harness` be the same program as `harness`."""

from harness.cli import main

main()
