"""The three services and the command that composes them."""
