/** @module progress: how far a stream is, for people who wait */
import { asyncScheduler, type MonoTypeOperatorFunction, Observable, type SchedulerLike } from "rxjs";
import { subscribeWithin } from "./subscribe_within.ts";

/** How far a stream is. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** Items a second since the subscription. */
  readonly rate: number;
  /** Estimated seconds left; `Infinity` before the first item. */
  readonly secondsLeft: number;
}

/**
 * Passes items on and tells how far they are, at most every `interval` milliseconds, and once more at completion.
 *
 * @param total Items expected.
 * @param tell What to do with the news: draw a bar, print a line.
 * @param interval Milliseconds between news.
 * @default {1000}
 */
export function progress<T>(
  total: number,
  tell: (progress: Progress) => void,
  interval = 1000,
  clock: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const started = clock.now();
      let told = started;
      let done = 0;
      const news = (): Progress => {
        const seconds = (clock.now() - started) / 1000;
        const rate = seconds > 0 ? done / seconds : 0;
        return { done, total, rate, secondsLeft: rate > 0 ? Math.max(0, total - done) / rate : Infinity };
      };
      subscribeWithin(subscriber, source, {
        next(item) {
          done++;
          subscriber.next(item);
          if (clock.now() - told >= interval) {
            told = clock.now();
            tell(news());
          }
        },
        complete() {
          tell(news());
          subscriber.complete();
        },
      });
    });
}
