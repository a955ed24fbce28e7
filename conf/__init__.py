"""Every value of the model, with its unit, range and source; plain YAML, found by Hydra as `pkg://conf`."""
