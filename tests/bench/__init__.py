"""How fast the bot is, and how much it takes: `make bench` measures it and writes docs/performance.md."""
