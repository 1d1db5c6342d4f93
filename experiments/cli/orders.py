"""`noosphere orders`: what one strategy earns in all orders of its engines."""

from experiments.reasoning.orders import orders as command

__all__ = ["command"]
