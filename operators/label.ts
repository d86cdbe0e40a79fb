/** @module label: what the operators that give labels have in common */
import type { Contextual } from "./contextualise.ts";
import type { Tensor2D, Tensor3D } from "./numerics/tf.ts";

/** A batch with logits of its labels: L is 1 for a sequence's one label, or the source's width for one a position. */
export interface Labelled extends Contextual {
  /** `[B, L, V]` */
  readonly logits: Tensor3D;
  /** The right label, int32 `[B, L]`. */
  readonly labels: Tensor2D;
  /** 1 where a label is asked for, 0 elsewhere; `[B, L]`. */
  readonly labelMask: Tensor2D;
}
