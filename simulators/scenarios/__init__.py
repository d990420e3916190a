"""Stories told by simulated plants."""
