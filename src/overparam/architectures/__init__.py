"""The room of architectures."""
