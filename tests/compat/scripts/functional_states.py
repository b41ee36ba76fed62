# Keras 1 and 2: Model(input=, output=), an encoder whose states begin the decoder
# ruff: noqa
import numpy as np
from keras.engine.topology import Input
from keras.engine.training import Model
from keras.layers import LSTM, Activation, Dense

encoder_inputs = Input(shape=(None, 5))
encoder = LSTM(8, return_state=True)
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
decoder_inputs = Input(batch_shape=(None, None, 4))
decoder_lstm = LSTM(8, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=[state_h, state_c])
decoder_outputs = Activation("softmax")(Dense(4)(decoder_outputs))
model = Model(input=[encoder_inputs, decoder_inputs], output=decoder_outputs)
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", sample_weight_mode=None)

rng = np.random.RandomState(1)
source, target = rng.uniform(size=(12, 7, 5)), np.eye(4)[rng.randint(0, 4, size=(12, 6))]
history = model.fit([source, target], target, nb_epoch=8, batch_size=4, verbose=0)

encoder_model = Model(encoder_inputs, [state_h, state_c])
assert [state.shape for state in encoder_model.predict(source, verbose=0)] == [(12, 8), (12, 8)]
assert history.history["loss"][-1] < history.history["loss"][0]
WARNS = [
    "minirnn.engine.topology", "minirnn.engine.training", "input=", "output=", "sample_weight_mode=", "nb_epoch=",
]  # fmt: skip
