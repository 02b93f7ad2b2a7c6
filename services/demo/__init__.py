"""A day in the network to look at: made-up persons, real bodies."""
