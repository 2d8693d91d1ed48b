"""Set-up of a machine: the virtual environment, Debian packages and Chromium. Standard library only."""
