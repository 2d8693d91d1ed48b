"""Tests of the portal: profile, pages, decisions."""
