"""Losses of reinforcement learning: each row is one step."""

from typing import Any

import numpy as np

from fastloss.core import orders, validate
from fastloss.core.domains import ANY, BINARY, FRACTION, REAL, Choice, Flag, Free
from fastloss.core.errors import wrong_shape
from fastloss.rows import logits as softmax
from fastloss.rows import terms
from fastloss.rows.loss import Matrix, RowLoss, Rows, along, last_axis, row_loss
from fastloss.rows.row import formulas

__all__ = ["policy_gradient_loss", "td_loss"]


def _square(z):
    return z * z


def _square_slope(z):
    return 2.0 * z


def _square_curvature(z):
    return 2.0 + 0.0 * z


def _huber(z):
    return 0.5 * z * z if abs(z) <= 1.0 else abs(z) - 0.5


def _huber_slope(z):
    return -1.0 if z < -1.0 else (1.0 if z > 1.0 else z)


def _huber_curvature(z):
    return 1.0 if abs(z) <= 1.0 else (0.0 if abs(z) > 1.0 else z)


ERRORS: dict[str, dict[str, Any]] = {  # by `kind`
    "mse": {"value": _square, "slope": _square_slope, "curvature": _square_curvature},
    "huber": {"value": _huber, "slope": _huber_slope, "curvature": _huber_curvature},
}
BELLMAN = {kind: formulas(f"td_loss_{kind}", terms.of_bellman, **names) for kind, names in ERRORS.items()}
DOUBLE_BELLMAN = {
    kind: formulas(f"td_loss_{kind}_double", terms.of_double_bellman, **names) for kind, names in ERRORS.items()
}
STEP = {"rewards": REAL, "done": BINARY}


@row_loss(
    parameters={
        "gamma": FRACTION,
        "next_q_online": Free("an array of q's shape, or None"),
        "kind": Choice(("mse", "huber")),
    },
    curvature=True,
    vectors=STEP,
    reference="Mnih et al., Human-level control through deep reinforcement learning, 2015",
)
def td_loss(q, actions, rewards, next_q, done, *, gamma, next_q_online=None, kind="mse"):
    r"""Temporal-difference error of action values (deep Q-learning, and its double variant).

    .. math:: \ell = (Q(s, a) - y)^2, \qquad y = r + \gamma (1 - \text{done}) \max_{a'} Q'(s', a')

    No gradient flows through y. Where an episode is done, `next_q` is not read.

    Parameters
    ----------
    q : array_like of shape (N, A)
        The values Q of A actions in each state.
    actions : array_like of integers of shape (N,)
        The actions a taken: ids in [0, A).
    rewards : array_like of shape (N,)
        The rewards r.
    next_q : array_like of q's shape
        The target network's values Q' in the next states.
    done : array_like of shape (N,)
        Whether the episode ended with this step: 0 or 1, or bools.
    gamma : float in [0, 1]
        The discount factor of a step.
    next_q_online : array_like of q's shape, optional
        The online network's values in the next states. If given, their maximum selects the action whose `next_q` is
        used (double Q-learning).
    kind : {"mse", "huber"}
        "mse" is the square; "huber" is Huber's loss with delta 1, which has the factor 1/2.

    Returns
    -------
    float, or an array of shape (N,) for ``reduction="none"``
        The gradient is by `q`.

    Raises
    ------
    ValueError
        If shapes do not fit, an action is out of range, or an entry of `done` is neither 0 nor 1.

    References
    ----------
    V. Mnih et al., Human-level control through deep reinforcement learning, Nature, 2015; H. van Hasselt, A. Guez &
    D. Silver, Deep reinforcement learning with double Q-learning, AAAI 2016.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.td_loss([[1.0, 2.0]], [1], [0.5], [[3.0, 1.0]], [0], gamma=0.5)
    0.0
    >>> value, gradient = fastloss.td_loss.value_and_grad([[1.0, 2.0]], [1], [1.5], [[3.0, 1.0]], [0], gamma=0.5)
    >>> gradient.round(4).tolist()
    [[0.0, -2.0]]
    """
    names, values = ("q", "next_q"), (q, next_q)
    if next_q_online is not None:
        names, values = (*names, "next_q_online"), (*values, next_q_online)
    matrices = tuple(validate.matrix(name, value) for name, value in zip(names, values, strict=True))
    validate.same_shape(names, matrices)
    steps = matrices[0].shape[:1]
    vectors = (
        validate.indices("actions", actions, steps, matrices[0].shape[1]),
        validate.vector("rewards", rewards, steps, STEP["rewards"]),
    )
    ended = validate.vector("done", done, steps, STEP["done"])
    x, others = last_axis("q", q), (*vectors, matrices[1], ended)
    if next_q_online is None:
        return Rows(BELLMAN[kind], (x,), others, (gamma,))
    return Rows(DOUBLE_BELLMAN[kind], (x,), (*others, matrices[2]), (gamma,))


POLICY = {  # by log_probs
    False: formulas("policy_gradient_loss", softmax.of_policy),
    True: formulas("policy_gradient_loss_logged", softmax.of_logged_policy),
}


def _steps(logits, actions, entropy_coef: float, log_probs: bool) -> tuple[Matrix, np.ndarray]:
    """A row for each step, and in which column the action taken stands."""
    array = validate.real("logits", logits)
    if array.ndim == 2:
        return last_axis("logits", array), validate.indices("actions", actions, array.shape[:1], array.shape[1])
    if array.ndim != 1 or not log_probs:
        also = " or, with log_probs=True, one" if array.ndim == 1 else ""
        raise wrong_shape("logits", array.shape, f"two dimensions{also}")
    if actions is not None:
        raise ValueError("actions is given: expected None where logits has the log-probability of one action a step")
    if entropy_coef != 0.0:
        raise ValueError(f"entropy_coef is {entropy_coef:g}: expected 0, or log-probabilities of all actions")
    return along(array, ()), np.zeros(array.shape, np.int64)


class PolicyLoss(RowLoss):
    """One whose actions may be None."""

    others = frozenset({"actions"})

    def shape_of_losses(self, given):
        return tuple(given["logits"].shape[:1])

    def require_additive(self, parameters):
        raise ValueError(
            f"{self.name} divides by the number of episodes: expected a loss that divides by sums of weights"
        )


@row_loss(
    kind=PolicyLoss,
    parameters={
        "episodes": Free("an array of one id for each step, or None"),
        "entropy_coef": ANY,
        "log_probs": Flag(),
    },
    vectors={"advantages": REAL},
    reference="Williams, Simple statistical gradient-following algorithms, 1992",
)
def policy_gradient_loss(logits, actions, advantages, *, episodes=None, entropy_coef=0.0, log_probs=False):
    r"""Surrogate loss whose gradient is the policy gradient (REINFORCE), with an entropy bonus.

    .. math:: \ell_t = -A_t \log \pi(a_t) - \beta H(\pi), \qquad
        \pi = \operatorname{softmax}(\text{logits}_t), \; H(\pi) = -\sum_k \pi_k \log \pi_k

    with :math:`\beta` for `entropy_coef`. A logit of -inf excludes its action. No gradient goes through the advantages.

    Parameters
    ----------
    logits : array_like of shape (T, A)
        The policy's logits of A actions, a row for each step. With `log_probs`, the log-probabilities
        :math:`\log \pi` of the actions; or of shape (T,), the log-probabilities of the actions taken.
    actions : array_like of integers of shape (T,), or None
        The actions a taken: ids in [0, A). None if `logits` is of shape (T,).
    advantages : array_like of shape (T,)
        The advantages A, or returns.
    episodes : array_like of shape (T,), optional
        An id of the episode of each step, in any order. None is a single episode.
    entropy_coef : float
        The weight of the entropy bonus, which needs all actions of a step.
    log_probs : bool
        Whether `logits` holds log-probabilities (log-densities, if actions are continuous). Whether the probabilities
        of a step add up to 1 is not checked. The gradient is by the log-probabilities themselves: differentiate the
        function that made them, a softmax for instance, yourself.
    sample_weight : array_like, shape (T,), optional
        Weights w >= 0 of the steps.
    reduction : {"mean", "sum", "none"}
        "mean" is the sum of w * loss over all steps, divided by the number of episodes times the mean weight of a step;
        "sum" is that sum; "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none",
        those of the sum.

    Returns
    -------
    float, or an array of shape (T,) for ``reduction="none"``
        The gradient is by `logits`.

    Raises
    ------
    ValueError
        If shapes do not fit, an action is out of range, or log-probabilities of shape (T,) come with actions or an
        entropy bonus.

    References
    ----------
    R. J. Williams, Simple statistical gradient-following algorithms for connectionist reinforcement learning, Machine
    Learning, 1992.

    Examples
    --------
    >>> import fastloss
    >>> fastloss.policy_gradient_loss([[0.0, 0.0], [0.0, 0.0]], [0, 1], [1.0, 3.0], episodes=[7, 8])
    1.3862943611198906
    >>> fastloss.policy_gradient_loss([-0.5, -0.25], None, [1.0, 3.0], episodes=[7, 8], log_probs=True)
    0.625
    >>> logits, actions, returns = [[0.0, 0.0], [0.0, 0.0]], [0, 1], [1.0, 3.0]
    >>> value, gradient = fastloss.policy_gradient_loss.value_and_grad(logits, actions, returns, episodes=[7, 8])
    >>> gradient.tolist()
    [[-0.25, 0.25], [0.75, -0.75]]
    """
    x, taken = _steps(logits, actions, entropy_coef, log_probs)
    steps = taken.shape
    vectors = taken, validate.vector("advantages", advantages, steps)
    count = 1 if episodes is None else orders.distinct(validate.ids("episodes", episodes, steps)).size
    mass = np.full(steps, count / max(steps[0], 1))
    divisor = float(count) if steps[0] else 0.0
    return Rows(POLICY[log_probs], (x,), vectors, (entropy_coef,), mass=mass, divisor=divisor)
