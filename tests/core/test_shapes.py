"""What a loss says of the shape of its value before it is computed, as other libraries' compilers ask."""

import numpy as np
import pytest

from fastloss.ahead.cases import all_cases


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_shapes_are_those_of_the_values(case):
    loss = case.loss
    arrays = dict(zip(loss.arguments, case.arrays, strict=False))
    given = {**dict.fromkeys(("groups", "offsets")), **loss.defaults, **arrays, **case.keywords}
    for reduction in loss.reductions:
        said = loss.shape_of_value(reduction, given)
        found = np.shape(loss(*case.arrays, **case.keywords, reduction=reduction))
        assert len(said) == len(found)
        assert all(one in (None, other) for one, other in zip(said, found, strict=True))


def test_a_number_of_groups_that_only_the_data_tell():
    (loss,) = {case.loss for case in all_cases() if case.loss.name == "lambdarank_loss"}
    given = {"scores": np.zeros(4), "groups": np.zeros(4), "offsets": None}
    assert loss.shape_of_value("none", given) == loss.shape_of_value("per_group", given) == (None,)
    assert loss.shape_of_value("none", {**given, "groups": None, "offsets": np.array([0, 1, 4])}) == (2,)
