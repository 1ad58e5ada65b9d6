"""How many keys are more similar to each query than its own ones, without the matrix of similarities."""
