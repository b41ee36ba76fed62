"""Floor 5: model files. What reads them trusts no byte; what writes them replaces files as a whole.

`model_file` puts it together: `source` and `archive` (bytes), `json_text`, `schema` with `tables` and `kinds`
(configurations), `hdf5_reader` and `hdf5_writer`, `layout` and `weights_file` (arrays), `probe` (test
vectors), `atomic`.
"""
