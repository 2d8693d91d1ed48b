"""Tests of the namer."""
