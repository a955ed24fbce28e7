"""Teaching without a screen each: strategies in a wind tunnel; a kit of guide, cards, sheets and puzzles."""
