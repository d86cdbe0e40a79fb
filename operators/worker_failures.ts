/**
 * What a worker must not keep to itself: errors that no promise or stream of its own carries.
 *
 * @module
 */
/// <reference lib="deno.worker" />

/**
 * Listens for errors that nobody catches (a timer's, a forgotten promise's) and for the end of the thread.
 *
 * @param fail Says what went wrong.
 * @param ended Says that the thread is ended from inside (`Deno.exit`): whoever waits for it would wait for ever.
 */
export function onFailure(worker: DedicatedWorkerGlobalScope, fail: (error: unknown) => void, ended: () => void): void {
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error ?? event.message);
  });
  worker.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  worker.addEventListener("unload", ended);
}

/** An error as a message carries it: its name and what it says. */
export function failureOf(error: unknown): { readonly name: string; readonly message: string } {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message };
}
