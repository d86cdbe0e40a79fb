/**
 * What the implementations allocate beyond Q, K and V, in closed form, by tensor and in bytes: THEORY.md 6.5's rows with the
 * blocks, panels and intermediate tensors of the wasm backend and its kernel pack put in. Held against the allocator.
 *
 * @module
 */
import { type AttentionDims, CAUSAL_CHUNK, type FeatureMap, OPEN_CHUNK } from "../../operators/mod.ts";
import { linearPeak, type Workspace } from "./kernel_bytes.ts";

/** Bytes by the tensor, or the scratch, that they are for. */
export type Bytes = Readonly<Record<string, number>>;

/** Bytes of all together. */
export function totalBytes(bytes: Bytes): number {
  return Object.values(bytes).reduce((sum, each) => sum + each, 0);
}

const up = (count: number, to: number) => Math.ceil(count / to) * to;
/** The pack's arena grows by 64 KiB. */
const arena = (floats: number) => up(4 * floats, 65536);

/** Scratch of the fused softmax: a block of queries (Q, O, maximum and sum) and a tile of keys (K, V, scores). */
function softmaxScratch({ n, d, m }: AttentionDims): number {
  const rows = Math.min(256, up(n, 8)), keys = 64;
  return arena(rows * (d + up(m, 4) + 2) + keys * (d + up(m, 4) + 8));
}

/** Blocks of the packed matrix product, whatever its sizes. */
const PRODUCT_SCRATCH = up(4 * (96 * 256 + 384 * 256 + 32), 65536);

/** Softmax attention, streaming (maximum and sum of each row are kept apart: 2N) or materialised. */
export function softmaxBytes(dims: AttentionDims, route: "streaming" | "materialised"): Bytes {
  const { n, d, m, heads = 1, batch = 1, causal = false } = dims;
  const times = heads * batch, output = 4 * times * n * m;
  if (route === "streaming") {
    return { output, "maximum and sum a row": 8 * times * n, "blocks (scratch)": softmaxScratch(dims) };
  }
  const pairs = 4 * times * n * n;
  return {
    output,
    "scaled Q": 4 * times * n * d,
    "scores": pairs,
    "scores less their maximum": pairs,
    "powers": pairs,
    ...(causal ? { "scores that are seen": pairs, "who sees whom": n * n + 4 } : {}),
    "weighted sums": output,
    "maximum and sum a row": 8 * times * n,
    "product panels (scratch)": PRODUCT_SCRATCH,
  };
}

/** Kernel attention composed of stock operations; nothing for a map that doesn't tell its workspace. */
export function kernelBytes(dims: AttentionDims, map: FeatureMap): Bytes | undefined {
  const { d, m, n, heads = 1, batch = 1, causal = false } = dims;
  const told = map.workspace?.(d);
  if (!told) return undefined;
  const work: Workspace = { ...told, features: map.dimension(d), scaled: map.applyScaled !== undefined };
  const times = heads * batch, output = 4 * times * n * m;
  const peak = 4 * linearPeak({ n, d, m, times }, causal, work, causal ? CAUSAL_CHUNK : OPEN_CHUNK);
  const state = 4 * times * work.features * (m + 1);
  return {
    output,
    "state": state,
    "features, pairs and rows of a chunk": peak - output - state,
    "product panels (scratch)": PRODUCT_SCRATCH,
  };
}

/** Poly-2 by its device kernel: denominators a row, and the scratch of its blocks. */
export function poly2Bytes(dims: AttentionDims, route: "linear" | "quadratic"): Bytes {
  const { n, d, m, heads = 1, batch = 1, causal = false } = dims;
  const times = heads * batch, linear = route === "linear";
  const rows = Math.min(128, up(n, 8)), tile = Math.min(linear && !causal ? 256 : 128, up(n, 4));
  const blocks = 4 * (rows * (up(m, 8) + 1 + d) + tile * (up(m, 8) + d + 17));
  const features = 8 * (d + 1) * (rows + tile) + 16 * Math.max(24 * tile, 256 * (rows >> 2));
  const state = 8 * up((d + 1) * (d + 2) / 2, 4) * (up(m, 8) + 1) + 128;
  const scratch = up(blocks + (linear ? features + state : 0), 65536);
  return {
    output: 4 * times * n * m,
    "scaled Q": 4 * times * n * d,
    "denominators": 4 * times * n,
    ...(linear
      ? { "state (scratch)": state, "blocks and features (scratch)": scratch - state }
      : { "blocks (scratch)": scratch }),
  };
}
