"""What a loss is: class and registry, domains and checks of arguments, reductions, arrays on a GPU seen from above."""
