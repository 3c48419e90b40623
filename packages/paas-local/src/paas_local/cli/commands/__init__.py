"""The commands of ``paas-local``: one module each, named as its command."""
