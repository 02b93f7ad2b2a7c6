"""The pages for staff, in Dutch: built on the write side and the read side, with no rules of their own."""
