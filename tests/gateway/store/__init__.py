"""Tests of the gateway's database."""
