"""Study: watch every gate, follow every gradient, with the numbers of the code that runs.

`model.trace(x)` and `layer.trace(x)` give every quantity of every equation at every step; `trace.backward(dy)` and
`model.trace_gradients(x, y)` its gradient. The `plot_` functions (Matplotlib, the extra `plot`) draw them.
"""

from minirnn.study.layer_trace import LayerGradients, LayerTrace
from minirnn.study.model_trace import Gradients, Trace

__all__ = ["Gradients", "LayerGradients", "LayerTrace", "Trace"]
