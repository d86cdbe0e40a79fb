/**
 * PyTorch as a peer: one process that is asked for one repetition at a time, so that it takes turns with Heed.
 *
 * @module
 */

/** Asks for one repetition, and gives its seconds by the peer's own clock. */
export interface TorchPeer {
  readonly version: string;
  run(...words: number[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * Starts a script beside this file; undefined where PyTorch isn't installed or programs may not be run. The interpreter is
 * the one that HEED_PYTHON names, else Debian's, else any python3.
 *
 * @param threads of OpenMP and OpenBLAS; one core's affinity is inherited, so that a pinned benchmark has a pinned peer.
 */
export async function torchPeer(script: string, threads = 1): Promise<TorchPeer | undefined> {
  for (const interpreter of [Deno.env.get("HEED_PYTHON"), "/usr/bin/python3", "python3"]) {
    const peer = interpreter && await start(interpreter, script, threads);
    if (peer) return peer;
  }
}

async function start(interpreter: string, script: string, threads: number): Promise<TorchPeer | undefined> {
  const path = new URL(script, import.meta.url).pathname;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(interpreter, {
      args: [path],
      env: { OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch {
    return undefined;
  }
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  const line = async (): Promise<string | undefined> => {
    while (!pending.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      pending += value;
    }
    const end = pending.indexOf("\n");
    const first = pending.slice(0, end);
    pending = pending.slice(end + 1);
    return first;
  };
  const greeting = await line();
  if (!greeting?.startsWith("ready")) {
    await writer.close().catch(() => {});
    await child.status;
    return undefined;
  }
  return {
    version: greeting.slice("ready ".length),
    async run(...words) {
      await writer.write(new TextEncoder().encode(words.join(" ") + "\n"));
      const answer = await line();
      if (answer === undefined) throw new Error("Cannot time PyTorch as its process must live: current value is ended");
      return Number(answer);
    },
    async close() {
      await writer.close();
      await child.status;
    },
  };
}
