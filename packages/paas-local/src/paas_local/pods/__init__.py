"""Containers from Linux namespaces, and the network between them and the host."""
