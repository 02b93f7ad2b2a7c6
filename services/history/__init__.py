"""A made-up history of the whole country: made-up persons, real bodies, and nothing that the rules forbid."""
