"""What generators that speak through a causal language model share: networks, hub, adapters, drawing, the cache."""
