"""Evidence that the sample came from a living person at the camera, as arrays in and numbers out."""
