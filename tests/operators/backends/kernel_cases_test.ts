import { assert, assertEquals } from "@std/assert";
import { kernelCases } from "../../../operators/backends/kernel_cases.ts";
import { packKernels } from "../../../operators/backends/pack.ts";
import { tf } from "../../../operators/numerics/tf.ts";
import { packTest } from "../../helpers/builds.ts";

/** Shares a tensor's values and moves none, so that it has no speed. */
const SPEEDLESS = ["Identity"];

packTest("every kernel of the pack is asked for its speed, and every case asks one", () => {
  const { cases, dispose } = kernelCases();
  const ran = new Set<string>();
  const watched = packKernels.map(({ name }) => tf.getKernel(name, "wasm"));
  for (const config of watched) {
    tf.unregisterKernel(config.kernelName, "wasm");
    tf.registerKernel({
      ...config,
      setupFunc: undefined,
      kernelFunc: (params) => (ran.add(config.kernelName), config.kernelFunc(params)),
    });
  }
  try {
    const asked = new Set<string>();
    for (const { kernel, transposes, operations, bytes, run } of cases) {
      ran.clear();
      tf.dispose(run());
      assert(ran.size > 0, `${kernel} asks no kernel of the pack`);
      assert(bytes > 0 && operations >= 0, `${kernel} ${transposes} says what it takes`);
      for (const name of ran) asked.add(name);
    }
    assertEquals(
      packKernels.map(({ name }) => name).filter((name) => !asked.has(name) && !SPEEDLESS.includes(name)),
      [],
    );
    assertEquals(new Set(cases.map(({ kernel, transposes }) => `${kernel} ${transposes}`)).size, cases.length);
  } finally {
    for (const config of watched) {
      tf.unregisterKernel(config.kernelName, "wasm");
      tf.registerKernel({ ...config, setupFunc: undefined });
    }
    dispose();
  }
});
