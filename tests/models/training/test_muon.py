"""The optimiser: orthogonal steps for convolutions inside a network, AdamW's for everything else."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from torch import nn

from models.training.muon import LIKE_ADAM, Muon, orthogonalise
from models.training.net import Network
from models.training.recipes import PARCEL


@pytest.mark.parametrize("shape", [(32, 288), (288, 32), (64, 64), (1, 9)])
def test_singular_values_come_near_one_and_directions_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    matrix = torch.randn(shape) @ torch.diag(torch.logspace(-1, 1, shape[1]))
    made = orthogonalise(matrix)
    assert made.shape == shape
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    inside = torch.diagonal(left.T @ made @ right.T)[values > values[0] / 10]
    assert inside.min() > 0.4
    assert inside.max() < 1.3


def test_what_is_no_inner_convolution_moves_as_with_adamw() -> None:
    torch.manual_seed(2)
    mine, theirs = (nn.Parameter(torch.linspace(-1, 1, 12)) for _ in range(2))
    ours = Muon([mine], weight_decay=0.02, rate=0.01)
    reference = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.02)
    for _ in range(6):
        gradient = torch.randn(12)
        mine.grad, theirs.grad = gradient.clone(), gradient.clone()
        ours.step()
        reference.step()
    torch.testing.assert_close(mine, theirs)


def test_a_step_of_a_convolution_has_one_size_however_small_its_gradient() -> None:
    weights = nn.Parameter(torch.zeros(32, 32, 3, 3))
    optimiser = Muon([weights], weight_decay=0.0, rate=0.1)
    torch.manual_seed(3)
    weights.grad = torch.randn_like(weights) * 1e-6
    optimiser.step()
    size = float(weights.detach().square().mean().sqrt())
    assert size == pytest.approx(0.1 * LIKE_ADAM, rel=0.3)


def test_first_and_last_layers_are_no_matrices_of_features() -> None:
    network = Network(PARCEL)
    inner, others = Muon(network.parameters(), weight_decay=0.02).param_groups
    assert {id(network.stem[0].weight), id(network.centre[-1].weight), id(network.box[-1].weight)} <= {
        id(parameter) for parameter in others["params"]
    }
    assert sum(parameter.numel() for parameter in inner["params"]) > 0.95 * sum(
        parameter.numel() for parameter in network.parameters()
    )


def test_it_goes_on_from_its_state() -> None:
    torch.manual_seed(4)
    gradients = [torch.randn(16, 16, 3, 3) for _ in range(4)]

    def take(optimiser: Muon, weights: nn.Parameter, some: list[torch.Tensor]) -> None:
        for gradient in some:
            weights.grad = gradient.clone()
            optimiser.step()

    whole = nn.Parameter(torch.ones(16, 16, 3, 3))
    take(Muon([whole], weight_decay=0.01), whole, gradients)
    parts = nn.Parameter(torch.ones(16, 16, 3, 3))
    first = Muon([parts], weight_decay=0.01)
    take(first, parts, gradients[:2])
    second = Muon([parts], weight_decay=0.01)
    second.load_state_dict(first.state_dict())
    take(second, parts, gradients[2:])
    torch.testing.assert_close(parts, whole)
