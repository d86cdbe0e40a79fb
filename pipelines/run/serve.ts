/**
 * Serves a site on this machine alone (127.0.0.1).
 *
 * @module
 */
import { extname, join, resolve } from "@std/path";
import { InputError } from "../../operators/records.ts";
import { reasonOf } from "./content.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/**
 * Starts to serve a folder.
 *
 * @param folder Holds `index.html`.
 * @param port 0 picks a free one.
 * @throws InputError when there is no site in the folder, or the port is taken.
 */
export function serveFolder(folder: string, port: number): Deno.HttpServer<Deno.NetAddr> {
  try {
    Deno.statSync(join(folder, "index.html"));
  } catch (error) {
    throw new InputError(
      `Cannot serve ${folder} as it holds no index.html (${reasonOf(error)}): run deno task pipeline`,
    );
  }
  try {
    return Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      siteHandler(folder),
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new InputError(`Cannot serve on port ${port} as another program has it: name another with --port`);
  }
}

/** Answers requests with the files of a folder, and with nothing outside it. */
export function siteHandler(folder: string): (request: Request) => Promise<Response> {
  const root = resolve(folder);
  return (request) => answer(root, new URL(request.url).pathname);
}

async function answer(root: string, pathname: string): Promise<Response> {
  let path: string;
  try {
    path = resolve(join(root, decodeURIComponent(pathname)));
  } catch {
    return new Response("Bad request\n", { status: 400 });
  }
  if (path !== root && !path.startsWith(root + "/") && !path.startsWith(root + "\\")) {
    return new Response("Not found\n", { status: 404 });
  }
  const file = path === root || pathname.endsWith("/") ? join(path, "index.html") : path;
  try {
    const body = await Deno.readFile(file);
    return new Response(body, { headers: { "content-type": TYPES[extname(file)] ?? "application/octet-stream" } });
  } catch {
    return new Response("Not found\n", { status: 404 });
  }
}
