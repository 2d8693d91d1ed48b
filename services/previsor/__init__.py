"""The previsor: learns the risk of failures from the office's own log."""
