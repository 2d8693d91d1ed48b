"""The portal over plain requests: what a browser would send, worked out from the page's HTML."""
