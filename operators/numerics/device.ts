/**
 * Which build of the device kernels is in place. Backends say so here, and whoever starts another thread on the same
 * device reads it, without knowing the backends.
 *
 * @module
 */
let build = "off";

/** Says which build is in place, `off` for none. */
export function announceBuild(name: string): void {
  build = name;
}

/** The build that is in place now, `off` for none. */
export function announcedBuild(): string {
  return build;
}
