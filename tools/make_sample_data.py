"""Make the ranking sample that ships with fastloss: a LambdaRank model's scores on example data.

    python tools/make_sample_data.py FOLDER [OUTPUT]

FOLDER holds `rank.train`, `rank.test` (libsvm) and their `.query` files, from
`examples/lambdarank` of the LightGBM repository. Needs lightgbm, scikit-learn and pyarrow.
"""

import argparse
import pathlib

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.datasets import load_svmlight_file

OUTPUT = pathlib.Path("fastloss/data/lambdarank_test.parquet")
FEATURES = 301  # the files number theirs from 1 to 300; column 0 stays empty
SETTINGS = {
    "objective": "lambdarank",
    "learning_rate": 0.1,
    "num_leaves": 31,
    "seed": 0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def read(folder: pathlib.Path, name: str) -> tuple[object, np.ndarray, np.ndarray]:
    """Features, labels and the rows of each query."""
    features, labels = load_svmlight_file(str(folder / name), n_features=FEATURES, zero_based=True)
    return features, labels, np.loadtxt(folder / f"{name}.query", dtype=np.int64)


def main() -> None:
    """Train, predict, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path, nargs="?", default=OUTPUT)
    options = parser.parse_args()
    features, labels, sizes = read(options.folder, "rank.train")
    training = lightgbm.Dataset(features, labels, group=sizes)
    model = lightgbm.train(SETTINGS, training, num_boost_round=50)
    features, labels, sizes = read(options.folder, "rank.test")
    columns = {
        "query": np.repeat(np.arange(len(sizes), dtype=np.int32), sizes),
        "label": labels.astype(np.int8),
        "score": model.predict(features).astype(np.float32),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), options.output, compression="zstd", use_dictionary=False)


if __name__ == "__main__":
    main()
