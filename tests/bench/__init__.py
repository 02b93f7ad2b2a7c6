"""How fast is it? Measured side by side, on a history as large as one likes; nothing here is asserted."""
