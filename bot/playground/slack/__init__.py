"""An emulated Slack, strict where Slack is: Web API, Socket Mode, Events over HTTP, files.

Start reading at `control.EmulatedSlack`. What people see is in `workspace`; what people do is in `people`.
"""
