"""The transparency log: that the events are all there, as they were recorded, for others to check."""
