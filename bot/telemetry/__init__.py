"""What operators see of the bot from outside: numbers for Prometheus."""
