"""Values everybody may import: exact, frozen, free of I/O."""
