"""Softmaxes of rows against many candidates, without the matrix of logits."""
