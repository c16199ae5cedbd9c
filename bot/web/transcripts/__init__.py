"""The page on which a whole session is read."""
