"""Market laws: adoption, enterprise, services, capital, rationing."""
