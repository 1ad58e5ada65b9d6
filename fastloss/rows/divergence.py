"""Losses of one distribution relative to another, with gradients for either.

Where the data's probability p is 0, its slope is infinite in some: it is taken to be 0 there, as in `entropy`.
"""

import math

from fastloss.compile.elementary import INFINITY, exp, log, unless_nan
from fastloss.core.domains import REAL, UNIT, Choice, Flag
from fastloss.rows import terms
from fastloss.rows.loss import Matrix, RowLoss, Rows, row_loss
from fastloss.rows.probability import cross, cross_curvature, cross_slope, ratio, termwise, two_rows
from fastloss.rows.row import formulas

__all__ = ["kl_divergence", "soft_cross_entropy"]

LIFT = 2.0**120
LOG_LIFT = 120.0 * math.log(2.0)


def _cross_slope_by_data(q, p):
    slope = -log(q)
    return unless_nan(p, 0.0 if p == 0.0 and q == 0.0 else slope)


def _straight(model, data):
    return unless_nan(model, unless_nan(data, 0.0))


WRT = Choice(("q", "p", "both"))


def by_side(name, model, data, first=UNIT, second=UNIT, shares=None):
    """Formulas of the model's number q and the data's p, by whose gradient is wanted.

    `model` is (value, slope, curvature), the derivatives being in q, and `data` is (slope, curvature) in p. Operands
    are (q, p) for a gradient in q, else (p, q). A divergence has `shares`, the probabilities (p, q).
    """
    of_model = termwise(name, model, first, second)
    if shares is not None:
        more = {"floored": terms.of_distributions, "shares": shares}
        of_model = formulas(name, terms.of_terms, **{**dict(of_model.names), **more})
    names = {**dict(of_model.names), "load": terms.load_swapped, "slope": data[0], "curvature": data[1]}
    of_both = {key: one for key, one in names.items() if key != "curvature"} | {"slope_of_second": model[1]}
    return {
        "q": of_model,
        "p": formulas(f"{name}_by_p", terms.of_terms, **names),
        "both": formulas(f"{name}_by_both", terms.of_terms_of_both, 2, **of_both),
    }


def _takes_two_passes(request):
    return request.what == "grad_hess" and request.arguments["wrt"] == "both"


class EitherSide(RowLoss):
    """A loss of two distributions; `wrt` says whose gradient is wanted."""

    def gradients_by(self, given):
        return self.arguments if given["wrt"] == "both" else (given["wrt"],)

    def _plan(self, args, request):
        return None if _takes_two_passes(request) else super()._plan(args, request)

    def _run(self, request):
        if not _takes_two_passes(request):
            return super()._run(request)
        # a pass writes the second derivatives of one argument
        by_p, by_q = (super(EitherSide, self)._run(request.with_arguments(wrt=wrt)) for wrt in ("p", "q"))
        by_q.gradients = (*by_p.gradients, *by_q.gradients)
        by_q.curvatures = (*by_p.curvatures, *by_q.curvatures)
        return by_q


def _sides(by_wrt, wrt, matrices: tuple[Matrix, Matrix], checked) -> Rows:
    """What is to be computed of the data p and the model q."""
    data, model = matrices
    own, others = {"q": ((model,), (data.rows,)), "p": ((data,), (model.rows,)), "both": ((data, model), ())}[wrt]
    return Rows(by_wrt[wrt], own, others, checked=checked)


SOFT = by_side("soft_cross_entropy", (cross, cross_slope, cross_curvature), (_cross_slope_by_data, _straight))


@row_loss(kind=EitherSide, parameters={"wrt": WRT}, curvature=True, reference="Good, Rational decisions, 1952")
def soft_cross_entropy(p, q, *, wrt="q"):
    r"""Cross-entropy of the model's distributions relative to the data's.

    .. math:: H(p, q) = -\sum_k p_k \log q_k = D(p \| q) + H(p)

    With 0 log 0 = 0; q = 0 < p costs infinity. The derivatives are :math:`-p_k / q_k` by q and :math:`-\log q_k` by p;
    where both are 0, they are set to 0.

    Parameters
    ----------
    p : array_like of shape (..., C)
        The data's distributions: numbers in [0, 1].
    q : array_like of the same shape
        The model's distributions.
    wrt : {"q", "p", "both"}
        The argument of the derivatives; "both" returns tuples, for p and for q.

    Returns
    -------
    float, or an array of shape (...) for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, or a number is outside [0, 1].

    References
    ----------
    I. J. Good, Rational decisions, Journal of the Royal Statistical Society B, 1952.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.soft_cross_entropy([[0.5, 0.5]], [[0.25, 0.75]])
    0.8369882167858358
    >>> value, gradient = fastloss.soft_cross_entropy.value_and_grad([[0.5, 0.5]], [[0.25, 0.75]])
    >>> gradient.round(4).tolist()
    [[-2.0, -0.6667]]
    """
    return _sides(SOFT, wrt, two_rows(p, q, ("p", "q")), (("q", UNIT, q), ("p", UNIT, p)))


def _lifted(p):
    """A probability that is nearly 0 times 2**120, and the logarithm of that."""
    tiny = p < 1e-270
    return (p * LIFT if tiny else p), (LOG_LIFT if tiny else 0.0)


def _log_ratio(p, q):
    """log(p / q) for p, q in (0, 1], within 4 ulp: where they are near, from their difference, which is exact.

    That is as `log1p` does it; beside numbers below 1e-270 the error is at most that of a logarithm of 2**120. Both
    ways share the logarithm, since branches with one each would not become packed instructions.
    """
    near = p < 2.0 * q and q < 2.0 * p
    (above, more), (below, less) = _lifted(p), _lifted(q)
    x = (p - q) / q
    u = 1.0 + x
    return log(u if near else above / below) + ((x - (u - 1.0)) / u if near else less - more)


def _divergence(q, p):
    ratio = _log_ratio(p, q)  # before any branch: loops with one become packed instructions seldom
    term = INFINITY * p if q == 0.0 else p * ratio
    return unless_nan(q, 0.0) if p == 0.0 else term


def _divergence_slope_by_data(q, p):
    ratio = _log_ratio(p, q)
    slope = INFINITY * p if q == 0.0 else ratio + 1.0
    return unless_nan(q, 0.0) if p == 0.0 else slope


def _shares(q, p):
    return p, q


def _shares_of_log_p(q, log_p):
    return exp(log_p), q


def _shares_of_log_q(log_q, p):
    return p, exp(log_q)


def _shares_of_logs(log_q, log_p):
    return exp(log_p), exp(log_q)


def _inverse(q, p):
    """1 / p, 0 where p is 0."""
    return unless_nan(q, 0.0 if p == 0.0 else 1.0 / p)


def _times_p(log_p, x):
    """P times x; an x that is infinite, as where q is 0, stays so whatever the rounded p."""
    return exp(log_p) * x if abs(x) < INFINITY else x


def _from_logs(log_q, log_p):
    return unless_nan(log_q, 0.0) if log_p == -INFINITY else _times_p(log_p, log_p - log_q)


def _from_logs_slope_by_data(log_q, log_p):
    return unless_nan(log_q, 0.0) if log_p == -INFINITY else _times_p(log_p, log_p - log_q + 1.0)


def _from_logs_curvature_by_data(log_q, log_p):
    return unless_nan(log_q, 0.0) if log_p == -INFINITY else _times_p(log_p, log_p - log_q + 2.0)


def _from_logs_slope(log_q, log_p):
    return unless_nan(log_q, -exp(log_p))


def _from_log_p(q, log_p):
    return _from_logs(log(q), log_p)


def _from_log_p_slope_by_data(q, log_p):
    return _from_logs_slope_by_data(log(q), log_p)


def _from_log_p_curvature_by_data(q, log_p):
    return _from_logs_curvature_by_data(log(q), log_p)


def _from_log_p_slope(q, log_p):
    return -ratio(exp(log_p), q)


def _from_log_p_curvature(q, log_p):
    return ratio(ratio(exp(log_p), q), q)


def _from_log_q(log_q, p):
    term = p * (log(p) - log_q)
    return unless_nan(log_q, 0.0) if p == 0.0 else term


def _from_log_q_slope(log_q, p):
    return unless_nan(log_q, -p)


def _from_log_q_slope_by_data(log_q, p):
    slope = log(p) - log_q + 1.0
    return unless_nan(log_q, 0.0) if p == 0.0 else slope


DIVERGENCES = {  # by log_p, log_q
    (False, False): by_side(
        "kl_divergence",
        (_divergence, cross_slope, cross_curvature),
        (_divergence_slope_by_data, _inverse),
        shares=_shares,
    ),
    (True, False): by_side(
        "kl_divergence_log_p",
        (_from_log_p, _from_log_p_slope, _from_log_p_curvature),
        (_from_log_p_slope_by_data, _from_log_p_curvature_by_data),
        second=REAL,
        shares=_shares_of_log_p,
    ),
    (False, True): by_side(
        "kl_divergence_log_q",
        (_from_log_q, _from_log_q_slope, _straight),
        (_from_log_q_slope_by_data, _inverse),
        first=REAL,
        shares=_shares_of_log_q,
    ),
    (True, True): by_side(
        "kl_divergence_logs",
        (_from_logs, _from_logs_slope, _straight),
        (_from_logs_slope_by_data, _from_logs_curvature_by_data),
        REAL,
        REAL,
        _shares_of_logs,
    ),
}


@row_loss(
    kind=EitherSide,
    parameters={"log_p": Flag(), "log_q": Flag(), "wrt": WRT},
    curvature=True,
    reference="Kullback & Leibler, On information and sufficiency, 1951",
)
def kl_divergence(p, q, *, log_p=False, log_q=False, wrt="q"):
    r"""Kullback-Leibler divergence of the model's distributions from the data's, one for each row.

    .. math:: D(p \| q) = \sum_k p_k \log \frac{p_k}{q_k}

    With 0 log 0 = 0; q = 0 < p costs infinity. The mean is over rows (what PyTorch's `kl_div` calls "batchmean").

    The derivatives are :math:`-p_k / q_k` by q and :math:`\log (p_k / q_k) + 1` by p; by logarithms, each is multiplied
    by its probability. That by p is minus infinity at p = 0, where automatic differentiation gives NaN; here it is set
    to 0, so that a class of probability 0 keeps it.

    Parameters
    ----------
    p : array_like of shape (..., C)
        The data's distributions: numbers in [0, 1], or their logarithms.
    q : array_like of the same shape
        The model's distributions.
    log_p, log_q : bool
        Whether `p`, or `q`, holds logarithms of probabilities.
    wrt : {"q", "p", "both"}
        The argument of the derivatives: "q" in distillation, "p" where the model is the first argument (a penalty on a
        policy's distance to another); "both" returns tuples, for p and for q. They are derivatives by the elements as
        given, probabilities or logarithms.

    Returns
    -------
    float, or an array of shape (...) for ``reduction="none"``

    Raises
    ------
    ValueError
        If the shapes differ, or a probability is outside [0, 1].

    References
    ----------
    S. Kullback & R. A. Leibler, On information and sufficiency, Annals of Mathematical Statistics, 1951.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])
    0.14384103622589048
    >>> value, slopes = fastloss.kl_divergence.value_and_grad([[0.5, 0.5]], [[0.25, 0.75]], wrt="p")
    >>> slopes.round(4).tolist()
    [[1.6931, 0.5945]]
    """
    checked = (("q", REAL if log_q else UNIT, q), ("p", REAL if log_p else UNIT, p))
    return _sides(DIVERGENCES[log_p, log_q], wrt, two_rows(p, q, ("p", "q")), checked)
