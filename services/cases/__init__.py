"""The write side: command in, facts recorded."""
