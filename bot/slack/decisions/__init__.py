"""What waits for a person, in Slack: the cards that ask, the modals behind them, and what is pressed there.

A card's buttons carry only the decision's id. Who pressed, and where, is checked by the core against what it keeps.
"""
