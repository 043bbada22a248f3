"""The command line: one file per command group, mounted by main.py."""
