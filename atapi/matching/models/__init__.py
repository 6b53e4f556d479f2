"""Fee, fill and margin models, one small file each."""
