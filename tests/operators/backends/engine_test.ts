import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { supports, type WasmBackend } from "../../../operators/backends/pack.ts";
import { tf } from "../../../operators/numerics/tf.ts";
import { InputError } from "../../../operators/records.ts";

const best = supports("relaxed") ? "relaxed" : "simd";
const named: Record<string, string> = { true: best, simd: "simd", relaxed: best, false: "off", off: "off" };
/** What an engine is when nobody names a pack: HEED_PACK's, in a run that has one. */
const chosen = named[Deno.env.get("HEED_PACK") || "true"];

Deno.test("engines can be changed again and again, and compute the same", async () => {
  const a = [[1, 2, 3], [4, 5, 6]], b = [[7, 8], [9, 10], [11, 12]];
  const settings = [{ pack: true }, { pack: false }, { pack: "simd" }, { backend: "cpu" }, {}, {
    pack: "off",
  }] as const;
  for (const setting of [...settings, ...settings]) {
    const engine = await useEngine(setting);
    assertEquals(engine.name, "backend" in setting ? setting.backend : "wasm");
    assertEquals(tf.getBackend(), engine.name);
    const expected = engine.name === "cpu" ? "off" : "pack" in setting ? named[`${setting.pack}`] : chosen;
    assertEquals(engine.pack, expected);
    assertEquals([...tf.tidy(() => tf.matMul(a, b).dataSync())], [58, 64, 139, 154]);
  }
});

Deno.test("HEED_PACK chooses for a whole run, what a caller names comes first, and nonsense is refused", async () => {
  const engine = new URL("../../../operators/backends/engine.ts", import.meta.url);
  const source = `
    import { useEngine } from "${engine}";
    const { pack } = await useEngine();
    console.log(pack, (await useEngine({ pack: true })).pack);`;
  for (
    const [value, said] of [["simd", `simd ${best}`], ["off", `off ${best}`], ["", `${best} ${best}`], ["fast", ""]]
  ) {
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "--no-check",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        "--config",
        config,
        dataUrl(source),
      ],
      env: { HEED_PACK: value, NO_COLOR: "1" },
    }).output();
    const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals(out.trim(), said, errors);
    assertEquals(errors.includes("Cannot start as HEED_PACK must be relaxed, simd or off"), value === "fast");
  }
});

const dataUrl = (source: string) => `data:application/javascript,${encodeURIComponent(source)}`;

Deno.test("with the pack off the stock kernels are in place", async () => {
  await useEngine({ pack: false });
  const stock = tf.getKernel("BatchMatMul", "wasm").kernelFunc;
  await useEngine({ pack: true });
  assert(tf.getKernel("BatchMatMul", "wasm").kernelFunc !== stock);
  assert(tf.getKernel("HeedGru", "wasm"));
  await useEngine({ pack: false });
  assert(tf.getKernel("BatchMatMul", "wasm").kernelFunc === stock);
  assertEquals(tf.getKernel("HeedGru", "wasm"), undefined);
});

Deno.test("engines that start at the same time leave one pack, and the stock kernels beneath it", async () => {
  await useEngine({ pack: false });
  const stock = tf.getKernel("BatchMatMul", "wasm").kernelFunc;
  const engines = await Promise.all([
    useEngine({ pack: true }),
    useEngine({ pack: "simd" }),
    useEngine({ pack: true }),
  ]);
  assert(engines.every(({ pack }) => pack !== "off"));
  assertEquals([...tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]).dataSync())], [11]);
  await useEngine({ pack: false });
  assert(tf.getKernel("BatchMatMul", "wasm").kernelFunc === stock);
});

Deno.test("an unknown backend is an input error in one line", async () => {
  const error = await assertRejects(() => useEngine({ backend: "gpu" as "cpu" }), InputError);
  assertEquals(error.message, "Cannot use the backend as it must be one of wasm, webgpu, cpu: current value is gpu");
});

Deno.test("webgpu without a device is an input error in one line", async () => {
  if (globalThis.navigator?.gpu && await navigator.gpu.requestAdapter()) return;
  const error = await assertRejects(() => useEngine({ backend: "webgpu" }), InputError);
  assert(/^Cannot use the backend webgpu as [^\n]+$/.test(error.message), error.message);
});

for (const backend of ["wasm", "cpu"] as const) {
  Deno.test(`${backend}: peak bytes count what was live at once`, async () => {
    const engine = await useEngine({ backend, pack: false });
    const base = engine.peakBytes();
    assertEquals(base, tf.memory().numBytes);
    for (let round = 0; round < 3; round++) tf.zeros([1000]).dispose();
    assertEquals(engine.peakBytes(), base + 4000);
    const kept = [tf.zeros([500]), tf.zeros([700])];
    assertEquals(engine.peakBytes(), base + 4800);
    tf.dispose(kept);
    engine.resetPeak();
    assertEquals(engine.peakBytes(), base);
  });
}

Deno.test("wasm: scratch that was given back counts again when it is needed again", async () => {
  const engine = await useEngine({ pack: true });
  const [a, b] = [tf.ones([40, 50]), tf.ones([50, 60])];
  const peakOfProduct = () => {
    engine.resetPeak();
    const before = engine.peakBytes();
    tf.matMul(a, b).dispose();
    return engine.peakBytes() - before;
  };
  peakOfProduct();
  assertEquals(peakOfProduct(), 4 * 40 * 60);
  engine.releaseScratch();
  const whole = peakOfProduct();
  assertEquals((whole - 4 * 40 * 60) % 65536, 0);
  assert(whole > 4 * 40 * 60);
  tf.dispose([a, b]);
});

Deno.test("an engine starts and trains in a worker, without a word", async () => {
  const source = `
    import { useEngine } from "${new URL("../../../operators/backends/engine.ts", import.meta.url)}";
    import { tf } from "${new URL("../../../operators/numerics/tf.ts", import.meta.url)}";
    let printed = 0;
    for (const name of ["log", "warn", "error", "info"]) console[name] = () => printed++;
    const { pack } = await useEngine();
    const gradient = tf.grad((x) => tf.sum(tf.matMul(x, tf.ones([2, 2]))))(tf.ones([3, 2]));
    self.postMessage({ pack, values: [...gradient.dataSync()], printed });`;
  const url = URL.createObjectURL(new Blob([source], { type: "application/javascript" }));
  const worker = new Worker(url, { type: "module" });
  try {
    const { data } = await new Promise<MessageEvent>((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => (event.preventDefault(), reject(new Error(event.message)));
    });
    assertEquals(data, { pack: chosen, values: [2, 2, 2, 2, 2, 2], printed: 0 });
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
});

Deno.test("scratch that the memory can't hold is refused in one line, and the engine goes on", async () => {
  const engine = await useEngine({ pack: true });
  if (engine.pack === "off") return;
  const { wasm } = tf.backend() as unknown as WasmBackend;
  const malloc = wasm._malloc;
  const [a, b] = [tf.ones([70, 70]), tf.ones([70, 70])];
  const { numTensors } = tf.memory();
  engine.releaseScratch();
  let refusals = 0;
  // Tensors are as small as they are elsewhere: only what asks for whole pages is refused, as the arena does.
  wasm._malloc = (bytes) => bytes % 65536 === 0 ? (refusals++, 0) : malloc(bytes);
  try {
    for (const attempt of [1, 2]) {
      const error = assertThrows(
        () => tf.tidy(() => void tf.matMul(a, b)),
        Error,
        "Cannot run a kernel as its scratch",
      );
      assert(/must fit into the backend's memory: current value is \d+ bytes$/.test(error.message), error.message);
      assertEquals(refusals, attempt);
    }
  } finally {
    wasm._malloc = malloc;
  }
  assertEquals(tf.memory().numTensors, numTensors);
  assertEquals(tf.tidy(() => tf.matMul(a, b).dataSync()), new Float32Array(4900).fill(70));
  tf.dispose([a, b]);
});
