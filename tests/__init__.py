"""Tests, mirroring the tree, and the portal simulator they run against."""
