"""The plan: layers, how they combine, and what they say about services, checks and log targets."""
