"""What a relying party keeps in a folder, so that it can examine credentials with no network, and how it is kept fresh."""
