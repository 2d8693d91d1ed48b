"""A child in the place of `verifier_child`: it is ready, and then its first document ends it (`cai`) or holds it."""

from __future__ import annotations

import sys

from services.scraper.verifier_child import PRONTO, TAMANHOS

if __name__ == "__main__":
    sys.stdout.buffer.write(PRONTO)
    sys.stdout.buffer.flush()
    sys.stdin.buffer.read(TAMANHOS.size)
    if sys.argv[1:] != ["cai"]:
        sys.stdin.buffer.read()
