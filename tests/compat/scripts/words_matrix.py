# Keras 2: texts to numbers with a Tokenizer, two classes from one output
# ruff: noqa
import numpy as np
from keras.layers import GRU, Dense
from keras.models import Sequential
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer
from keras.utils.np_utils import to_categorical

docs = ["Well done!", "Good work", "Great effort", "nice work", "Excellent!",
        "Weak", "Poor effort!", "not good", "poor work", "Could have done better."]  # fmt: skip
labels = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
t = Tokenizer(nb_words=20)
t.fit_on_texts(docs)
vocab_size = len(t.word_index) + 1
padded = pad_sequences(t.texts_to_sequences(docs), maxlen=4, padding="post")
x = to_categorical(padded, vocab_size)

model = Sequential()
model.add(GRU(16, input_shape=(4, vocab_size)))
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, labels, epochs=60, verbose=0)
loss, accuracy = model.evaluate(x, labels, verbose=0)

assert set(history.history) == {"loss", "accuracy"} and 0 <= accuracy <= 1
assert loss < history.history["loss"][0]
assert model.predict_classes(x).shape == (10, 1) and t.texts_to_matrix(docs, mode="tfidf").shape == (10, 20)
WARNS = ["minirnn.utils.np_utils", "nb_words=", "model.predict_classes(x)"]
