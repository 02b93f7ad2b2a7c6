"""Dated rule sets as data, and pure calculations over them."""
