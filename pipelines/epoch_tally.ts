/**
 * What one epoch of training adds up to.
 *
 * @module
 */
import type { Measurement, TrainStep } from "../operators/records.ts";
import type { RowMaker } from "./rows.ts";

/** Points a gradient curve has in an epoch: enough to see its course, few enough to store. */
const POINTS = 20;

/** Adds up the steps of one epoch and turns them into rows. */
export class EpochTally {
  examples = 0;
  #tokens = 0;
  #batches = 0;
  #loss = 0;
  #padding = 0;
  #started = performance.now();
  #points = 0;
  #curve: Measurement[] = [];
  #window: TrainStep[] = [];

  /** @param total Examples in the epoch. */
  constructor(readonly row: RowMaker, readonly epoch: number, readonly total: number) {}

  /** Takes a batch's share of padding, 0 to 1. */
  padding(share: number): void {
    this.#padding += share;
    this.#batches++;
  }

  add(step: TrainStep): void {
    if (this.examples === 0) this.#started = performance.now() - 1000 * step.seconds;
    this.examples += step.examples;
    this.#tokens += step.tokens;
    this.#loss += step.loss * step.examples;
    this.#window.push(step);
    if (this.examples * POINTS / this.total >= this.#points + 1 || this.examples >= this.total) this.#point();
  }

  /** One point of each curve, over the steps since the last one: mean loss, root mean square of gradient norms. */
  #point(): void {
    const at = (this.epoch - 1) * this.total + this.examples;
    const norm = (pick: (step: TrainStep) => number) =>
      Math.sqrt(this.#window.reduce((sum, step) => sum + pick(step) ** 2, 0) / this.#window.length);
    for (const name of ["query", "memory"]) {
      this.#curve.push(this.row(`gradient/${name}`, norm(({ watched }) => watched[name] ?? 0), "1", at));
    }
    const seen = this.#window.reduce((sum, { examples }) => sum + examples, 0);
    const loss = this.#window.reduce((sum, { loss, examples }) => sum + loss * examples, 0) / seen;
    this.#curve.push(this.row("loss/curve", loss, "nats", at));
    this.#curve.push(this.row("gradient/global", norm(({ gradientNorm }) => gradientNorm), "1", at));
    this.#window = [];
    this.#points++;
  }

  rows(): Measurement[] {
    const seconds = (performance.now() - this.#started) / 1000;
    return [
      this.row("loss/train", this.#loss / this.examples, "nats", this.epoch),
      this.row("padding", 100 * this.#padding / this.#batches, "%", this.epoch),
      this.row("speed/examples", this.examples / seconds, "1/s", this.epoch),
      this.row("speed/tokens", this.#tokens / seconds, "1/s", this.epoch),
      ...this.#curve,
    ];
  }
}
