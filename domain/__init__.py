"""What can happen, and when it may."""
