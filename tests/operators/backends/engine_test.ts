import { assert, assertEquals, assertRejects } from "@std/assert";
import { useEngine } from "../../../operators/backends/engine.ts";
import { supports } from "../../../operators/backends/pack.ts";
import { tf } from "../../../operators/numerics/tf.ts";
import { InputError } from "../../../operators/records.ts";

Deno.test("engines can be changed again and again, and compute the same", async () => {
  const a = [[1, 2, 3], [4, 5, 6]], b = [[7, 8], [9, 10], [11, 12]];
  const settings = [{ pack: true }, { pack: false }, { pack: "simd" }, { backend: "cpu" }, {}, {
    pack: "off",
  }] as const;
  for (const setting of [...settings, ...settings]) {
    const engine = await useEngine(setting);
    assertEquals(engine.name, "backend" in setting ? setting.backend : "wasm");
    assertEquals(tf.getBackend(), engine.name);
    const expected = "pack" in setting && (setting.pack === false || setting.pack === "off") || "backend" in setting
      ? "off"
      : "pack" in setting && setting.pack === "simd" || !supports("relaxed")
      ? "simd"
      : "relaxed";
    assertEquals(engine.pack, expected);
    assertEquals([...tf.tidy(() => tf.matMul(a, b).dataSync())], [58, 64, 139, 154]);
  }
});

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
  const engines = await Promise.all([useEngine(), useEngine({ pack: "simd" }), useEngine()]);
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
  const engine = await useEngine();
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
    assertEquals(data, { pack: supports("relaxed") ? "relaxed" : "simd", values: [2, 2, 2, 2, 2, 2], printed: 0 });
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
});
