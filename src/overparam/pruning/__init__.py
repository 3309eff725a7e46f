"""The room of pruning."""
