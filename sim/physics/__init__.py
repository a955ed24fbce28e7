"""Physical laws: power, chips, compute, capability, robots, orbit, production."""
