"""Training for which PyTorch alone has not the memory, here at small size: losses fall, and are sums of all pairs."""

from tests.torch.samples import fastloss, torch


def trained(model, loss, parameters, steps):
    optimiser, losses = torch.optim.Adam(parameters, lr=0.05), []
    for _ in range(steps):
        optimiser.zero_grad()
        value = loss(model)
        value.backward()
        optimiser.step()
        losses.append(value.item())
    return losses


def test_ranking_by_all_pairs():
    torch.manual_seed(0)
    inputs, slopes = torch.randn(400, 5), torch.tensor([1.0, -2.0, 0.5, 0.0, 0.0])
    labels = (inputs @ slopes + 0.1 * torch.randn(400) > 0).long()
    model = torch.nn.Linear(5, 1, bias=False)
    gaps = inputs[labels == 1][:, None] - inputs[labels == 0][None]

    losses = trained(
        model, lambda m: fastloss.torch.pairwise_logistic_loss(m(inputs)[:, 0], labels), model.parameters(), 30
    )
    assert losses[-1] < 0.3 * losses[0]
    value = fastloss.torch.pairwise_logistic_loss(model(inputs)[:, 0], labels)
    expected = torch.nn.functional.softplus(-model(gaps)).mean()
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=0)
    found = torch.autograd.grad(value, model.weight)[0]
    torch.testing.assert_close(found, torch.autograd.grad(expected, model.weight)[0], rtol=1e-4, atol=1e-6)


def test_embeddings_by_all_triplets():
    torch.manual_seed(0)
    labels = torch.arange(60) % 6
    inputs = torch.nn.functional.one_hot(labels, 6).float() + 0.8 * torch.randn(60, 6)
    model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    criterion = fastloss.torch.BatchAllTripletLoss(margin=1.0, average="all")
    losses = trained(model, lambda m: criterion(m(inputs), labels), model.parameters(), 40)
    assert losses[-1] < 0.5 * losses[0]
    rows = model(inputs).detach().double().requires_grad_()
    distances = (rows[:, None] - rows[None] + 1e-300).norm(dim=2)
    same = labels[:, None] == labels[None]
    positive = same & ~torch.eye(60, dtype=torch.bool)
    triplets = (positive[:, :, None] & ~same[:, None, :]).nonzero(as_tuple=True)
    gaps = distances[triplets[0], triplets[1]] - distances[triplets[0], triplets[2]] + 1.0
    expected = gaps.clamp(min=0.0).mean()
    value = criterion(rows, labels)
    torch.testing.assert_close(value, expected, rtol=1e-12, atol=0)
