"""The write side, the read side, and the programs made of them."""
