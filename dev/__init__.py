"""What stands behind the Makefile. Standard library only where it runs before anything is installed."""
