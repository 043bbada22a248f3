"""The attack simulator."""
