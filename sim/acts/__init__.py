"""The acts of one month: each reads the month-start state and the plans and returns frozen outcomes."""
