"""The same steps without any of ours: what a contract costs at least."""
