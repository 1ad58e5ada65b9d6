"""Losses of reinforcement learning."""

import numpy as np
from mpmath import mp, mpf

from tests.oracles import Terms, oracle, total
from tests.oracles.rows import log_softmax


@oracle
def td_loss(q, actions, rewards, next_q, done, *, gamma, next_q_online=None, kind="mse"):
    losses = []
    for i, a in enumerate(actions):
        choice = next_q[i] if next_q_online is None else next_q_online[i]
        best = max(range(len(choice)), key=lambda k: choice[k])
        aim = rewards[i] + mpf(gamma) * (1 - done[i]) * next_q[i][best]
        d = abs(q[i][a] - aim)
        losses.append(d * d if kind == "mse" else (d * d / 2 if d <= 1 else d - mpf(1) / 2))
    return losses


@oracle
def policy_gradient_loss(logits, actions, advantages, *, episodes=None, entropy_coef=0.0):
    losses = []
    for row, a, advantage in zip(logits, actions, advantages, strict=True):
        logs = log_softmax(row)
        entropy = -total([mp.exp(x) * x for x in logs])
        losses.append(-logs[a] * advantage - mpf(entropy_coef) * entropy)
    count = 1 if episodes is None else len(set(np.asarray(episodes).tolist()))
    share = mpf(count) / len(losses)
    return Terms(np.array(losses, dtype=object), np.full(len(losses), share, dtype=object))
