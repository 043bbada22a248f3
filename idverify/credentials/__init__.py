"""Signed answers: how a verdict token is made, and the one strict validator."""
