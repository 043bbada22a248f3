"""The attacker we ship: a simulated capture device, bona fide and hostile, that speaks the real stream to the real service."""
