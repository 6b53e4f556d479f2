"""The interactive shell: grammar, registry, tables, terminal. Only this package prints."""
