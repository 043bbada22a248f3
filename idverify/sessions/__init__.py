"""The life of a live session and the envelope of its frames. Pure: no IO, no clock, no randomness."""
