"""A peer for torch_bench.ts: the training step of speller.ts in PyTorch; one line in, one time in seconds out.

Install (Debian): apt-get install python3-torch libopenblas0-pthread. Threads come from OMP_NUM_THREADS.

Sequences all have their full length, so that no mask is needed, which spares the peer work that Heed does.
"""
import os
import sys
import time

import torch
from torch import nn

LETTERS, PHONEMES, EMBEDDING = 10, 9, 64
SOURCE, TARGET = 33, 43

torch.manual_seed(1)
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


class Speller(nn.Module):
    """A bidirectional GRU encoder, a GRU decoder on Luong's path, the general score."""

    def __init__(self, units):
        super().__init__()
        self.source = nn.Embedding(SOURCE, EMBEDDING)
        self.target = nn.Embedding(TARGET, EMBEDDING)
        self.encoder = nn.GRU(EMBEDDING, units, bidirectional=True, batch_first=True)
        self.bridge = nn.Linear(2 * units, units)
        self.decoder = nn.GRU(EMBEDDING, units, batch_first=True)
        self.score = nn.Linear(units, 2 * units, bias=False)
        self.combine = nn.Linear(3 * units, units, bias=False)
        self.output = nn.Linear(units, TARGET, bias=False)

    def forward(self, source, inputs):
        memory, final = self.encoder(self.source(source))
        initial = torch.tanh(self.bridge(torch.cat([final[0], final[1]], 1)))
        queries, _ = self.decoder(self.target(inputs), initial.unsqueeze(0))
        weights = torch.softmax(torch.bmm(self.score(queries), memory.transpose(1, 2)), -1)
        joined = torch.cat([torch.bmm(weights, memory), queries], 2)
        return self.output(torch.tanh(self.combine(joined)))


print("ready", torch.__version__, flush=True)
sizes, model = None, None
for line in sys.stdin:
    asked = tuple(int(word) for word in line.split())
    if asked != sizes:
        sizes = asked
        units, batch = asked
        model = Speller(units)
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
        source = torch.randint(4, SOURCE, (batch, LETTERS))
        inputs = torch.randint(4, TARGET, (batch, PHONEMES))
        targets = torch.randint(4, TARGET, (batch, PHONEMES))
    start = time.perf_counter()
    optimiser.zero_grad(set_to_none=True)
    loss = nn.functional.cross_entropy(model(source, inputs).reshape(-1, TARGET), targets.reshape(-1))
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    loss.item()
    print(time.perf_counter() - start, flush=True)
