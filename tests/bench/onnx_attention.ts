/**
 * A peer for attention_bench.ts: onnxruntime-web's wasm backend on one thread, with a model built here byte by byte.
 *
 * @module
 */

/**
 * Not in the import map, and named by a variable: whoever doesn't run this benchmark shouldn't download 100 MB for it.
 */
const PEER = "npm:onnxruntime-web@1.30.0/wasm";

/** What is used of onnxruntime-web. */
interface OnnxRuntime {
  readonly env: { logLevel: string; readonly wasm: { numThreads: number } };
  readonly Tensor: new (type: "float32", values: Float32Array, shape: number[]) => { readonly data: unknown };
  readonly InferenceSession: {
    create(model: Uint8Array, options: { executionProviders: string[] }): Promise<{
      run(feeds: Readonly<Record<string, unknown>>): Promise<{ readonly out: { readonly data: unknown } }>;
    }>;
  };
}

/** The two ways to say attention there: the fused operator of com.microsoft, and standard operators one by one. */
export type OnnxForm = "MultiHeadAttention" | "MatMul-Softmax-MatMul";

type Bytes = number[];
const text = (value: string): Bytes => [...new TextEncoder().encode(value)];

function varint(value: number): Bytes {
  const bytes: Bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

/** A field of a protocol buffer: a number, or bytes with their length. */
function field(number: number, value: number | Bytes): Bytes {
  return typeof value === "number"
    ? [...varint(number * 8), ...varint(value)]
    : [...varint(number * 8 + 2), ...varint(value.length), ...value];
}

function node(operator: string, inputs: string[], output: string, domain = "", attribute: Bytes = []): Bytes {
  return [
    ...inputs.flatMap((name) => field(1, text(name))),
    ...field(2, text(output)),
    ...field(4, text(operator)),
    ...(attribute.length ? field(5, attribute) : []),
    ...(domain ? field(7, text(domain)) : []),
  ];
}

/** A float32 tensor whose sides are left open. */
function value(name: string, rank: number): Bytes {
  const sides = Array.from({ length: rank }, (_, axis) => field(1, field(2, text(`${name}${axis}`)))).flat();
  return [...field(1, text(name)), ...field(2, field(1, [...field(1, 1), ...field(2, sides)]))];
}

/** The model's bytes: ModelProto of the ONNX format, version 8, operator set 17. */
export function onnxModel(form: OnnxForm, heads: number): Uint8Array {
  const fused = form === "MultiHeadAttention";
  const rank = fused ? 3 : 4;
  const count = [...field(1, text("num_heads")), ...field(3, heads), ...field(20, 2)];
  const nodes = fused ? [node("MultiHeadAttention", ["q", "k", "v"], "out", "com.microsoft", count)] : [
    node("MatMul", ["q", "k"], "scores"),
    node("Softmax", ["scores"], "weights"),
    node("MatMul", ["weights", "v"], "out"),
  ];
  const graph = [
    ...nodes.flatMap((each) => field(1, each)),
    ...field(2, text("attention")),
    ...["q", "k", "v"].flatMap((name) => field(11, value(name, rank))),
    ...field(12, value("out", rank)),
  ];
  const sets = ["", "com.microsoft"].map((domain) => [...field(1, text(domain)), ...field(2, domain ? 1 : 17)]);
  return Uint8Array.from([...field(1, 8), ...field(7, graph), ...sets.flatMap((set) => field(8, set))]);
}

/**
 * A function that attends once, and gives the output's values; undefined where the package isn't there.
 *
 * @param inputs q, k and v, for the fused form `[1, N, H D]`; else q times the scale and v `[1, H, N, D]`, and k turned,
 *     `[1, H, D, N]`, so that the peer need do neither
 */
export async function onnxAttention(
  form: OnnxForm,
  inputs: Readonly<Record<"q" | "k" | "v", Float32Array>>,
  heads: number,
  length: number,
  depth: number,
): Promise<(() => Promise<Float32Array>) | undefined> {
  let ort: OnnxRuntime;
  try {
    ort = await import(PEER);
  } catch {
    return undefined;
  }
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(onnxModel(form, heads), { executionProviders: ["wasm"] });
  const shape = form === "MultiHeadAttention" ? [1, length, heads * depth] : [1, heads, length, depth];
  const tensor = (values: Float32Array, shape: number[]) => new ort.Tensor("float32", values, shape);
  const feeds = {
    q: tensor(inputs.q, shape),
    k: tensor(inputs.k, form === "MultiHeadAttention" ? shape : [1, heads, depth, length]),
    v: tensor(inputs.v, shape),
  };
  return async () => (await session.run(feeds)).out.data as Float32Array;
}
