"""A wrapper for tests that look at what it is given, not at how it protects."""


class NoWrapping:
    """Keeps the key as it is."""

    version = "1.x"

    def wrap(self, key, associated_data, version=None):
        """The key itself."""
        return key

    def unwrap(self, wrapped, associated_data, version):
        """The key itself."""
        return wrapped
