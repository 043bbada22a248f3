"""The HTTP service. http.py assembles it, server.py runs it, app.py chooses the adapters underneath.

Everything below this room is synchronous; service.py sends it to bounded pools.
"""
