"""Everything that touches the outside, one module per thing."""
