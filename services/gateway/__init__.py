"""The only door in, and the only writer of the database."""
