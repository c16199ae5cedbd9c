"""Everything that knows Redis: the core's store ports, each change one atomic script on one slot."""
