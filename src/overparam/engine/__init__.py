"""The room of engine."""
