"""``make bench``: ours beside what a user would otherwise write or install, in one run on one machine."""
