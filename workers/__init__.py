"""The engine room: Celery hosts these processes, one loop thread in each runs the engine."""

#: Whose package this is. Another `workers` on the path must not be started in its place.
PRODUCT = "extractor"
