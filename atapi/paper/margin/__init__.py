"""Cross margin: what accounts owe, what follows from it, and orders on borrowed funds."""
