# mypy: disable-error-code="misc, untyped-decorator"
"""The optimiser: whole matrices of convolutions at once (Muon), everything else weight by weight (AdamW)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

QUINTIC = (3.4445, -4.7750, 2.0315)
STEPS = 5
"""Of Newton and Schulz, with coefficients that bring singular values near 1 fast, not exactly (Jordan et al. 2024)."""
LIKE_ADAM = 0.2
"""The root mean square that an update is given, which is about AdamW's: one rate serves both (Liu et al. 2025)."""
FEWEST_CHANNELS = 16
"""A convolution with fewer, in or out, is the network's first or last, and is no matrix of features."""


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024) for convolutions inside a network, AdamW (Loshchilov and Hutter 2019) for the rest.

    Of a convolution (outputs, inputs, rows, cols) the momentum's matrix (outputs, the rest) is made orthogonal, so
    that rare directions are learned as fast as common ones.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], *, weight_decay: float, rate: float = 1e-3) -> None:
        inner: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for parameter in parameters:
            is_inner = parameter.ndim == 4 and min(parameter.shape[:2]) >= FEWEST_CHANNELS
            (inner if is_inner else others).append(parameter)
        groups = [{"params": inner, "is_inner": True}, {"params": others, "is_inner": False}]
        defaults = {"lr": rate, "weight_decay": weight_decay, "momentum": 0.95, "betas": (0.9, 0.999)}
        super().__init__([group for group in groups if group["params"]], defaults)

    @staticmethod
    def made(state: Mapping[str, Any]) -> bool:
        """Whether the state of an optimiser is one of these."""
        return all("is_inner" in group for group in state["param_groups"])

    @torch.no_grad()
    def step(self) -> None:
        """Change every parameter that has a gradient, by its group's `lr`."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                state = self.state[parameter]
                if group["is_inner"]:
                    update = _inner_update(parameter.grad, state, group["momentum"])
                else:
                    update = _adam_update(parameter.grad, state, *group["betas"])
                parameter.add_(update, alpha=-group["lr"])


def _inner_update(gradient: Tensor, state: dict[str, Tensor], momentum: float) -> Tensor:
    if not state:
        state["mean"] = torch.zeros_like(gradient)
    mean = state["mean"]
    mean.lerp_(gradient, 1 - momentum)
    ahead = gradient.lerp(mean, momentum)
    matrix = orthogonalise(ahead.reshape(len(ahead), -1))
    return (LIKE_ADAM * math.sqrt(max(matrix.shape)) * matrix).reshape(gradient.shape).to(gradient.dtype)


def _adam_update(gradient: Tensor, state: dict[str, Tensor], of_mean: float, of_square: float) -> Tensor:
    if not state:
        state |= {"mean": torch.zeros_like(gradient), "square": torch.zeros_like(gradient), "count": torch.zeros(())}
    state["count"] += 1
    state["mean"].lerp_(gradient, 1 - of_mean)
    state["square"].lerp_(gradient.square(), 1 - of_square)
    count = int(state["count"])
    mean = state["mean"] / (1 - of_mean**count)
    return mean / ((state["square"] / (1 - of_square**count)).sqrt() + 1e-8)


def orthogonalise(matrix: Tensor) -> Tensor:
    """The nearest orthogonal matrix, roughly: singular values between about 0.6 and 1.2; (m, n) as it came.

    The iteration runs on the matrix's small square, which for (256, 2304) takes half the time of the matrix itself.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonalise(matrix.T).T
    start = (matrix / (matrix.norm() + 1e-7)).bfloat16()
    square = (start @ start.T).float()
    a, b, c = QUINTIC
    factor = torch.eye(len(square), device=matrix.device)
    for _ in range(STEPS):
        step = b * square + c * square @ square
        step.diagonal().add_(a)
        factor = step @ factor
        square = step @ square @ step
    return (factor.bfloat16() @ start).float()
