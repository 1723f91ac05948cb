"""The Lightning module of supervised training: loss, schedule, averaged weights."""

import math
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from agroflux.training import loss

Batch = tuple[Tensor, Tensor]


def _ema(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Exponential moving average of the weights whose memory grows from a few steps to ``1 / (1 - decay)``."""

    def average(kept: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        keep = min(decay, (1.0 + float(count)) / (10.0 + float(count)))
        return kept + (1.0 - keep) * (new - kept)

    return average


class Supervised(LightningModule):
    """Trains ``network`` on standardised windows whose first ``warmup_days`` days count for nothing.

    The learning rate rises over the first steps and then falls along a cosine of the run's progress. Validation
    and the checkpoint use ``averaged``, the moving average of the weights, so that a run that is stopped before
    its end is still worth having.

    Args:
        weights: weight of each target in the loss ``(targets,)``.
        progress: share of the run that is done, 0 to 1, given the number of optimiser steps taken.
    """

    weights: Tensor

    def __init__(
        self,
        network: nn.Module,
        weights: Tensor,
        warmup_days: int,
        learning_rate: float,
        decay: float,
        progress: Callable[[int], float],
    ) -> None:
        super().__init__()
        self.network = network
        self.averaged = AveragedModel(network, avg_fn=_ema(decay))
        self.averaged.requires_grad_(False)  # several devices would wait for its gradients, which never come
        self.register_buffer("weights", weights)
        # Not buffers: those of the first device are copied to the others before each batch.
        self.squares = self.count = torch.zeros(len(weights), dtype=torch.float64)
        self.warmup_days, self.learning_rate, self.progress = warmup_days, learning_rate, progress

    def _sums(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        x, y = batch
        known = ~torch.isnan(x)
        # float32 whatever the network ran in: a sum over thousands of days needs its digits
        return loss.squared_errors(network(x, known)[:, self.warmup_days :].float(), y[:, self.warmup_days :])

    def _over_devices(self, sums: Tensor) -> Tensor:
        total: Tensor = self.trainer.strategy.reduce(sums, reduce_op="sum")
        return total

    def training_step(self, batch: Batch, _: int) -> Tensor:
        squares, count = self._sums(self.network, batch)
        # Gradients are averaged over devices; the loss is over the values of all of them.
        value = loss.weighted_mean(squares * self.trainer.world_size, self._over_devices(count), self.weights)
        self.log("train_loss", value, prog_bar=True, batch_size=len(batch[0]), sync_dist=True)
        return value

    def on_train_batch_end(self, *_: Any) -> None:
        self.averaged.update_parameters(self.network)

    def on_validation_epoch_start(self) -> None:
        self.squares = torch.zeros(len(self.weights), dtype=torch.float64, device=self.device)
        self.count = torch.zeros_like(self.squares)

    def validation_step(self, batch: Batch, _: int) -> None:
        squares, count = self._sums(self.averaged, batch)
        self.squares += squares
        self.count += count

    def on_validation_epoch_end(self) -> None:
        """Log the loss over all validation windows at once (a mean of batch means would depend on their order)."""
        sums = self._over_devices(self.squares), self._over_devices(self.count)
        value = loss.weighted_mean(*sums, self.weights).float()
        self.log("val_loss", value, prog_bar=True, batch_size=1)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=self.learning_rate, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _rate(self, step: int) -> float:
        done = min(1.0, self.progress(step))
        return min(1.0, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * done)))
