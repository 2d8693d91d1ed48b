"""The only service that opens a portal."""
