import type { Results } from "./experiment.ts";
import { page } from "../reports/mod.ts";
export function scoresPage(_: Results): Promise<never> {
  return Promise.reject(page);
}
