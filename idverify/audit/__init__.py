"""The audit chain: what may be recorded, how one event is bound to the last, and how a broken chain is found."""
