"""Everything that knows the Claude SDK and the processes it starts."""
