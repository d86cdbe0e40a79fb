/**
 * The single door to ml-matrix: decompositions in float64, which TensorFlow.js doesn't have.
 *
 * @module
 */
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";

/** A dense matrix in float64, row-major. */
export interface Dense {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Eigenvalues, largest first, and unit eigenvectors in the same order. */
export interface Eigen {
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
}

/** Eigenpairs of a symmetric matrix. The sign of a vector is fixed: its largest entry is positive. */
export function symmetricEigen(matrix: Dense): Eigen {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(toMatrix(matrix), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, index) => index).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  return {
    values: order.map((index) => realEigenvalues[index]),
    vectors: order.map((index) => signed(Float64Array.from(eigenvectorMatrix.getColumn(index)))),
  };
}

/** Singular values, largest first, with unit left and right vectors in the same order. */
export function singular(matrix: Dense): Eigen & { readonly right: readonly Float64Array[] } {
  const found = new SingularValueDecomposition(toMatrix(matrix), { autoTranspose: true });
  const order = found.diagonal.map((_, index) => index).sort((a, b) => found.diagonal[b] - found.diagonal[a]);
  const column = (of: Matrix, index: number) => Float64Array.from(of.getColumn(index));
  return {
    values: order.map((index) => found.diagonal[index]),
    vectors: order.map((index) => column(found.leftSingularVectors, index)),
    right: order.map((index) => column(found.rightSingularVectors, index)),
  };
}

function toMatrix({ rows, columns, values }: Dense): Matrix {
  return new Matrix(
    Array.from({ length: rows }, (_, row) => Array.from(values.subarray(row * columns, (row + 1) * columns))),
  );
}

function signed(vector: Float64Array): Float64Array {
  let largest = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? vector.map((value) => -value) : vector;
}
