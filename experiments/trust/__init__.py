"""What a reader may ask before trusting a result: other forecasts, other structures, free tiers."""
