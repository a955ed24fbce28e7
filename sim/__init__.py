"""The world: physics, markets, money and time over arrays whose last axis is the world."""
