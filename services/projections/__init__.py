"""The read side: facts in, views shown to those who may see them."""
