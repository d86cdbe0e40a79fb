"""A peer for attention_bench.ts: materialised attention in PyTorch, one thread; one line in, one time in seconds out.

Install (Debian): apt-get install python3-torch libopenblas0-pthread. PyTorch 1.13 has no fused attention of its own.
"""
import sys
import time

import torch

torch.set_num_threads(1)
print("ready", torch.__version__, flush=True)
inputs = {}
for line in sys.stdin:
    heads, length, depth, backward = (int(word) for word in line.split())
    if (heads, length, depth) not in inputs:
        inputs = {(heads, length, depth): [torch.randn(1, heads, length, depth) for _ in range(3)]}
    q, k, v = [x.detach().requires_grad_(bool(backward)) for x in inputs[(heads, length, depth)]]
    start = time.perf_counter()
    out = torch.softmax(q @ k.transpose(-1, -2) * depth**-0.5, -1) @ v
    if backward:
        out.backward(torch.ones_like(out))
    print(time.perf_counter() - start, flush=True)
