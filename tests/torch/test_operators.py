"""The operators as PyTorch's compiler and transforms see them."""

import pytest

from tests.torch.samples import Call, fastloss, first_calls, torch

FIRST = first_calls()


@pytest.fixture(autouse=True)
def without_graphs():
    torch._dynamo.reset()


def arguments(call: Call, *, with_gradient: bool, **words) -> tuple:
    own = fastloss.torch.functions.operators(call.loss).signature
    given = own.bound((), {**call.given, **dict(zip(call.by, call.inputs(), strict=True)), **words})
    return (*({**given, **call.sides}[name] for name in own.names), with_gradient)


@pytest.mark.parametrize("call", FIRST, ids=str)
def test_opcheck(call):
    """PyTorch's own checks: schema, autograd, shapes without data, traced with symbolic shapes."""
    operator = getattr(torch.ops.fastloss, call.loss.name).default
    for reduction in ("mean", "none") if "none" in call.loss.reductions else ("mean",):
        torch.library.opcheck(operator, arguments(call, with_gradient=True, reduction=reduction))


GROUPED = [call for call in FIRST if "per_group" in call.loss.reductions]


@pytest.mark.parametrize("call", GROUPED, ids=str)
@pytest.mark.parametrize("kind", ["groups", "offsets"])
def test_opcheck_of_groups(call, kind):
    """Their number is known from offsets, and a length that the data decide with ids."""
    scores, labels = torch.arange(6.0, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1, 0])
    words = {"groups": torch.tensor([3, 3, 3, 9, 9, 9])} if kind == "groups" else {"offsets": torch.tensor([0, 3, 6])}
    one = Call(call.loss, {"scores": scores, "labels": labels, **words}, ("scores",), {})
    operator = getattr(torch.ops.fastloss, call.loss.name).default
    torch.library.opcheck(operator, arguments(one, with_gradient=True, reduction="per_group"))


@pytest.mark.parametrize("call", FIRST, ids=str)
def test_compiled_in_one_graph(call):
    """Value and gradient are those without the compiler, for functions and modules."""
    function, fixed = call.function, {name: value for name, value in call.given.items() if name not in call.by}
    reduction = call.loss.reductions[-1]

    def loss(*given):
        return function(**fixed, **dict(zip(call.by, given, strict=True)), reduction=reduction) * 2.0

    results = []
    for run in (loss, torch.compile(loss, fullgraph=True, backend="aot_eager")):
        inputs = call.inputs()
        value = run(*inputs)
        value.nansum().backward()
        results.append((value, *(one.grad for one in inputs)))
    for expected, found in zip(*results, strict=True):
        assert torch.equal(expected.nan_to_num(), found.nan_to_num())


@pytest.mark.parametrize("name", ["HuberLoss", "PairwiseLogisticLoss", "InfoNceLoss"])
def test_compiled_modules(name):
    words = {"temperature": torch.nn.Parameter(torch.tensor(0.5))} if name == "InfoNceLoss" else {}
    module = getattr(fastloss.torch, name)(reduction="sum", **words)
    shape = (5, 3) if name == "InfoNceLoss" else (5,)
    first, second = torch.rand(2, *shape)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(first.requires_grad_(), second), module(first, second))


def test_compiled_once_for_all_lengths():
    graphs = []

    def counting(graph, inputs):
        graphs.append(graph)
        return graph

    compiled = torch.compile(fastloss.torch.pairwise_logistic_loss, fullgraph=True, dynamic=True, backend=counting)
    for length in (5, 6, 9):
        scores, labels = torch.arange(float(length)), torch.arange(length) % 2
        assert torch.equal(compiled(scores, labels), fastloss.torch.pairwise_logistic_loss(scores, labels))
    assert len(graphs) == 1


def test_exported():
    given = torch.tensor([0.0, 4.0]), torch.tensor([0.0, 1.0])
    program = torch.export.export(fastloss.torch.HuberLoss(delta=2.0), given)
    assert torch.equal(program.module()(*given), fastloss.torch.huber_loss(*given, delta=2.0))
    assert "fastloss.huber_loss" in program.graph_module.code


def test_vmap_is_refused():
    def loss(x):
        return fastloss.torch.mse_loss(x, x.detach() + 1)

    for batch in (torch.rand(3, 4), torch.rand(3, 4, requires_grad=True)):
        with pytest.raises(RuntimeError, match=r"vmap over 'mse_loss' is not implemented: use .* reduction='none'"):
            torch.vmap(loss)(batch)


def test_transforms_of_functions_are_refused():
    """`torch.func` does not differentiate operators with a backward pass of their own: PyTorch itself raises."""
    x = torch.rand(4)
    with pytest.raises(RuntimeError, match="functorch transforms"):
        torch.func.grad(lambda one: fastloss.torch.mse_loss(one, x + 1))(x)


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_forward_mode_is_refused():
    """It would be lost without a word: the tangent of the value would be 0."""
    x = torch.rand(4)
    with pytest.raises(NotImplementedError, match="forward mode AD of 'mse_loss' is not implemented"):
        torch.func.jvp(lambda one: fastloss.torch.mse_loss(one, x + 1), (x,), (x,))
    with torch.autograd.forward_ad.dual_level(), pytest.raises(NotImplementedError, match="forward mode"):
        fastloss.torch.mse_loss(torch.autograd.forward_ad.make_dual(x, x), x + 1)


def test_shapes_without_data():
    with torch.device("meta"):
        logits, target = torch.empty(4, 3, 5, 6), torch.empty(4, 5, 6, dtype=torch.int64)
    assert fastloss.torch.cross_entropy(logits, target, reduction="none").shape == (4, 5, 6)
