"""Synthetic people, registers and workbooks, each with the outcome it must have. Nobody here exists."""
