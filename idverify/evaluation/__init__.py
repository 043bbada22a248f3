"""How well it works, and how sure we are: error rates, bounds, calibration, benchmarks. Imported by the command line alone."""
