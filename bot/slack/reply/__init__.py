"""The reply of a turn: what the agent says becomes messages in a thread, of which no word is lost or doubled.

`reply` takes events in, `script` keeps what was said, `draft` decides on the next call, `writer` makes it and `record`
notes what Slack confirmed; `sending` is the task that drives them, `recovery` the way on when Slack refuses.
"""
