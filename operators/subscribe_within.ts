/** @module subscribeWithin: how an operator subscribes to its source */
import { type Observable, type Observer, Subscriber } from "rxjs";

/**
 * Subscribes to a source on behalf of a subscriber. The link exists before the source emits, so a synchronous source
 * stops as soon as the subscriber closes; plain `source.subscribe` inside `new Observable` would let it run to its end.
 * What `next` or `complete` throws becomes the subscriber's error, as in every operator of RxJS.
 */
export function subscribeWithin<T>(
  subscriber: Subscriber<unknown>,
  source: Observable<T>,
  { next, error = (error) => subscriber.error(error), complete = () => subscriber.complete() }:
    & Pick<Observer<T>, "next">
    & Partial<Observer<T>>,
): void {
  const guarded = <A>(handle: (value: A) => void) => (value: A) => {
    try {
      handle(value);
    } catch (error) {
      subscriber.error(error);
    }
  };
  const inner = new Subscriber<T>({
    next: guarded(next),
    error: guarded(error),
    complete: guarded<void>(complete) as () => void,
  });
  subscriber.add(inner);
  source.subscribe(inner);
}
