"""Where evidence is judged, once. Plain Python: no numpy, no IO."""
