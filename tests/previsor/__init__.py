"""Tests of the previsor."""
