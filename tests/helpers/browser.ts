/**
 * A real browser for tests: the Chromium that comes inside an npm package, driven by puppeteer-core. Nothing is
 * installed and nothing outside this machine is asked; the binary is unpacked once into the temporary folder.
 *
 * Permissions: `--allow-read --allow-env --allow-sys --allow-run --allow-net=127.0.0.1 --allow-write=$TMPDIR` (`/tmp`
 * where `TMPDIR` is not set).
 */
import { tmpdir } from "node:os";
import { extname, join } from "@std/path";
import chromium from "@sparticuz/chromium";
import puppeteer, { type Browser, type Page } from "puppeteer-core";

/** Which screen a page is seen on. */
export interface Screen {
  /** Width in CSS pixels. */
  readonly width: number;
  readonly dark?: boolean;
  /** Whether scripts run. @default true */
  readonly scripts?: boolean;
}

/**
 * The path of the browser, unpacked on first use. It is unpacked aside and moved into place whole: a test run that is
 * killed, or two that start at once, leave no half binary behind.
 */
async function executable(): Promise<string> {
  const place = join(tmpdir(), "heed-chromium-153.0.0");
  const binary = join(place, "chromium");
  if (await Deno.stat(binary).catch(() => null)) return binary;
  const aside = await Deno.makeTempDir({ prefix: "heed-unpack-" });
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", aside); // the package unpacks into the temporary folder and nowhere else
  try {
    await chromium.executablePath();
  } catch (error) {
    await Deno.remove(aside, { recursive: true });
    throw error;
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
  await Deno.rename(aside, place).catch(() => Deno.remove(aside, { recursive: true }));
  return binary;
}

/** Starts a browser, lends it to `use`, and closes it whatever happens. */
export async function withBrowser<T>(use: (browser: Browser) => Promise<T>): Promise<T> {
  const executablePath = await executable();
  const profile = await Deno.makeTempDir({ prefix: "heed-browser-" });
  const browser = await puppeteer.launch({
    executablePath,
    headless: "shell",
    userDataDir: profile,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-default-apps",
      "--disable-sync",
      "--no-first-run",
      "--no-pings",
      "--font-render-hinting=none",
    ],
  });
  try {
    return await use(browser);
  } finally {
    await browser.close();
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

/** What went wrong or went out while a page was open. */
export interface Watched {
  readonly page: Page;
  /** Console errors and uncaught exceptions. */
  readonly errors: string[];
  /** Addresses of every request. */
  readonly requests: string[];
}

/** Opens an address on a screen and watches it; the page is closed by the caller. */
export async function open(browser: Browser, address: string, screen: Screen): Promise<Watched> {
  const page = await browser.newPage();
  const errors: string[] = [], requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warn") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("requestfailed", (request) => errors.push(`failed: ${request.url()}`));
  page.on("request", (request) => requests.push(request.url()));
  await setScreen(page, screen);
  await page.goto(address, { waitUntil: "load" });
  return { page, errors, requests };
}

/** Sets width, colour scheme and scripts of a page. */
export async function setScreen(page: Page, { width, dark = false, scripts = true }: Screen): Promise<void> {
  await page.setJavaScriptEnabled(scripts);
  await page.setViewport({ width, height: 900, isMobile: width < 600, hasTouch: width < 600 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
}

/** A PNG of the whole page on a screen. */
export async function screenshot(page: Page, screen: Screen): Promise<Uint8Array> {
  await setScreen(page, screen);
  return await page.screenshot({ fullPage: true, type: "png" });
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".json": "application/json",
};

/** Serves a folder on 127.0.0.1 at a free port, lends its address to `use`, and stops. */
export async function withServer<T>(folder: string, use: (address: string) => Promise<T>): Promise<T> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    try {
      const body = await Deno.readFile(join(folder, path));
      return new Response(body, { headers: { "content-type": types[extname(path)] ?? "application/octet-stream" } });
    } catch {
      return new Response("not found", { status: 404 });
    }
  });
  try {
    return await use(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}
