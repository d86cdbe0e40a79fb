/**
 * Softmax attention, 8 heads of 64: Heed's fused kernels on one core against the composed stock operations, against
 * onnxruntime-web's wasm backend on one thread, and against PyTorch on one thread. Candidates take turns; ratios of pairs,
 * median (least to greatest), above 1 where Heed is faster.
 *
 *     deno run --allow-read --allow-env --allow-run tests/bench/attention_bench.ts [--json] [--rounds N] [--stock N]
 *         [--lengths 256,512] [--heads N] [--no-stock]
 *
 * `--stock` is the length for the stock backend (4096: over 1 GiB and some minutes); half of it with the way back.
 *
 * @module
 */
import { useEngine } from "../../operators/backends/engine.ts";
import { normal } from "../../operators/numerics/random.ts";
import { softmaxAttention } from "../../operators/numerics/softmax_attention.ts";
import { type Tensor, type Tensor4D, tf } from "../../operators/numerics/tf.ts";
import { onnxAttention, type OnnxForm } from "./onnx_attention.ts";
import { flags } from "./flags.ts";
import { inTurn, speedUp, spread, told } from "./ratio.ts";
import { torchPeer } from "./torch_peer.ts";

const DEPTH = 64;

interface Row {
  readonly what: string;
  readonly peer: string;
  readonly length: number;
  readonly seconds?: { median: number; low: number; high: number };
  readonly peerSeconds?: { median: number; low: number; high: number };
  readonly ratio?: { median: number; low: number; high: number };
  readonly note?: string;
}

const { json, rounds, stock, lengths, heads: HEADS, "no-stock": noStock } = flags({
  rounds: 5,
  heads: 8,
  stock: 4096,
  lengths: [256, 512, 1024, 2048, 4096, 8192],
  "no-stock": false,
});
const rows: Row[] = [];

function add(row: Row): void {
  rows.push(row);
  if (json) return;
  const numbers = row.ratio
    ? `${told(row.ratio)} times; ${told(row.seconds!, 3)} s against ${told(row.peerSeconds!, 3)} s`
    : row.note;
  console.log(`${row.what}, N ${row.length}, against ${row.peer}: ${numbers}`);
}

function draw(length: number): Float32Array[] {
  return [1, 2, 3].map((seed) => normal([HEADS * length * DEPTH], 1, seed).values);
}

function toTensors(values: Float32Array[], length: number): Tensor4D[] {
  return values.map((value) => tf.tensor4d(value, [1, HEADS, length, DEPTH]));
}

const attend = (q: Tensor, k: Tensor, v: Tensor) => softmaxAttention(q as Tensor4D, k as Tensor4D, v as Tensor4D);

/** One candidate on one engine, with its own tensors. */
async function onEngine(pack: boolean, values: Float32Array[], length: number, backward: boolean) {
  await useEngine({ pack });
  const tensors = toTensors(values, length);
  const above = tf.ones([1, HEADS, length, DEPTH]);
  const gradient = tf.grads(attend);
  return {
    name: pack ? "Heed" : "stock",
    run: async () => {
      await useEngine({ pack });
      if (backward) tf.dispose(gradient(tensors, above));
      else tf.tidy(() => void attend(tensors[0], tensors[1], tensors[2]));
    },
    dispose: () => tf.dispose([...tensors, above]),
  };
}

async function againstStock(length: number, backward: boolean): Promise<void> {
  const values = draw(length);
  const heed = await onEngine(true, values, length, backward), peer = await onEngine(false, values, length, backward);
  const long = length > 2048;
  try {
    const [ours, theirs] = await inTurn([heed, peer], long ? 1 : Math.min(rounds, 3), long ? 0 : 1);
    add({
      what: backward ? "forward and backward" : "forward",
      peer: "composed stock operations",
      length,
      seconds: spread(ours.seconds),
      peerSeconds: spread(theirs.seconds),
      ratio: speedUp(theirs, ours),
    });
  } catch (error) {
    const note = `the peer fails: ${(error as Error).message}`;
    add({ what: backward ? "forward and backward" : "forward", peer: "composed stock operations", length, note });
  }
  heed.dispose(), peer.dispose();
}

/** `[H, N, D]` as `[N, H D]`. */
function besides(values: Float32Array, length: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let head = 0; head < HEADS; head++) {
    for (let i = 0; i < length; i++) {
      const from = (head * length + i) * DEPTH;
      out.set(values.subarray(from, from + DEPTH), (i * HEADS + head) * DEPTH);
    }
  }
  return out;
}

/** `[H, N, D]` as `[H, D, N]`. */
function turned(values: Float32Array, length: number): Float32Array {
  const out = new Float32Array(values.length);
  values.forEach((value, at) => {
    const d = at % DEPTH, i = Math.floor(at / DEPTH) % length, head = Math.floor(at / DEPTH / length);
    out[(head * DEPTH + d) * length + i] = value;
  });
  return out;
}

async function againstOnnx(form: OnnxForm, length: number): Promise<void> {
  const row = { what: "forward", peer: `onnxruntime-web ${form}`, length };
  const values = draw(length), [q, k, v] = values;
  const inputs = form === "MultiHeadAttention"
    ? { q: besides(q, length), k: besides(k, length), v: besides(v, length) }
    : { q: q.map((value) => value / Math.sqrt(DEPTH)), k: turned(k, length), v };
  const heed = await onEngine(true, values, length, false);
  try {
    const run = await onnxAttention(form, inputs, HEADS, length, DEPTH);
    if (!run) return add({ ...row, note: "peer not installed" });
    // Both compute the same thing, or the ratio means nothing.
    const tensors = toTensors(values, length);
    const out = attend(tensors[0], tensors[1], tensors[2]);
    const ours = out.dataSync() as Float32Array;
    const expected = form === "MultiHeadAttention" ? besides(ours, length) : ours;
    const worst = (await run()).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
    tf.dispose([...tensors, out]);
    if (!(worst < 1e-4)) throw new Error(`outputs differ by ${worst}`);
    const [mine, theirs] = await inTurn([heed, { name: form, run }], rounds, 1);
    add({
      ...row,
      seconds: spread(mine.seconds),
      peerSeconds: spread(theirs.seconds),
      ratio: speedUp(theirs, mine),
    });
  } catch (error) {
    add({ ...row, note: `the peer fails: ${(error as Error).message ?? error}` });
  } finally {
    heed.dispose();
  }
}

async function againstTorch(wanted: readonly number[]): Promise<void> {
  const peer = await torchPeer("torch_attention.py");
  if (!peer) {
    add({ what: "forward", peer: "PyTorch", length: wanted[0], note: "peer not installed" });
    return;
  }
  for (const backward of [false, true]) {
    for (const length of wanted) {
      const heed = await onEngine(true, draw(length), length, backward);
      const mine: number[] = [], theirs: number[] = [];
      for (let round = -1; round < rounds; round++) {
        const started = performance.now();
        await heed.run();
        const ours = (performance.now() - started) / 1000;
        const seconds = await peer.run(HEADS, length, DEPTH, Number(backward));
        if (round >= 0) mine.push(ours), theirs.push(seconds);
      }
      heed.dispose();
      add({
        what: backward ? "forward and backward" : "forward",
        peer: `PyTorch ${peer.version}, one thread, materialised`,
        length,
        seconds: spread(mine),
        peerSeconds: spread(theirs),
        ratio: spread(theirs.map((seconds, pair) => seconds / mine[pair])),
      });
    }
  }
  await peer.close();
}

/** Most bytes in use beyond inputs and output: the two numbers a query, and scratch. */
async function memory(length: number): Promise<number> {
  await useEngine({ pack: false });
  // A fresh arena: scratch that an earlier case made is freed with the pack.
  const engine = await useEngine({ pack: true });
  const tensors = toTensors(draw(length), length);
  engine.resetPeak();
  const before = engine.peakBytes();
  const out = attend(tensors[0], tensors[1], tensors[2]);
  const beyond = engine.peakBytes() - before - 4 * out.size;
  tf.dispose([...tensors, out]);
  return beyond;
}

const beyond = await memory(4096);
if (!json) console.log(`bytes beyond inputs and output at N 4096: ${beyond} (${(beyond / 2 ** 20).toFixed(2)} MiB)`);
for (const length of lengths) {
  await againstOnnx("MultiHeadAttention", length);
  // More than a GiB of scores is more than its memory holds: with 2 heads 8192 fits.
  if (HEADS * length ** 2 <= 8 * 4096 ** 2) await againstOnnx("MatMul-Softmax-MatMul", length);
}
await againstTorch(lengths.filter((length) => length <= 4096));
if (!noStock) {
  await againstStock(stock, false);
  await againstStock(stock / 2, true); // backwards, stock operations at 4096 need more than wasm's 4 GiB, and fail
}
if (json) console.log(JSON.stringify({ heads: HEADS, depth: DEPTH, bytesBeyond: beyond, rows }));
