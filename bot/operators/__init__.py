"""Sessions for operators: listed, shown, copied and forgotten from the command line, with no Slack and no worker."""
