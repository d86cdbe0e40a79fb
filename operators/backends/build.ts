/**
 * Compiles the kernel pack (wasm/*.ts, AssemblyScript) to `pack.relaxed.wasm` and `pack.simd.wasm`: the same sources, with
 * and without relaxed SIMD. `deno task build` writes both; a test compiles them again and compares bytes.
 *
 * The module imports the backend's memory and may own nothing in it: no static data (checked here), no runtime, no stack.
 * It asks for a memory of one page at least. The backend's has hundreds, but a host that is told none compares every load's
 * offset with the size first, and then its address: products ran at 78% of the peak, and run at 90% since.
 *
 * @module
 */
import asc from "assemblyscript/asc";
import { type Build, BUILDS } from "./build_names.ts";

/**
 * Compiles the pack.
 *
 * @throws Error with the compiler's messages when the sources do not compile or need memory of their own.
 */
export async function compilePack(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const folder = new URL("./wasm/", import.meta.url);
  let binary: Uint8Array<ArrayBuffer> | undefined;
  let text = "";
  const messages: string[] = [];
  const collect = { write: (chunk: string | Uint8Array) => (messages.push(String(chunk)), true) };
  const options = [
    "index.ts",
    "--runtime=stub",
    "--importMemory",
    "--initialMemory=1",
    "--noExportMemory",
    "--noAssert",
    "--optimizeLevel=3",
    "--shrinkLevel=0",
    "--enable=simd",
    ...(build === "relaxed" ? ["--enable=relaxed-simd"] : []),
    "--use=abort=",
    "--outFile=pack.wasm",
    "--textFile=pack.wat",
  ];
  const { error } = await asc.main(options, {
    stdout: collect,
    stderr: collect,
    readFile: (name: string) => {
      try {
        return Deno.readTextFileSync(new URL(name, folder));
      } catch {
        return null;
      }
    },
    writeFile: (name: string, contents: string | Uint8Array) => {
      if (name.endsWith(".wasm")) binary = new Uint8Array(contents as Uint8Array);
      else text = String(contents);
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`Cannot compile the kernel pack: ${error?.message} ${messages.join("")}`);
  if (/\(data /.test(text)) throw new Error("Cannot compile the kernel pack as it must hold no static data");
  return binary;
}

if (import.meta.main) {
  for (const [build, file] of Object.entries(BUILDS)) {
    const binary = await compilePack(build as Build);
    await Deno.writeFile(new URL(file, import.meta.url), binary);
    console.log(`${file} ${binary.length} bytes`);
  }
}
