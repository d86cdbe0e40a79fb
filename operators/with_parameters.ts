/** @module withParameters: parameters that belong to a subscription */
import { type Observable, using } from "rxjs";
import { Parameters } from "./numerics/parameters.ts";

/**
 * A stream whose parameters live exactly as long as its subscription: they are made when it begins and freed when it
 * completes, fails, or is left.
 *
 * @param seed Any 32-bit integer; decides every initial value.
 * @param stream What to do with them: train, evaluate, or both in turn.
 */
export function withParameters<T>(seed: number, stream: (parameters: Parameters) => Observable<T>): Observable<T> {
  return using(() => new Parameters(seed), (parameters) => stream(parameters as Parameters));
}
