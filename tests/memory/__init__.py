"""The store's ports in memory, one module a port."""
