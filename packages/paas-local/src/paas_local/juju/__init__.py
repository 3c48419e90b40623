"""The Juju model as frozen values, and the effect of operations, hooks and hook tools on it: no I/O, no clock."""
