"""Floor 1: the equations of SimpleRNN, LSTM and GRU, written once.

Each cell is one file: an elementwise `step` and its `step_backward`, with no matrix product and no loop over time. The
same function runs on NumPy arrays in plain Python and on SIMD registers inside the kernels: what you read here is what
trains.

The alphabet, used in gates and kernels alike:

    x  input                    W  input weights            a_i, a_f ..  pre-activations
    h  hidden state             U  recurrent weights        i f g o      LSTM: input, forget, candidate, output
    c  cell state               b  bias                     z r n        GRU: update, reset, candidate

`h_prev`, `c_prev` belong to the step before. A gradient is its quantity's name with d in front: dh, da_i, dW.
"""
