/**
 * Sinks: figures, tables, claims, pages and the static site. Reports know records and nothing else of Heed.
 *
 * @module
 */
export * from "./html.ts";
export * from "./format.ts";
export * from "./palette.ts";
export * from "./effects.ts";
export * from "./fit.ts";
export * from "./intervals.ts";
export * from "./figure.ts";
export * from "./picture.ts";
export * from "./figures/line_with_interval.ts";
export * from "./figures/log_log.ts";
export * from "./figures/tiles.ts";
export * from "./figures/dot_interval.ts";
export * from "./figures/frontier.ts";
export * from "./figures/effects.ts";
export * from "./figures/heatmaps.ts";
export * from "./figures/predicted_measured.ts";
export * from "./figures/images.ts";
export * from "./figures/points_on_curve.ts";
export * from "./figures/sparkline.ts";
export * from "./table.ts";
export * from "./claims.ts";
export * from "./page.ts";
export * from "./site.ts";
