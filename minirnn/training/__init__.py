"""Floor 5: compile, fit, evaluate, predict; and the boundary where a caller's arrays are checked."""
