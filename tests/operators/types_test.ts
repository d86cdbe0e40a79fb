/** What must not compile. `deno check` fails when one of these lines does. */
import type { Observable } from "rxjs";
import { batch } from "../../operators/batch.ts";
import { lend, type Loan, settle, transform } from "../../operators/loan.ts";
import {
  bahdanau,
  decoder,
  global,
  gru,
  local,
  lstm,
  luong,
  monotonic,
  multiHead,
  none,
  scores,
} from "../../operators/mod.ts";
import { tf } from "../../operators/numerics/tf.ts";
import { record } from "../../operators/record.ts";
import type { Batch, Example, Measurement, Tokens } from "../../operators/records.ts";
import { tokenize } from "../../operators/tokenize.ts";
import { train, type TrainOptions } from "../../operators/train.ts";
import { assertEquals } from "@std/assert";
import { alphabet, tinyModel } from "../helpers/streams.ts";

/** Never called: its types are the test. */
export function mustNotCompile(
  loans: Observable<Loan<{ x: tf.Tensor }, Batch>>,
  rows: Observable<Loan<Measurement, Measurement>>,
  examples: Observable<Loan<Example, Example>>,
  tokens: Observable<Loan<Tokens, Tokens>>,
  numbers: Observable<Loan<{ count: number }, Batch>>,
  batches: Observable<Batch>,
  options: TrainOptions<unknown>,
) {
  // @ts-expect-error a loan is no measurement
  rows.pipe(record({ append() {} }));
  // @ts-expect-error a loan is no example
  examples.pipe(tokenize(alphabet));
  // @ts-expect-error a loan is no token sequence
  tokens.pipe(batch({ size: 2 }));
  // @ts-expect-error a loan is no batch
  loans.pipe(train(tinyModel(), options));
  // @ts-expect-error settle reads tensors, not numbers
  numbers.pipe(settle());
  // @ts-expect-error settle reads tensors, not numbers
  numbers.pipe(settle(({ count }) => ({ count })));
  // @ts-expect-error there is nothing to settle in a record
  batches.pipe(settle());
  // @ts-expect-error a record is no loan to transform
  batches.pipe(transform((tensors: { x: tf.Tensor }) => tensors));
  // A record is not a loan, whatever it holds: only lend makes one.
  // @ts-expect-error the brand can't be written
  const forged: Loan<{ x: number }, Batch> = {
    record: {} as Batch,
    tensors: { x: 1 },
    context: {},
    lease: { readers: 0 },
  };
  return forged;
}

/** Decoders that make no sense. Never called, either. */
export function senselessDecoders() {
  const attention = global({ score: scores.general });
  // @ts-expect-error Bahdanau's context enters the cell already: there is nothing to feed
  bahdanau({ inputFeeding: true });
  // @ts-expect-error the maxout is Bahdanau's
  luong({ maxout: 3 });
  // @ts-expect-error global attention has no window
  global({ score: scores.general, window: 2 });
  // @ts-expect-error a window chooses the place, and location looks at nothing else
  local({ scope: "monotone", window: 2, score: scores.location });
  // @ts-expect-error so does monotonic attention
  monotonic({ score: scores.location });
  // @ts-expect-error a local attention says how it is placed
  local({ window: 2, score: scores.general });
  // @ts-expect-error heads have a score of their own
  multiHead({ heads: 2, score: scores.general });
  // @ts-expect-error a score is no attention
  decoder({ path: luong(), attention: scores.general });
  // @ts-expect-error the form is the GRU's
  lstm({ form: "reset-before" });
  // @ts-expect-error a decoder needs an attention, if only none()
  decoder({ path: luong() });
  // What makes sense compiles.
  return [
    decoder({ path: bahdanau({ reads: "current" }), attention, cell: gru({ form: "framework" }) }),
    decoder({
      path: luong({ inputFeeding: true }),
      attention: local({ scope: "predictive", window: 2, score: scores.general }),
    }),
    decoder({ path: luong(), attention: none(), cell: lstm(), layers: 2 }),
  ];
}

/** What must compile: settle knows its names, also those that it is given anew. */
export function mustCompile(batches: Observable<Batch>) {
  return batches.pipe(
    lend(({ size }) => ({ size: tf.scalar(size), twice: tf.scalar(2 * size) })),
    settle(({ size }) => ({ renamed: size })),
  ).subscribe(({ values, record }) => [values.renamed.data, record.size]);
}

Deno.test("the types above are checked by deno check", () => assertEquals(typeof mustNotCompile, "function"));
