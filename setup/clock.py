"""Gets the library that gives a process another clock, for the tests of `make faults` that move it."""

from __future__ import annotations

from setup import debian

LIBRARY = "usr/lib/*/faketime/libfaketime.so.1"

if __name__ == "__main__":
    debian.provide(LIBRARY, "libfaketime")
