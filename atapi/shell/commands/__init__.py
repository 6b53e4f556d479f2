"""The commands, one file each; the registry finds them by file name."""
