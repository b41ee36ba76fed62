"""Spellings of Keras 1 and 2, turned into those of Keras 3, so that scripts of those years run as they are.

| where | what it turns |
|---|---|
| `spelling` | arguments (`output_dim=`, `nb_epoch=`, `lr=`) and attributes |
| `methods` | methods of models that Keras has dropped (`predict_classes`, `fit_generator`) |
| `modules` | modules that have moved (`minirnn.layers.recurrent`), `CuDNNLSTM` and other classes of another name |
| `absent` | stand-ins for what a sequence engine has not: importing them succeeds, using them says what they are |
| `aliasing` | `as_keras()`: `import keras` means minirnn |

Each older spelling gives one DeprecationWarning in a process, at the caller's line, which names the new one. Where
minirnn itself has nothing newer to offer (`preprocessing.text.Tokenizer`, `TimeseriesGenerator`, `model.reset_states`)
or Keras 3 still takes the spelling (`input_shape=`, `input_dim=`, `pad_sequences`), there is none.

Numbers are not translated: defaults are those of Keras 3. Keras 2 had `recurrent_activation="hard_sigmoid"` in LSTM and
GRU (as 0.2 x + 0.5, which Keras 3 has no more) and `GRU(reset_after=False)`; a script that counts on them says so.
"""

from minirnn.compat.aliasing import as_keras
from minirnn.compat.modules import names_of

__all__ = ["as_keras"]

__getattr__ = names_of(__name__)
