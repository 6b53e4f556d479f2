"""Pure functions over numbers; floats begin here and never come back."""
