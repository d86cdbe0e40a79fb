/**
 * What one executed kernel of TensorFlow.js costs, from the shapes of what goes in and comes out.
 *
 * The conventions are those of the closed forms ({@linkcode ./costs.ts}): a matrix product of m x k by k x n is 2mnk,
 * each element-wise result 1, a sum or maximum of n numbers n - 1, moving data 0. Multiplying by one constant (a factor of
 * rank 0) is 0: it can be folded into the matrix product beside it, as BLAS does with its alpha.
 *
 * Each entry also says what the kernel's gradient needs by mathematics (TensorFlow.js may hold on to more, for instance to
 * know a shape).
 *
 * @module
 */
import { sizeOf } from "./shape.ts";

/** The part of a tensor that a cost depends on. */
export interface Sized {
  readonly shape: readonly number[];
}

/** One execution of a kernel. */
export interface KernelRun {
  readonly inputs: Readonly<Record<string, Sized>>;
  readonly outputs: readonly Sized[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** How to count one kernel. */
export interface KernelCost {
  /** Floating-point operations of one execution. */
  operations(run: KernelRun): number;
  /** What the backward pass needs: its inputs, its outputs, both, or nothing but shapes. */
  readonly keeps: "inputs" | "outputs" | "both" | "nothing";
}

const produced = ({ outputs }: KernelRun) => outputs.reduce((sum, output) => sum + sizeOf(output.shape), 0);
const consumed = ({ inputs }: KernelRun) => Object.values(inputs).reduce((sum, input) => sum + sizeOf(input.shape), 0);
const nothing = () => 0;
/** n - 1 for every output that n numbers are folded into. */
const folds = (run: KernelRun) => consumed(run) - produced(run);

/** 2mnk, whichever operand is transposed: k is what is left of the left operand's matrix beside m. */
function product({ inputs, outputs }: KernelRun): number {
  const left = inputs.a.shape;
  const rows = outputs[0].shape.at(-2)!;
  const inner = rows === 0 ? 0 : left.at(-1)! * left.at(-2)! / rows;
  return 2 * sizeOf(outputs[0].shape) * inner;
}

function fusedProduct(run: KernelRun): number {
  const activation = run.attributes.activation;
  const extras = (run.inputs.bias ? 1 : 0) + (activation === undefined || activation === "linear" ? 0 : 1);
  return product(run) + extras * produced(run);
}

/** Multiplication; by a constant of rank 0 it is folded. */
function multiply(run: KernelRun): number {
  return isFolded(run) ? 0 : produced(run);
}

/** Whether a multiplication's factor is one constant. */
export function isFolded({ inputs }: KernelRun): boolean {
  return Object.values(inputs).some((input) => input.shape.length === 0);
}

/** Maximum, subtraction, exponential, sum, division: 5S - 2 for a row of S. */
function softmax(run: KernelRun): number {
  const width = run.outputs[0].shape.at(-1)!;
  return width === 0 ? 0 : (5 * width - 2) * produced(run) / width;
}

function entries(names: string, operations: KernelCost["operations"], keeps: KernelCost["keeps"]) {
  return names.split(" ").map((name): [string, KernelCost] => [name, { operations, keeps }]);
}

const table = new Map<string, KernelCost>([
  ...entries("BatchMatMul", product, "inputs"),
  ...entries("_FusedMatMul", fusedProduct, "both"),
  ...entries("Multiply", multiply, "inputs"),
  ...entries("Add Sub Neg Greater GreaterEqual Less LessEqual Equal NotEqual Sign Step", produced, "nothing"),
  ...entries("LogicalAnd LogicalOr LogicalNot Floor Ceil Round", produced, "nothing"),
  ...entries("RealDiv Maximum Minimum Square Log Log1p Relu LeakyRelu Prelu Abs Sin Cos Softplus", produced, "inputs"),
  ...entries("Reciprocal Erf ClipByValue Relu6", produced, "inputs"),
  ...entries("Tanh Sigmoid Exp Expm1 Sqrt Rsqrt Elu Selu", produced, "outputs"),
  ...entries("Pow", produced, "both"),
  ...entries("Cumsum", produced, "nothing"),
  ...entries("SquaredDifference", (run) => 2 * produced(run), "inputs"),
  ...entries("AddN", folds, "nothing"),
  ...entries("Sum", folds, "nothing"),
  ...entries("Mean", consumed, "nothing"), // n - 1 additions and a division for each output
  ...entries("Max Min Prod", folds, "both"),
  ...entries("Softmax", softmax, "outputs"),
  ...entries("Identity Reshape ExpandDims Transpose Slice StridedSlice Concat Pack Unpack SplitV", nothing, "nothing"),
  ...entries("Tile Cast GatherV2 GatherNd PadV2 MirrorPad Reverse OneHot BroadcastTo", nothing, "nothing"),
  ...entries("Fill ZerosLike OnesLike Range LinSpace", nothing, "nothing"),
  ...entries("Select", nothing, "inputs"),
]);

/**
 * Says how to count a kernel that the table doesn't know: a fused device kernel, or one that a user's score needs. A
 * second registration of a name replaces the first.
 */
export function registerKernelCost(name: string, cost: KernelCost): void {
  table.set(name, cost);
}

/**
 * How to count the kernel of this name.
 *
 * @throws RangeError when nobody has said; a count with a hole in it would be worse than none
 */
export function kernelCost(name: string): KernelCost {
  const cost = table.get(name);
  if (!cost) {
    throw new RangeError(
      `Cannot count operations as every kernel needs an entry (registerKernelCost): current value is "${name}"`,
    );
  }
  return cost;
}
