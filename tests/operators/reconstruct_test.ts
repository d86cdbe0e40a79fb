import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { lastValueFrom, map, of, range, toArray } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import {
  adam,
  chosenSpectrum,
  constantMoments,
  constantRate,
  descent,
  gather,
  lend,
  linearAutoencoder,
  linearOptimum,
  type Moments,
  momentsOf,
  type MomentTensors,
  momentTensors,
  Parameters,
  pull,
  reconstruct,
  reconstructionLoss,
  reconstructVectors,
  settle,
  singular,
  train,
  type Vectors,
  type VectorTensors,
  vectorTensors,
  withParameters,
} from "../../operators/mod.ts";
import { assertClose } from "../helpers/close.ts";
import { marbleBattery } from "../helpers/battery.ts";
import { assertNothingLeft } from "../helpers/streams.ts";

await useEngine();
const sigma = Array.from({ length: 20 }, (_, i) => 20 - i);
const data = chosenSpectrum(sigma, 3);
const exact = momentsOf(data);
const record: Moments = {
  ...exact,
  second: Float32Array.from(exact.second),
  mean: Float32Array.from(exact.mean),
};

async function learn(lambda: number, steps: number): Promise<{ squares: number[]; loss: number }> {
  const autoencoder = linearAutoencoder({ width: 20, code: 10, penalty: { kind: "sum", lambda } });
  return await lastValueFrom(withParameters(5, (parameters) =>
    range(steps).pipe(
      map(() => record),
      train(reconstruct<MomentTensors, Moments>(autoencoder), {
        parameters,
        optimiser: descent(0.9),
        learningRate: constantRate(1 / 100),
        loss: reconstructionLoss,
        lend: momentTensors,
      }),
      toArray(),
      map((all) => {
        const decoder = parameters.variables[1];
        const values = Float64Array.from(decoder.dataSync());
        const squares = singular({ rows: 20, columns: 10, values }).values.map((s) => s * s);
        return { squares, loss: all.at(-1)!.loss };
      }),
    )));
}

Deno.test("gradient training finds Kunin's vector to 1e-3, and drops what it must", () =>
  assertNothingLeft(async () => {
    const mu = sigma.map((value) => value * value / 20);
    for (const [lambda, steps] of [[10, 1000], [361, 2000], [441, 500]]) {
      const optimum = linearOptimum(mu, 10, { kind: "sum", lambda: lambda / 20 });
      const { squares, loss } = await learn(lambda / 20, steps);
      assertClose(squares, optimum.products, 1e-3, `λ ${lambda}`);
      assertClose([loss], [optimum.loss], 1e-3);
    }
  }));

Deno.test("mini-batches of vectors train through the same operator, and vectors come back", () =>
  assertNothingLeft(async () => {
    const autoencoder = linearAutoencoder({ width: 20, code: 3, penalty: { kind: "none" } });
    await lastValueFrom(withParameters(5, (parameters) =>
      pull(Array.from({ length: 60 }, () => data).flat()).pipe(
        gather({ size: 7 }),
        train(reconstruct<VectorTensors, Vectors>(autoencoder), {
          parameters,
          optimiser: adam(),
          learningRate: constantRate(0.02),
          loss: reconstructionLoss,
          lend: vectorTensors,
        }),
        toArray(),
        map((steps) => {
          assertEquals(steps[0].examples, 7);
          assertEquals(steps.at(-1)!.examples, 1200 % 7);
          const mean = (some: typeof steps) => some.reduce((sum, { loss }) => sum + loss, 0) / some.length;
          assertLess(mean(steps.slice(-20)), 0.8 * mean(steps.slice(0, 20)));
        }),
      )));
    const settled = await lastValueFrom(
      withParameters(5, (parameters) =>
        of({ size: 1, width: 20, values: data[0].values }).pipe(
          lend(vectorTensors, { parameters }),
          reconstructVectors(autoencoder),
          settle(),
        )),
    );
    assertEquals([settled.values.codes.shape, settled.values.reconstruction.shape], [[1, 3], [1, 20]]);
  }));

const vector = (id: string) => ({ id, values: Float32Array.of(1, 2) });
const two = { size: 2, width: 2, values: Float32Array.of(1, 2, 1, 2) };
const one = { size: 1, width: 2, values: Float32Array.of(1, 2) };
marbleBattery("gather", {
  operator: gather({ size: 2 }),
  inputs: { a: vector("a"), b: vector("b"), c: vector("c") },
  outputs: { x: two, y: one },
  source: "-a-b-c-|",
  expected: "---x---(y|)",
  failing: "-a-b-c-#",
  failed: "---x---#",
  left: { source: "-a-b-c-a-", unsub: "----!", expected: "---x-", subs: "^---!" },
  drawn: 2,
});

Deno.test("gather and descent refuse what makes no sense", () => {
  assertThrows(() => gather({ size: 0 }), RangeError, "current value is 0");
  assertThrows(() => descent(1), RangeError, "current value is 1");
});

Deno.test("constant moments are made once, never saved, and freed with the parameters", () =>
  assertNothingLeft(async () => {
    const parameters = new Parameters(1);
    const lendIt = constantMoments(parameters);
    const first = lendIt(record), second = lendIt(record);
    for (const key of ["second", "mean", "trace"] as const) assertEquals(first[key].id, second[key].id);
    assertClose(first.trace.dataSync(), [sigma.reduce((sum, each) => sum + each * each, 0) / sigma.length], 1e-6);
    assertClose(first.second.dataSync(), record.second, 1e-9);
    assertEquals((await parameters.save()).values, {});
    parameters.unsubscribe();
  }));
