/**
 * How many examples a second does Heed learn from, beside PyTorch? The model of speller.ts, Adam, clipping; steps in turn,
 * ratios of pairs, median (least to greatest), above 1 where Heed is faster.
 *
 * Part 1 pins this process and the peer to one core (`taskset`, where there is one). Part 2 gives Heed two cores (train's
 * option `parallel`), and holds it against PyTorch with one thread and with two: the better of the two is the peer.
 *
 *     apt-get install python3-torch libopenblas0-pthread     # Debian; elsewhere the bench says "peer not installed"
 *     deno run --allow-read --allow-env --allow-run tests/bench/torch_bench.ts [--json] [--rounds N] [--sizes 128x128,256x64]
 *
 * @module
 */
import { useEngine } from "../../operators/mod.ts";
import { flags } from "./flags.ts";
import { type Candidate, speedUp, spread, told } from "./ratio.ts";
import { randomWords, spellerTraining } from "./speller.ts";
import { torchPeer } from "./torch_peer.ts";

const { json, rounds, sizes } = flags({
  rounds: 25,
  sizes: [[128, 128], [256, 128], [64, 32], [256, 64]] as const,
});

/** Pins this process, with all its threads, to some cores; false where that can't be done. */
async function pin(cores: string): Promise<boolean> {
  try {
    const args = ["-a", "-c", "-p", cores, `${Deno.pid}`];
    return (await new Deno.Command("taskset", { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

interface Learning extends Candidate {
  /** Seconds of one step. */
  run(): Promise<number>;
  end(): void | Promise<void>;
}

async function heed(units: number, size: number, workers: number): Promise<Learning> {
  const words = await randomWords(size);
  const { step, end } = spellerTraining(units, 1, workers);
  return {
    name: `Heed, ${workers === 1 ? "one core" : `${workers} cores`}`,
    run: async () => {
      const started = performance.now();
      await step(words);
      return (performance.now() - started) / 1000;
    },
    end,
  };
}

async function torch(units: number, size: number, threads: number): Promise<Learning | undefined> {
  const peer = await torchPeer("torch_training.py", threads);
  if (!peer) return undefined;
  return {
    name: `PyTorch ${peer.version}, ${threads === 1 ? "one thread" : `${threads} threads`}`,
    run: () => peer.run(units, size),
    end: () => peer.close(),
  };
}

/** Steps of a turn, whose mean counts; one before them isn't timed. */
const STEPS = 4;

/** Seconds by candidate; each tells its own, so that the way to another process isn't timed. */
async function times(candidates: readonly Learning[]) {
  const seconds = candidates.map((): number[] => []);
  for (let round = -3; round < rounds; round++) {
    for (const [index, candidate] of candidates.entries()) {
      // OpenMP's threads spin for some milliseconds after their work: they mustn't take the next one's core.
      await new Promise((done) => setTimeout(done, 20));
      // Training is one step after another: the first after a pause finds cold caches and threads on one core.
      await candidate.run();
      let elapsed = 0;
      for (let step = 0; step < STEPS; step++) elapsed += await candidate.run();
      if (round >= 0) seconds[index].push(elapsed / STEPS);
    }
  }
  for (const { end } of candidates) await end();
  return candidates.map(({ name }, index) => ({ name, seconds: seconds[index] }));
}

const rows: object[] = [];
const all = `0-${navigator.hardwareConcurrency - 1}`;
for (const cores of [1, 2]) {
  if (cores > navigator.hardwareConcurrency) continue;
  const pinned = cores === 1 && await pin("0");
  for (const [units, size] of sizes) {
    await useEngine();
    const peers = await Promise.all((cores === 1 ? [1] : [1, 2]).map((threads) => torch(units, size, threads)));
    const where = `units ${units}, batch ${size}, ${
      cores === 1 ? `one core${pinned ? "" : " (not pinned)"}` : "two cores"
    }`;
    if (peers.some((peer) => !peer)) {
      console.log(
        json ? JSON.stringify({ units, size, cores, note: "peer not installed" }) : `${where}: peer not installed`,
      );
      continue;
    }
    const [ours, ...theirs] = await times([await heed(units, size, cores), ...peers as Learning[]]);
    const peer = theirs.toSorted((a, b) => spread(a.seconds).median - spread(b.seconds).median)[0];
    const ratio = speedUp(peer, ours);
    const rate = ({ seconds }: { seconds: readonly number[] }) => spread(seconds.map((each) => size / each));
    rows.push({ units, size, cores, pinned, peer: peer.name, ratio, ours: rate(ours), theirs: rate(peer) });
    if (json) continue;
    console.log(`${where}: ${told(ratio)} of ${peer.name}`);
    for (const each of [ours, ...theirs]) {
      console.log(`  ${each.name.padEnd(32)} ${told(rate(each), 0)} examples a second`);
    }
  }
  if (pinned) await pin(all);
}
if (json) console.log(JSON.stringify({ rounds, unit: "examples a second", rows }));
