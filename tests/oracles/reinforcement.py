"""Losses of reinforcement learning."""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import Terms, exact, exp, largest, number, oracle, times, total
from tests.oracles.classification import log_softmax


@oracle
def td_loss(q, actions, rewards, next_q, done, *, gamma, next_q_online=None, kind="mse"):
    # The aim r + gamma (1 - done) Q'(s', a') is a constant; a' = argmax Q', in double DQN argmax
    # of the online Q.
    if kind not in ("mse", "huber"):
        raise ValueError(f"kind is {kind!r}")
    q, rewards, next_q, done = exact(q), exact(rewards), exact(next_q), exact(done)
    online = next_q if next_q_online is None else exact(next_q_online)
    losses = np.empty(len(q), dtype=object)
    for i, action in enumerate(np.asarray(actions, dtype=object)):
        best = largest(online[i])
        ahead = mp.nan if mp.isnan(best) else next_q[i][list(online[i]).index(best)]
        size = abs(q[i][int(action)] - (rewards[i] + times(number(gamma) * (1 - done[i]), ahead)))
        inside = kind == "mse" or size <= 1
        losses[i] = (size**2 if kind == "mse" else size**2 / 2) if inside else size - mpf(1) / 2
    return losses


@oracle
def policy_gradient_loss(logits, actions, advantages, *, episodes=None, entropy_coef=0.0, log_probs=False):
    # The mean is the sum over all steps by the number of episodes: a step counts episodes/steps below.
    logits, advantages = exact(logits), exact(advantages)
    ids = [0] * len(logits) if episodes is None else list(np.asarray(episodes).tolist())
    losses, denominators = np.empty(len(logits), dtype=object), np.empty(len(logits), dtype=object)
    for i, action in enumerate(np.asarray(actions, dtype=object)):
        logs = list(logits[i]) if log_probs else log_softmax(logits[i])
        losses[i] = times(-logs[int(action)], advantages[i])
        if entropy_coef != 0:
            losses[i] += number(entropy_coef) * total([times(exp(x), x) for x in logs])
        denominators[i] = mpf(len(set(ids))) / len(ids)
    return Terms(losses, denominators)
