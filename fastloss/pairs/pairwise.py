"""Ranking losses over the pairs of scores of a group."""

from fastloss.compile.elementary import exp, sigmoid, softplus
from fastloss.core.domains import AT_LEAST_ZERO, SIGN_OR_BINARY, STEEPNESS
from fastloss.pairs.loss import PAIRS, multiplier_first, multiplier_sign, pairwise

__all__ = [
    "pairwise_exponential_loss",
    "pairwise_hinge_loss",
    "pairwise_logistic_loss",
    "pairwise_squared_hinge_loss",
    "soft_pairwise_loss",
]


def _logistic(gap, sigma):
    return softplus(-sigma * gap)


def _logistic_slope(gap, sigma):
    return -sigma * sigmoid(-sigma * gap)


def _logistic_curvature(gap, sigma):
    p = sigmoid(-sigma * abs(gap))
    return (sigma * p) * (sigma * (1.0 - p))  # sigma**2 may be infinite


def _logistic_tails(s):
    return (0.0, s, 1.0, 1.0), (-s, 0.0, s, -s), (0.0, 0.0, s * s, s * s)


@pairwise(
    _logistic,
    _logistic_slope,
    _logistic_curvature,
    parameters={"pairs": PAIRS, "sigma": STEEPNESS},
    exponential_form=True,
    tails=_logistic_tails,
    reference="Burges et al., Learning to rank using gradient descent, 2005",
)
def pairwise_logistic_loss(scores, labels, *, pairs="ordered", sigma=1.0):
    r"""Logistic loss of all pairs of rows with different labels (RankNet).

    .. math:: \log(1 + e^{-\sigma (s_i - s_j)})

    Parameters
    ----------
    {scores}
    {ordered_labels}
    pairs : {"ordered", "all"}
        "ordered": the pairs of a group with y_i > y_j. "all": the double sum over every i and j of
        :math:`\log(1 + e^{-\sigma (y_i - y_j)(s_i - s_j)})`, in which pairs of equal labels cost log 2 each. With
        more than 64 different labels it takes time quadratic in the rows, whatever the `method`.
    {sigma}

    Returns
    -------
    float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)

    Raises
    ------
    {pair_errors}

    References
    ----------
    Burges et al., Learning to rank using gradient descent, ICML 2005.

    Examples
    --------
    >>> import fastloss
    >>> loss = fastloss.pairwise_logistic_loss([2.0, 1.0, 3.0], [1, 0, 0], with_counts=True)
    >>> print(f"{loss[0]:.4f} over {loss[1]} pairs")
    0.8133 over 2 pairs
    >>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, 0, 0, 1], [7, 7, 8, 8]
    >>> value, gradient = fastloss.pairwise_logistic_loss.value_and_grad(scores, labels, groups=queries)
    >>> print(f"{value:.6f}", gradient.round(6).tolist())
    1.446076 [-0.134471, 0.134471, 0.462071, -0.462071]
    """
    return (sigma,)


@pairwise(
    _logistic,
    _logistic_slope,
    _logistic_curvature,
    parameters={"sigma": STEEPNESS},
    tails=_logistic_tails,
    all_pairs=multiplier_sign,
    labels=SIGN_OR_BINARY,
    reference="Burges et al., Learning to rank using gradient descent, 2005",
)
def soft_pairwise_loss(scores, labels, *, sigma=1.0):
    r"""Logistic loss of every pair, signed by the first item's label.

    .. math:: \log(1 + e^{-\sigma y_i (s_i - s_j)}) \text{ over every } i, j

    The multiplier is y_i, not y_i - y_j, and i = j is included: N rows of equal score give N^2 log 2.

    Parameters
    ----------
    {scores}
    labels : array_like, shape (N,)
        -1 and 1; or 0 and 1 throughout, where 0 means -1.
    {sigma}

    Returns
    -------
    float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)

    Raises
    ------
    {pair_errors}

    References
    ----------
    Burges et al., Learning to rank using gradient descent, ICML 2005, with the labels' signs in the exponent.

    Examples
    --------
    >>> import fastloss
    >>> print(f"{fastloss.soft_pairwise_loss([1.0, 2.0], [1, -1]):.6f}")
    1.003204
    >>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, -1, -1, 1], [7, 7, 8, 8]
    >>> value, gradient = fastloss.soft_pairwise_loss.value_and_grad(scores, labels, groups=queries)
    >>> print(f"{value:.6f}", gradient.round(6).tolist())
    1.069611 [-0.067235, 0.067235, 0.231035, -0.231035]
    """
    return (sigma,)


def _hinge(gap, margin):
    d = margin - gap
    return 0.0 if d < 0.0 else d


def _hinge_slope(gap, margin):
    d = margin - gap
    return -1.0 if d >= 0.0 else (0.0 if d < 0.0 else d)


@pairwise(
    _hinge,
    _hinge_slope,
    parameters={"pairs": PAIRS, "margin": AT_LEAST_ZERO},
    all_pairs=multiplier_first,
    power=1,
    reference="Joachims, Optimizing search engines using clickthrough data, 2002",
)
def pairwise_hinge_loss(scores, labels, *, pairs="ordered", margin=1.0):
    r"""Hinge loss of all pairs of rows with different labels.

    .. math:: \max(0, m - (s_i - s_j))

    Parameters
    ----------
    {scores}
    {ordered_labels}
    pairs : {"ordered", "all"}
        "ordered": the pairs of a group with y_i > y_j. "all": the double sum over every i and j, i = j included, of
        :math:`\max(0, m - y_i (s_i - s_j))`, in N log N. Labels may be any numbers and are used unchanged: a row of
        label 0 costs m against each row. For 0 and 1 to mean -1 and 1, pass ``2 * labels - 1``.
    {pair_margin}

    Returns
    -------
    float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)
        The slope of a pair whose gap is the margin itself is that of the side where the loss is positive, as in
        PyTorch's ``margin_ranking_loss``.

    Raises
    ------
    {pair_errors}

    References
    ----------
    Joachims, Optimizing search engines using clickthrough data, KDD 2002.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.pairwise_hinge_loss([2.0, 1.5, 3.0], [1, 0, 0])
    1.25
    >>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, 0, 0, 1], [7, 7, 8, 8]
    >>> value, gradient = fastloss.pairwise_hinge_loss.value_and_grad(scores, labels, groups=queries)
    >>> print(f"{value:.6f}", gradient.round(6).tolist())
    1.750000 [-0.5, 0.5, 0.5, -0.5]
    """
    return (margin,)


def _squared_hinge(gap, margin):
    d = margin - gap
    return 0.0 if d < 0.0 else d * d


def _squared_hinge_slope(gap, margin):
    d = margin - gap
    return 0.0 if d < 0.0 else -2.0 * d


def _squared_hinge_curvature(gap, margin):
    d = margin - gap
    return 2.0 if d >= 0.0 else (0.0 if d < 0.0 else d)


@pairwise(
    _squared_hinge,
    _squared_hinge_slope,
    _squared_hinge_curvature,
    parameters={"pairs": PAIRS, "margin": AT_LEAST_ZERO},
    all_pairs=multiplier_first,
    power=2,
    reference="Chapelle and Keerthi, Efficient algorithms for ranking with SVMs, 2010",
)
def pairwise_squared_hinge_loss(scores, labels, *, pairs="ordered", margin=1.0):
    r"""Squared hinge loss of all pairs of rows with different labels.

    .. math:: \max(0, m - (s_i - s_j))^2

    Parameters
    ----------
    {scores}
    {ordered_labels}
    pairs : {"ordered", "all"}
        "ordered": the pairs of a group with y_i > y_j. "all": the double sum over every i and j, i = j included, of
        :math:`\max(0, m - y_i (s_i - s_j))^2`, in N log N. Labels may be any numbers and are used unchanged: a row of
        label 0 costs m^2 against each row. For 0 and 1 to mean -1 and 1, pass ``2 * labels - 1``.
    {pair_margin}

    Returns
    -------
    float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)
        The second derivative of a pair whose gap is the margin itself is that of the side where the loss is positive.

    Raises
    ------
    {pair_errors}

    References
    ----------
    Chapelle and Keerthi, Efficient algorithms for ranking with SVMs, Information Retrieval 2010.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.pairwise_squared_hinge_loss([2.0, 1.5, 3.0], [1, 0, 0])
    2.125
    >>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, 0, 0, 1], [7, 7, 8, 8]
    >>> value, gradient = fastloss.pairwise_squared_hinge_loss.value_and_grad(scores, labels, groups=queries)
    >>> print(f"{value:.6f}", gradient.round(6).tolist())
    6.125000 [0.0, 0.0, 3.5, -3.5]
    """
    return (margin,)


def _exponential(gap, sigma):
    return exp(-sigma * gap)


def _exponential_slope(gap, sigma):
    return -sigma * exp(-sigma * gap)


def _exponential_curvature(gap, sigma):
    return sigma * sigma * exp(-sigma * gap)


@pairwise(
    _exponential,
    _exponential_slope,
    _exponential_curvature,
    parameters={"pairs": PAIRS, "sigma": STEEPNESS},
    separable=True,
    reference="Freund et al., An efficient boosting algorithm for combining preferences, 2003",
)
def pairwise_exponential_loss(scores, labels, *, pairs="ordered", sigma=1.0):
    r"""Exponential loss of all pairs of rows with different labels (RankBoost).

    .. math:: e^{-\sigma (s_i - s_j)}

    Parameters
    ----------
    {scores}
    {ordered_labels}
    pairs : {"ordered", "all"}
        "ordered": the pairs of a group with y_i > y_j. "all": the double sum over every i and j of
        :math:`e^{-\sigma (y_i - y_j)(s_i - s_j)}`. With more than 64 different labels it takes time quadratic in
        the rows, whatever the `method`.
    {sigma}

    Returns
    -------
    float, or ndarray for the reductions "none", shape (N,), and "per_group", shape (G,)

    Raises
    ------
    {pair_errors}

    References
    ----------
    Freund et al., An efficient boosting algorithm for combining preferences, JMLR 2003.

    Examples
    --------
    >>> import fastloss
    >>> print(f"{fastloss.pairwise_exponential_loss([2.0, 1.0], [1, 0]):.6f}")
    0.367879
    >>> scores, labels, queries = [2.0, 1.0, 3.0, 0.5], [1, 0, 0, 1], [7, 7, 8, 8]
    >>> value, gradient = fastloss.pairwise_exponential_loss.value_and_grad(scores, labels, groups=queries)
    >>> print(f"{value:.6f}", gradient.round(6).tolist())
    6.275187 [-0.18394, 0.18394, 6.091247, -6.091247]
    """
    return (sigma,)
