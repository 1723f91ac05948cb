"""Faster inference in fewer digits, for who asks for it."""

import copy
import dataclasses

import torch

from agroflux.baselines.checkpoint import Checkpoint
from agroflux.baselines.network import Network
from agroflux.errors import SelectionError


def in_bfloat16(network: Network) -> Network:
    """A copy of ``network`` that computes in bfloat16 (8 bits of mantissa) all but its head.

    Inputs and outputs stay as they are. Meant for inference on a processor with bfloat16 instructions, where LSTM,
    EA-LSTM and TCN then run about 1.5 times as fast; without those instructions (:func:`has_instructions`) they take
    several times as long. Networks whose class does not say ``faster_in_bfloat16`` gain nothing by it and come back as
    they are.

    It is not exact, and nothing here uses it unasked. R2 of the slowest targets (nitrate in deep soil, yearly change of
    soil carbon) falls by more than 0.001, with the EA-LSTM that of half the targets: ``benchmarks/bench_precision.py``
    measures both. What costs the digits of an LSTM is its state, not its weights, and torch has no fused layer that
    keeps the state in float32.
    """
    if not network.faster_in_bfloat16:
        return network
    found = copy.deepcopy(network)
    for name, part in found.named_children():
        if name != "head":
            part.to(torch.bfloat16)
    return found


def has_instructions() -> bool:
    """Whether this processor multiplies matrices in bfloat16 (AVX-512 BF16, AMX and the like)."""
    return any(there is True for name, there in torch.cpu.get_capabilities().items() if name.endswith("bf16"))


def hastened(checkpoint: Checkpoint) -> Checkpoint:
    """``checkpoint`` with its network in bfloat16; SelectionError where the network or the processor gains nothing."""
    network = checkpoint.network
    if not (isinstance(network, Network) and network.faster_in_bfloat16):
        raise SelectionError(f"model {checkpoint.card.id} is not faster in bfloat16: leave --bfloat16 out")
    if not has_instructions():
        raise SelectionError(
            "this processor has no bfloat16 instructions, and would take longer without: leave --bfloat16 out"
        )
    return dataclasses.replace(checkpoint, network=in_bfloat16(network))
