"""What objectives and metrics of all libraries have in common: derivatives, transforms, the start, errors, copies."""

import abc
import contextlib
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from fastloss.boosting import second, start
from fastloss.boosting.links import IDENTITY, LINKS, SIGMOID, SOFTMAX, chained
from fastloss.boosting.scored import METRICS, Sample, Scored
from fastloss.core.domains import AT_LEAST_ZERO, POSITIVE, Choice

# What predictions of losses that take logits are
TRANSFORMS = {
    "binary_cross_entropy_with_logits": SIGMOID,
    "focal_loss": SIGMOID,
    "soft_margin_loss": SIGMOID,
    **dict.fromkeys(second.SOFTMAX, SOFTMAX),
}


class Adapter(abc.ABC):
    """A loss for one library: how it is shown and copied, and how errors of data become the library's own."""

    library: ClassVar[str]
    error: ClassVar[type[Exception]]  # of the library, for data that it refuses

    def __init__(self, name: str, link: str, parameters: dict[str, Any], **settings: Any):
        self.scored = Scored(name, link, parameters)
        self._given = {**{word: one for word, one in settings.items() if one is not None}, **parameters}
        self.__name__ = name

    def __repr__(self) -> str:
        words = "".join(f", {word}={value!r}" for word, value in self._given.items())
        return f"{type(self).__name__.lower()}({self.scored.name!r}, {self.library!r}{words})"

    def __deepcopy__(self, memo: dict[int, Any]) -> "Adapter":
        """Return itself, which never changes: scikit-learn clones estimators only if parameters stay what they are."""
        return self

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Turn an error of an argument into the library's own."""
        try:
            yield
        except (TypeError, ValueError) as error:
            if isinstance(error, self.error):
                raise
            raise self.error(f"{self.scored.name}: {error}") from error

    @abc.abstractmethod
    def is_data(self, data: Any) -> bool:
        """Tell whether it is a data set of the library."""

    @abc.abstractmethod
    def sample(self, data: Any) -> Sample:
        """Return what a data set of the library holds."""


class ObjectiveOf(Adapter):
    """A loss as the objective of a library."""

    def __init__(
        self,
        name: str,
        *,
        scale: float = 1.0,
        curvature_scale: float | None = None,
        min_curvature: float | None = None,
        link: str = IDENTITY,
        **parameters: Any,
    ):
        super().__init__(name, link, parameters, curvature_scale=curvature_scale, min_curvature=min_curvature)
        if scale != 1.0:
            self._given["scale"] = scale
        if link != IDENTITY:
            self._given["link"] = link
        if self.scored.loss is None:
            raise TypeError(f"{name} is no loss, but a metric: it has no derivatives")
        self.scored.loss.require_curvature()
        self.scale = POSITIVE.validate("scale", scale)
        self.curvature_scale = (
            None if curvature_scale is None else POSITIVE.validate("curvature_scale", curvature_scale)
        )
        least = second.floor(name) if min_curvature is None else min_curvature
        self.min_curvature = None if least is None else AT_LEAST_ZERO.validate("min_curvature", least)

    @property
    def has_log_input(self) -> bool:
        """Whether scores are logarithms of a rate."""
        loss = self.scored.loss
        return bool(self.scored.parameters.get("log_input", loss is not None and loss.defaults.get("log_input")))

    def transform(self, raw: Any, start: Any = 0.0) -> Any:
        """Return predictions from raw scores: probabilities, rates, or the scores themselves.

        Parameters
        ----------
        raw : array_like, shape (N,) or (N, C)
            Raw scores.
        start : float or array_like of shape (C,)
            What is added to them: `start`, where the library leaves it out.
        """
        name = self.scored.link
        if name == IDENTITY:
            name = TRANSFORMS.get(self.scored.name, "exp" if self.has_log_input else IDENTITY)
        return LINKS[name].forward(np.asarray(raw) + start)

    def grad_hess(self, scores: Any, data: Any) -> tuple[Any, Any]:
        """Return what the library is given for raw scores and a data set, or labels."""
        with self.refusing():
            return self.derivatives(scores, self._read(data))

    def derivatives(self, scores: Any, sample: Sample) -> tuple[Any, Any]:
        """Return both derivatives of the summed loss, the second one scaled and bounded."""
        gradient, curvature = self._of_sum(scores, sample)
        factor = self._factor(np.shape(scores))
        if factor != 1.0:
            curvature = curvature * factor
        if self.min_curvature is not None:
            curvature = np.maximum(curvature, self._least(sample, np.ndim(scores)))
        if self.scored.of_queries and sample.weights is not None:
            gradient, curvature = gradient * sample.weights, curvature * sample.weights
        if self.scale != 1.0:
            gradient, curvature = gradient * self.scale, curvature * self.scale
        return gradient, curvature

    def _least(self, sample: Sample, dimensions: int) -> Any:
        """Return the least second derivative of each row; that of rows of pairs does not depend on weights."""
        weights = None if self.scored.has_groups else self.scored.words(sample).get("sample_weight")
        if weights is None:
            return self.min_curvature
        return self.min_curvature * np.reshape(weights, (-1,) + (1,) * (dimensions - 1))

    def start(self, data: Any, columns: int | None = None) -> Any:
        """Return the constant raw score at which the loss is least.

        Parameters
        ----------
        data : array_like, or a data set of the library
            Labels, or what holds labels, weights and groups.
        columns : int, optional
            The number of classes or outputs, where scores are a matrix; by default that of the labels.

        Returns
        -------
        float, or ndarray of shape (columns,)
            0 for losses of pairs and queries, on which no constant has an influence.
        """
        with self.refusing():
            return self._start(self._read(data), columns)

    def _start(self, sample: Sample, columns: int | None) -> Any:
        scored, labels = self.scored, np.asarray(sample.labels)
        if scored.has_groups:
            return 0.0
        if labels.ndim == 2 and scored.loss is not None and scored.loss.shape == "pointwise":
            each = [self._start(sample._replace(labels=one), None) for one in labels.T]
            return np.array(each)
        if columns is None and scored.takes_ids and labels.ndim == 1:
            columns = int(labels.max(initial=0)) + 1
        if columns is None and labels.ndim == 2:
            columns = labels.shape[1]
        words = scored.words(sample)

        def scores(at: Any) -> np.ndarray:
            return np.zeros(labels.shape[:1] if columns is None else (labels.shape[0], columns)) + at

        def sums(at: Any) -> start.Sums:
            slope, bend = self._of_sum(scores(at), sample)
            if self.min_curvature is not None:
                bend = np.maximum(bend, self.min_curvature)
            return start.Sums(slope.sum(axis=0), bend.sum(axis=0))

        if columns is None:
            return start.of_one(sums)

        def value(at: Any) -> float:
            return float(scored.function(*scored.given(scores(at), sample), **words))

        longest = math.inf if scored.name in second.FLAT else 1.0
        return start.of_columns(sums, value, columns, longest)

    def _of_sum(self, scores: Any, sample: Sample) -> tuple[Any, Any]:
        """Return both derivatives of the summed loss by the raw scores."""
        scored, loss = self.scored, self.scored.loss
        assert loss is not None
        words = scored.words(sample)
        inputs, labels = scored.given(scores, sample)
        is_sum = "sum" in loss.reductions
        gradient, curvature = loss.grad_hess(inputs, labels, reduction="sum" if is_sum else "mean", **words)
        if not is_sum:  # a function of the mean: rows times it has slopes of the size of other losses
            weights = words.get("sample_weight")
            rows = np.size(scores) if weights is None else float(np.sum(weights, dtype=np.float64))
            gradient, curvature = gradient * rows, curvature * rows
        return chained(LINKS[scored.link], inputs, gradient, curvature)

    def _factor(self, shape: tuple[int, ...]) -> float:
        if self.curvature_scale is not None:
            return self.curvature_scale
        columns = shape[1] if len(shape) > 1 else 1
        return second.factor(self.scored.name, self.library, self.has_log_input, columns)

    def _read(self, data: Any) -> Sample:
        return self.sample(data) if self.is_data(data) else Sample(np.asarray(data))


class MetricOf(Adapter):
    """A loss as a metric of a library."""

    def __init__(
        self,
        name: str,
        *,
        title: str | None = None,
        link: str = IDENTITY,
        transformed: str = IDENTITY,
        **parameters: Any,
    ):
        super().__init__(name, link, parameters, title=title)
        self.transformed = Choice(tuple(LINKS)).validate("transformed", transformed)
        for word, value in (("link", link), ("transformed", transformed)):
            if value != IDENTITY:
                self._given[word] = value
        self.title = self.__name__ = title or name

    @property
    def is_higher_better(self) -> bool:
        return METRICS.get(self.scored.name, False)

    def value(self, scores: Any, sample: Sample) -> float:
        """Return the metric of what the library hands out as scores."""
        with self.refusing():
            return self.scored.value(LINKS[self.transformed].inverse(scores), sample)
