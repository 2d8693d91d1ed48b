"""The portal worked with a real browser."""
