"""What the worker may ask of an administrator's portal, and the ways of doing it."""
