"""What the system is measured against: the plainest way of doing the same, with the library people would take."""
