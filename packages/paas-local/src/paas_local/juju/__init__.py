"""The Juju model as frozen values, and what each operation, hook and hook tool does to it: no I/O, no clock."""
