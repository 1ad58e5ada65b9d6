"""Interactions as a sparse matrix: what counts as one, and arrays that contradict each other."""

import numpy as np
import pytest
from scipy import sparse

import fastloss
from tests.core.test_arguments import ITEMS, USERS, refuses

STORED = sparse.csr_matrix(([1, 0, 1], [0, 1, 2], [0, 2, 3]), shape=(2, 4))


@pytest.mark.parametrize("format", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_stored_zeros_are_no_interactions(kind, format):
    expected = fastloss.bpr_all_negatives_loss(USERS, ITEMS, ([0, 1, 2], [0, 2]))
    assert fastloss.bpr_all_negatives_loss(USERS, ITEMS, kind(STORED).asformat(format)) == expected


def test_stored_twice_is_added_up_and_left_as_it_is():
    expected = fastloss.bpr_all_negatives_loss(USERS, ITEMS, ([0, 1, 2], [0, 2]))
    twice = np.array([255, 1, 1], np.uint8), [0, 0, 2], [0, 2, 3]  # as uint8 they would add up to 0
    matrix = sparse.csr_matrix(twice, shape=(2, 4))
    assert fastloss.bpr_all_negatives_loss(USERS, ITEMS, matrix) == expected
    assert matrix.data.tolist() == [255, 1, 1]
    cancelled = sparse.coo_array(([1, -1, 1, 1], ([0, 0, 0, 1], [1, 1, 0, 2])), shape=(2, 4))
    assert fastloss.bpr_all_negatives_loss(USERS, ITEMS, cancelled) == expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (sparse.csr_matrix(([1, -1, 1], [0, 1, 2], [0, 2, 3]), shape=(2, 4)), r"interactions\[0, 1\] is -1: expected"),
        (sparse.csr_matrix(([1.0, np.nan], [0, 3], [0, 0, 2]), shape=(2, 4)), r"interactions\[1, 3\] is nan"),
        (STORED.T, r"interactions has shape \(4, 2\): expected \(2, 4\)"),
        (sparse.csr_matrix((3, 4)), "interactions has shape"),
        (STORED.astype(complex), "interactions has dtype complex128"),
        (STORED.toarray(), "interactions: expected a sparse matrix"),
        ((np.ma.array([0, 1, 2]), [0, 2]), r"interactions\[0\] is a masked array"),
        (([0, 1, 2], [0, 2**63]), rf"interactions\[1\]\[1\] is {2**63}"),
        (([0, 1, 2], [0, 0.5]), r"interactions\[1\]\[1\] is 0\.5"),
    ],
)
def test_wrong_interactions(wrong, message):
    refuses((TypeError, ValueError), message, fastloss.bpr_all_negatives_loss, USERS, ITEMS, wrong)


def damaged(format, name, change):
    """Interactions whose array `name` is another one, or has another element."""
    matrix = STORED.asformat(format, copy=True)
    if callable(change):
        setattr(matrix, name, change(getattr(matrix, name)))
    else:
        getattr(matrix, name)[change[0]] = change[1]
    return matrix


@pytest.mark.parametrize(
    ("format", "name", "change", "message"),
    [
        *((format, "indices", (0, 9), r"indices\[0\] is 9") for format in ("csr", "csc", "bsr")),
        *((format, "indices", (1, -1), r"indices\[1\] is -1") for format in ("csr", "csc")),
        *((format, "indptr", (1, 99), r"indptr\[1\] is 99") for format in ("csr", "csc", "bsr")),
        *((format, "indptr", (1, -5), r"indptr\[1\] is -5") for format in ("csr", "csc", "bsr")),
        *((format, "indptr", (0, 1), r"indptr\[0\] is 1") for format in ("csr", "csc")),
        ("csc", "indptr", (1, 3), r"indptr\[2\] is 2: expected at least the one before, 3"),
        ("csr", "indptr", lambda ends: ends[:-1], "indptr has 2 elements: expected 3"),
        ("csr", "indices", lambda numbers: numbers[:1], r"indptr\[1\] is 2"),
        ("csc", "data", lambda values: values[:1], r"indptr\[\d\] is 2"),
        ("csc", "indices", lambda numbers: numbers * 1.0, "indices has dtype float64"),
        ("bsr", "data", lambda values: np.ones((9, 3, 3)), r"data has blocks of shape \(3, 3\)"),
        ("coo", "row", (0, 7), r"row\[0\] is 7"),
        ("coo", "col", (2, -4), r"col\[2\] is -4"),
        ("coo", "data", lambda values: values[:1], r"row has shape \(3,\)"),
        ("dia", "offsets", (0, 2**30), r"offsets\[0\] is 1073741824: expected a whole number in \[-1, 4\)"),
        ("dia", "data", lambda values: values[:1], "data has shape"),
        ("lil", "rows", (0, [0, 9]), r"indices\[1\] is 9"),
        ("lil", "rows", (1, [2, 3]), r"rows\[1\] has another length"),
    ],
)
def test_a_sparse_matrix_that_points_beyond_itself(format, name, change, message):
    wrong = damaged(format, name, change)
    refuses(ValueError, rf"^interactions\.{message}", fastloss.bpr_all_negatives_loss, USERS, ITEMS, wrong)


def test_the_key_of_a_dictionary_beyond_the_matrix():
    wrong = STORED.todok()
    wrong._dict[(7, 7)] = 1
    refuses(ValueError, "^interactions", fastloss.bpr_all_negatives_loss, USERS, ITEMS, wrong)


@pytest.mark.parametrize("format", ["csr", "csc", "bsr"])
def test_arrays_longer_than_what_is_stored(format):
    """SciPy leaves room behind the last element, with anything in it."""
    matrix = STORED.asformat(format, copy=True)
    expected = fastloss.bpr_all_negatives_loss(USERS, ITEMS, matrix)
    matrix.indices = np.append(matrix.indices, 99).astype(np.int32)
    matrix.data = np.concatenate((matrix.data, matrix.data[:1]))
    assert fastloss.bpr_all_negatives_loss(USERS, ITEMS, matrix) == expected
    assert matrix.indices[-1] == 99
