"""What trained generators share: the loop, averaged weights, states that survive a kill, the device."""
