/**
 * Beam search on every path with every kind of attention, batched and padded, against a float64 search that runs each
 * hypothesis from its beginning: what a step hands to the next (states, the fed vector, the weights before) must follow
 * its hypothesis, not its place in the beam.
 */
import { assert, assertEquals } from "@std/assert";
import { lastValueFrom, of, pipe } from "rxjs";
import { useEngine } from "../../operators/backends/engine.ts";
import { collate } from "../../operators/batch.ts";
import { decode } from "../../operators/decode.ts";
import { encode } from "../../operators/encode.ts";
import { lend, settle, transform } from "../../operators/loan.ts";
import { batchTensors } from "../../operators/model.ts";
import { backtrack } from "../../operators/numerics/backtrack.ts";
import { cells } from "../../operators/numerics/cell.ts";
import { type Composition, decoder } from "../../operators/numerics/composition.ts";
import { recurrentEncoder } from "../../operators/numerics/encoder.ts";
import { Parameters } from "../../operators/numerics/parameters.ts";
import type { InitialValues } from "../../operators/numerics/shape.ts";
import { SPECIAL } from "../../operators/vocabulary.ts";
import { assertClose } from "../helpers/close.ts";
import { attentions, paths, shaken } from "../helpers/path_cases.ts";
import { alphabet, assertNothingLeft, tokensOf, words } from "../helpers/streams.ts";
import { rows } from "../reference/gru.ts";
import { fromFinal, type PathReference, pathReference } from "../reference/paths.ts";
import { beamReference } from "../reference/search.ts";

const MARKS = { begin: SPECIAL.begin, end: SPECIAL.end, pad: SPECIAL.pad };
const [units, embedding, hidden, positions] = [4, 3, 2, 5];
const vocabulary = alphabet.target.size;
const batch = collate(words("cabab", "a", "bab", "abba").map(tokensOf));
/** One attention of every kind. */
const kinds = attentions.filter(([{ name }]) => /general|local|heads/.test(name));

const valuesOf = (made: InitialValues) =>
  Object.fromEntries(Object.entries(made).map(([name, { values }]) => [name, values]));

/** A composition whose values are far from small, so that what was said before matters; `made` is what they are. */
function telling(plain: Composition) {
  const made: { decoder: InitialValues; attention: InitialValues } = { decoder: {}, attention: {} };
  const composition: Composition = {
    ...plain,
    attention: {
      ...plain.attention,
      parameters: (dims, seed) => made.attention = shaken(plain.attention.parameters(dims, seed), 300, 0.8),
    },
    decoderFor: (width) => {
      const path = plain.decoderFor(width);
      return {
        ...path,
        parameters: (dims, seed) => made.decoder = shaken(path.parameters(dims, seed), 400, 0.8),
      };
    },
  };
  return { composition, made };
}

for (const beams of [1, 4]) {
  Deno.test(`each hypothesis of ${beams} carries what its own symbols made, on every path and attention`, () =>
    assertNothingLeft(async () => {
      await useEngine({ backend: "wasm" });
      for (const [p, path] of (Object.keys(paths) as PathReference["path"][]).entries()) {
        for (const [a, [attention, reference]] of kinds.entries()) {
          const cell = (Object.keys(cells) as PathReference["cell"][])[(a + p) % 3];
          const [layers, alpha, maxLength] = [1 + (a + p) % 2, beams > 1 && a % 2 === 1 ? 0.6 : 0, 6];
          const title = `${path} · ${attention.name} · ${layers} × ${cell}`;
          const { composition, made } = telling(
            decoder({
              path: paths[path],
              attention,
              cell: cells[cell],
              layers,
              units,
              embedding,
              hidden,
              positions,
            }),
          );
          const parameters = new Parameters(17);
          const encoder = encode(recurrentEncoder({ units: units / 2, embedding: 3 }), alphabet.source);
          const { values: found } = await lastValueFrom(
            of(batch).pipe(
              lend(batchTensors, { parameters }),
              pipe(encoder, decode(composition, alphabet.target)),
              transform(({ memory, final, backward, search }) => ({
                memory,
                final,
                backward: backward!,
                ...search({ beams, alpha, maxLength }),
              })),
              settle(),
            ),
          );
          parameters.unsubscribe();
          const [, S, M] = found.memory.shape;
          const dims = { batch: 1, queries: 1, keys: S, query: units, key: M, hidden, positions };
          const begins = fromFinal(path) ? found.final : found.backward;
          /** Logits and weights of one hypothesis of one example. */
          const said = (example: number, produced: readonly number[]) =>
            pathReference(
              { path, cell, layers, attention: reference, units, embedding, vocabulary },
              valuesOf(made.decoder),
              valuesOf(made.attention),
              dims,
              rows(found.memory.data.slice(example * S * M, (example + 1) * S * M), M),
              batch.source.lengths[example],
              rows(begins.data, begins.shape[1]!)[example],
              [MARKS.begin, ...produced],
            );
          const next = (example: number) => (prefix: number[]) => {
            const logits = said(example, prefix).logits[prefix.length];
            const highest = Math.max(...logits);
            const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)) + highest;
            return logits.map((logit) => logit - total);
          };
          const trace = {
            tokens: found.tokens.data,
            parents: found.parents.data,
            logProbability: found.logProbability.data,
            alignment: found.alignment.data as Float32Array,
            steps: maxLength,
            batch: batch.size,
            beams,
            width: S,
          };
          const ranks = Array.from(
            { length: beams },
            (_, rank) => backtrack(trace, { end: MARKS.end, sourceLengths: batch.source.lengths, rank }),
          );
          for (let example = 0; example < batch.size; example++) {
            const expected = beamReference(next(example), MARKS, { beams, maxLength, alpha });
            ranks.forEach((found, rank) => {
              const { ids, ended, logProbability, alignment } = found[example];
              const wanted = expected[rank];
              assertEquals(ended ? [...ids, MARKS.end] : ids, wanted.ids, `${title}: ${example}, rank ${rank}`);
              assertClose([logProbability], [wanted.logProbability], 2e-5, title);
              const { weights } = said(example, wanted.ids.slice(0, -1));
              const cut = weights.map((row) => row.slice(0, batch.source.lengths[example]));
              assertClose(alignment.flatMap((row) => [...row]), cut.flat(), 2e-5, title);
            });
          }
          // A search in which no hypothesis ever takes another one's place would show nothing.
          const crossed = Array.from(trace.parents).some((parent, at) =>
            at >= batch.size * beams && parent !== at % beams
          );
          assertEquals(crossed, beams > 1, `${title}: parents`);
          assert(beams === 1 || ranks.flat().some(({ ids }) => ids.length > 2), `${title}: hypotheses of some length`);
        }
      }
    }));
}
