"""What is kept of a person, and how it is sealed. Pure but for the keys handed in: no database, no clock."""
