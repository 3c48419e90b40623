"""The verbs of the command line, by the noun they are about."""
