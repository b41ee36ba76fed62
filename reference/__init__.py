"""The independent proof that minirnn computes what Keras computes; `python -m reference` shows it.

- `oracle`: the three cells in float64, in obvious loops, and `truth`: whole models on top of it.
- `twin`: the Keras model of any minirnn model with identical weights, and the other way round.
- `compare`: outputs, sequences, states, gradients, parameter counts and training runs of the two, side by side.
- `gate_checks`: what every gate function must satisfy; `mutants`: thousands of mistakes in them, all of which it finds.
- `tolerances`: every number that decides between pass and fail, with its reason.
"""
