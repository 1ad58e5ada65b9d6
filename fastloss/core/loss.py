"""What a loss is: formulas, a shape, data about itself; and the registry of all of them."""

import abc
import dataclasses
import functools
import importlib
import inspect
import math
import sys
import types
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

from fastloss.core import backend, columns, docstrings, forks, plugins, reductions, small, summation
from fastloss.core.arrays import as_array, refuse_gradient, widened
from fastloss.core.docstrings import Keyword
from fastloss.core.domains import Parameter
from fastloss.core.errors import wrong_type
from fastloss.core.outcomes import ChunkSums, Evaluation, PerGroup, Totals
from fastloss.core.reductions import Reduction
from fastloss.core.requests import Request

MISSING = id(inspect.Parameter.empty)


@functools.cache
def import_all() -> None:
    """Import every module with public names, which fills the registry."""
    import fastloss

    with forks.guarded():
        for module in fastloss.NAMES:
            importlib.import_module(f"fastloss.{module}")


class Registry(MutableMapping[str, "Loss"]):
    """All losses by name. A loss is imported when it is asked for, and all of them for one that nobody knows.

    Those of other packages (`plugins`) are imported for a name that this package has not, and when all are looked
    through. Of a name there is one loss: a package may declare its own anew, as a notebook's cell does that runs twice.
    """

    def __init__(self) -> None:
        self._losses: dict[str, Loss] = {}
        self._taken: list[str] | None = None  # what is wrong with other packages' losses; None before they are imported

    def _filled(self) -> dict[str, "Loss"]:
        import_all()
        self._import_others()
        return self._losses

    def _import_others(self) -> None:
        """Import the losses of other packages; raise if one has a name that is taken."""
        with forks.guarded():
            if self._taken is None:
                self._taken = []  # they may look losses up while they are imported
                before = set(self._losses)
                self._taken = plugins.load(lambda one: isinstance(one, Loss))
                for name in self._losses.keys() - before:
                    if self._losses[name].__module__ not in sys.modules:  # its module failed later
                        del self._losses[name]
        if self._taken:
            raise plugins.DuplicateLoss("; ".join(self._taken))

    def __getitem__(self, name: str) -> "Loss":
        if name not in self._losses:
            import fastloss

            if name in fastloss.__all__:
                getattr(fastloss, name, None)  # imports its module, which registers it
            else:
                self._import_others()
        return self._losses[name] if name in self._losses else self._filled()[name]

    def __setitem__(self, name: str, loss: "Loss") -> None:
        import fastloss

        if name in fastloss.__all__:
            plugins.require_same_package(name, loss, fastloss.__name__)
        elif name in self._losses:
            plugins.require_same_package(name, loss, plugins.package_of(self._losses[name]))
        self._losses[name] = loss

    def __delitem__(self, name: str) -> None:
        del self._losses[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._filled())

    def __len__(self) -> int:
        return len(self._filled())


REGISTRY = Registry()


SAMPLE_WEIGHT = Keyword(
    "sample_weight",
    None,
    "array_like, optional",
    """
    Weights w >= 0, one for each loss or for each entry of the first axis.
    """,
)
REDUCTION = Keyword(
    "reduction",
    "mean",
    '{"mean", "sum", "none"}',
    """
    "mean" divides the sum of w * loss by the sum of w, and is 0 where there is nothing to average; "sum" is that sum;
    "none" returns each w * loss. Gradients are those of the mean or of the sum; with "none", those of the sum.
    """,
)
BACKEND = Keyword(
    "backend",
    "auto",
    '{"auto", "cpu", "cuda"}',
    """
    "auto" computes on the GPU if an array lies there, else on the CPU. "cuda" sends NumPy arrays to the GPU and returns
    NumPy arrays; "cpu" raises an error for arrays on a GPU.
    """,
)


def with_signature(method: Callable[..., Any], loss: Any) -> types.MethodType:
    """Return the method of a loss, or of what stands for one, with its signature and parameters, for `help`."""
    copy = types.FunctionType(method.__code__, method.__globals__, method.__name__)
    functools.update_wrapper(copy, method)
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [itself, *loss.__signature__.parameters.values()]
    copy.__doc__ = docstrings.of_method(method.__doc__, loss.__doc__, method.__name__)
    copy.__signature__ = loss.__signature__.replace(parameters=parameters)  # type: ignore[attr-defined]
    return types.MethodType(copy, loss)


class Loss(abc.ABC):
    """A loss function: call it for the value, or use `value_and_grad` or `grad_hess`.

    The function that a loss is made from carries the signature and the docstring; its body turns the checked parameters
    into what the formulas need. Each family (`pointwise`, `rows`, ...) has a subclass, whose `keywords` all its losses
    share: they are appended to the signatures, and to the parameters in the docstrings.
    """

    folder: str  # of the package: its `cpu.py` and `cuda.py` compute the losses
    keywords: tuple[Keyword, ...] = (SAMPLE_WEIGHT, REDUCTION, BACKEND)
    reductions: tuple[str, ...] = reductions.OF_EXAMPLES
    others: frozenset[str] = frozenset()  # arguments that are no arrays of numbers: ids, or sparse
    sequences: frozenset[str] = frozenset()  # arguments that are sequences of arrays
    tables: tuple[str, ...] = ()  # arguments of which every example needs the whole
    weighs_each = True  # a weight multiplies its entry of what `reduction="none"` returns, not both rows of a pair
    shape_of_counts: tuple[int, ...] = ()  # of what ``with_counts=True`` adds, unless it is a number for each group
    sums = 1  # numbers for each chunk of examples from which the value is made

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        reference: str,
        parameters: Mapping[str, Parameter] | None = None,
        by: tuple[str, ...] = (),
    ):
        self.function = function
        self.reference = reference
        self.parameters: dict[str, Parameter] = dict(parameters or {})
        signature = inspect.signature(function)
        shared = {one.name: one.check for one in self.keywords if one.check is not None}
        self._checks: dict[str, Parameter] = {**shared, **self.parameters}
        keywords = (one.parameter for one in self.keywords)
        self.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *keywords])
        self.arguments = tuple(p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.defaults = {name: p.default for name, p in signature.parameters.items() if name in self.parameters}
        self.by = by or self.arguments[:1]  # what the gradients are by, as far as it is given
        self._own = frozenset(signature.parameters)
        every = self.__signature__.parameters.values()
        self._positional = tuple(p.name for p in every if p.kind is p.POSITIONAL_OR_KEYWORD)
        self._blank = {p.name: p.default for p in every}
        self._plans: dict[Any, small.Plan] = {}
        functools.update_wrapper(self, function)
        self.__doc__ = docstrings.completed(function.__doc__, self.keywords, self.__signature__)
        for method in (Loss.value_and_grad, Loss.grad_hess):
            setattr(self, method.__name__, with_signature(method, self))
        self.name: str = function.__name__
        REGISTRY[self.name] = self

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (self.__doc__ or "").strip().split("\n")[0]

    @property
    def has_curvature(self) -> bool:
        """Whether `grad_hess` is defined."""
        return False

    def __repr__(self) -> str:
        return f"<fastloss loss {self.name}{self.__signature__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return lookup, (self.name,)

    @property
    def shape(self) -> str:
        """What makes one loss: an element, a row, pairs ...; the name of the folder."""
        return self.folder.rpartition(".")[2]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._quietly("value", args, kwargs)

    def value_and_grad(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return the value and its gradient, computed in one pass.

        The parameters are those of the loss.

        Returns
        -------
        value : float or ndarray
            What the loss itself returns.
        gradient : ndarray, or tuple of ndarrays
            The gradient of the mean or of the sum; for ``reduction="none"``, that of the sum. One array for a loss with
            one differentiable argument, else a tuple in the order of the arguments.
        """
        return self._quietly("value_and_grad", args, kwargs)

    def grad_hess(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return the gradient and the diagonal of the second derivative, for gradient boosting and Newton steps.

        The parameters are those of the loss.

        Returns
        -------
        gradient : ndarray, or tuple of ndarrays
            The gradient, as from `value_and_grad`.
        curvature : ndarray, or tuple of ndarrays
            The second derivative by each element, of the gradient's shape.

        Raises
        ------
        TypeError
            If the loss has no second derivative.
        """
        self.require_curvature()
        return self._quietly("grad_hess", args, kwargs)

    def _quietly(self, what: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Compute the result without NumPy's warnings: infinities and NaN in it are documented."""
        kind = small.kind_of(what, args, kwargs)
        if kind is not None:
            plan = self._plans.get(kind)
            if plan is not None and (result := plan(args)) is not None:
                return result
        with np.errstate(all="ignore"):
            try:
                request = self._bound(what, args, kwargs)
                result = self._evaluate(request)
            except (TypeError, ValueError) as error:
                columns.say(error, {**dict(zip(self._positional, args, strict=False)), **kwargs})
                raise
            if kind is not None and plan is None:
                if len(self._plans) >= small.MOST:
                    self._plans.clear()
                has_plan = request.reduction in reductions.PLANNED
                self._plans[kind] = (has_plan and self._plan(args, request)) or small.nothing
        return result

    def _evaluate(self, request: Request) -> Any:
        """Compute the results of a call, in the form in which they are returned."""
        made = self._run(request)
        if request.what == "grad_hess":
            results = [_alone(made.gradients), _alone(made.curvatures)]
        else:
            results = [request.reduction.value(made)]
            if request.has_gradient:
                results.append(_alone(made.gradients))
            if request.with_counts:
                results.append(made.counts)
        results = list(backend.like(tuple(results), made.home))
        if request.return_ids:  # which may be strings: they stay on the host
            results[0] = PerGroup(made.ids, results[0])
        return results[0] if len(results) == 1 else tuple(results)

    @abc.abstractmethod
    def _run(self, request: Request) -> Evaluation:
        """Place the arrays, check them, and run the engine; derivatives are those of the request's reduction."""

    def _plan(self, args: tuple[np.ndarray, ...], request: Request) -> small.Plan | None:
        """Return the short way for calls of one kind, see `fastloss/core/small.py`; None where there is none."""
        return None

    def _bound(self, what: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        """Check the parameters and keywords, and convert the arguments on the host to arrays."""
        arguments: dict[str, Any] = {}
        shared: dict[str, Any] = {}
        for name, value in self._given(args, kwargs).items():
            refuse_gradient(name, value)
            if name in self._checks:
                value = self._checks[name].validate(name, widened(value))
            elif (name in self._own and name not in self.others) or (name == "sample_weight" and value is not None):
                value = as_array(name, value)
            elif name == "reduction":
                value = self.require_reduction(value)
            (arguments if name in self._own else shared)[name] = value
        if shared.get("return_ids"):
            reductions.require_groups(shared["reduction"], what)
        return Request(what, arguments, **shared)

    def tables_of(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the arguments of which every example needs the whole, of what a call is given."""
        return self.tables

    def gradients_by(self, given: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of what the gradients are by, in order, of what a call is given."""
        return tuple(name for name in self.by if name in given)

    def shape_of_value(self, reduction: str, given: Mapping[str, Any]) -> tuple[int | None, ...]:
        """Return the shape of a call's value from those of its arguments; None is a length that their data decide.

        `given` are all parameters by name.
        """
        keeps = self.require_reduction(reduction).keeps
        if keeps == "all":
            return ()
        return self.shape_of_losses(given) if keeps == "examples" else (count_of_groups(given),)

    def shape_of_losses(self, given: Mapping[str, Any]) -> tuple[int | None, ...]:
        """Return the shape of the value for ``reduction="none"``."""
        return tuple(given[self.arguments[0]].shape[:1])

    @property
    def has_diagonal_curvature(self) -> bool:
        """Whether the second derivatives that `grad_hess` returns are all that there are, others being 0."""
        return False

    def require_curvature(self) -> None:
        """Raise unless the loss has a second derivative."""
        if not self.has_curvature:
            raise TypeError(f"{self.name} has no second derivative")

    def checked_parameters(self, parameters: Mapping[str, Any], left_out: Collection[str] = ()) -> dict[str, Any]:
        """Return the parameters, with the defaults of those that are not given; raise for one that is wrong."""
        for word in parameters:
            if word not in self.parameters:
                raise TypeError(f"{self.name} has no parameter {word!r}: expected one of {list(self.parameters)}")
        defaults = {word: default for word, default in self.defaults.items() if word not in left_out}
        given = {word: parameters.get(word, default) for word, default in defaults.items()}
        for word, value in given.items():
            if value is inspect.Parameter.empty:
                raise TypeError(f"{self.name} needs {word}: expected {self.parameters[word]}")
        return {word: self.parameters[word].validate(word, widened(value)) for word, value in given.items()}

    def lead(self, first: Any) -> tuple[int, ...]:
        """Return the shape of weights, one for each entry of the first argument's first axis; () for one example."""
        return np.shape(first)[:1]

    def require_scores_and_labels(self) -> None:
        """Raise unless the loss has two arguments, of which the first is predicted."""
        if len(self.arguments) != 2 or self.by != self.arguments[:1] or self.others.intersection(self.arguments):
            raise TypeError(f"{self.name} takes {', '.join(self.arguments)}: expected a loss of scores and labels")

    def counts(self, **given: Any) -> Any:
        """Return what each example counts in a mean's denominator, beside its weight; None where it is 1."""
        return None

    def described(self, **given: Any) -> tuple[Request, Any]:
        """Check arguments that are given by name; return the request, and what the loss's function makes of it."""
        with np.errstate(all="ignore"):
            request = self._bound("value_and_grad", (), given)
            return request, self._made_of(request)

    def _made_of(self, request: Request) -> Any:
        return self.function(**backend.arguments(tuple(request.arguments), request.arguments))

    def require_additive(self, parameters: Mapping[str, Any]) -> None:
        """Raise unless the value is made of sums over parts of the examples, given these parameters."""
        raise ValueError(f"{self.name} is no sum over examples: expected a loss that can be computed part by part")

    def chunk_sums(self, *args: Any, before: int = 0, **kwargs: Any) -> ChunkSums:
        """Return the sums of chunks that make the value, for the loss's arguments, without `reduction`.

        `before` examples came earlier: some losses count from there in their messages.
        """
        made = self._run(self._bound("value", args, {**kwargs, "reduction": "sum"}))
        losses = made.outcome.chunks
        if losses is None:
            losses = summation.chunk_sums(backend.to_host(made.outcome.each).ravel())
        return ChunkSums(losses, np.array([made.divisor.weight]), made.outcome.wrong)

    def reduced(self, loss: np.ndarray, denominator: float, reduction: str) -> float:
        """Return the value, from the sums of all chunks."""
        return reductions.BY_NAME[reduction].of_chunks(loss, denominator)

    def of_one_group(self, *args: Any, **kwargs: Any) -> float:
        """Return the value of examples that are one group: that of a call, but NaN for a mean over nothing."""
        with np.errstate(all="ignore"):
            request = self._bound("value", args, kwargs)
            made = self._run(request)
            value = float(request.reduction.value(made))
        return math.nan if request.reduction.divides and made.divisor.weight == 0.0 else value

    def derivatives_in(
        self, totals: Totals, what: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, ...]:
        """Return the derivatives of the reduction of all examples, a kind after the other, by some of them."""
        scale = summation.inverse(totals.weight) if totals.reduction == "mean" else 1.0
        with np.errstate(all="ignore"):
            request = self._bound(what, args, {**kwargs, "reduction": "sum"})
            result: tuple[Any, ...] = self._evaluate(
                dataclasses.replace(request, reduction=reductions.scaled_sum(scale))
            )
        return result if what == "grad_hess" else result[1:]

    def require_reduction(self, name: Any) -> Reduction:
        """Return the reduction of that name; raise a ValueError unless the loss has it."""
        return reductions.named(name, self.reductions)

    def _given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Every parameter's value, in the order of the signature, whose own `bind` takes ten times as long."""
        positional = dict(zip(self._positional, args, strict=False))
        given = {**self._blank, **positional, **kwargs}
        is_right = len(args) <= len(self._positional) and len(given) == len(self._blank)
        if is_right and positional.keys().isdisjoint(kwargs) and MISSING not in map(id, given.values()):
            return given
        try:
            bound = self.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None
        raise AssertionError(f"{self.name} takes {bound}")


def _alone(derivatives: Any) -> Any:
    """Return one of a kind by itself; several, or a named tuple, as they are."""
    return derivatives[0] if type(derivatives) is tuple and len(derivatives) == 1 else derivatives


def count_of_groups(given: Mapping[str, Any]) -> int | None:
    """Return the number of groups of a call; None where ids give them, which must be counted."""
    if given["offsets"] is not None:
        return int(given["offsets"].shape[0]) - 1
    return 1 if given["groups"] is None else None


def lookup(name: object) -> Loss:
    """Return the registered loss of a name.

    Parameters
    ----------
    name : str
        The name, such as "mse_loss".

    Raises
    ------
    ValueError
        If there is none; the message names those that may be meant, by another name ("mae", "svm") or misspelt.
    """
    if isinstance(name, str) and name in REGISTRY:
        return REGISTRY[name]
    if not isinstance(name, str):
        raise wrong_type("the loss", name, "its name")
    from fastloss.core.synonyms import question

    raise ValueError(f"unknown loss {name!r}{question(name, REGISTRY)}")
