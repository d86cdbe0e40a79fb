/**
 * The attention mechanisms that Heed knows by name, and how a feature map becomes one.
 *
 * @module
 */
import { cost } from "./attention_costs.ts";
import type { AttentionMechanism } from "./attention_mechanism.ts";
import { hasKernels, isComposing } from "./device_kernels.ts";
import type { FeatureMap } from "./feature_map.ts";
import { featureMaps } from "./feature_maps.ts";
import { kernelAttention, type KernelRoute } from "./kernel_attention.ts";
import { kernelState } from "./kernel_state.ts";
import { keyValueCache } from "./kv_cache.ts";
import { softmaxAttention } from "./softmax_attention.ts";

/** Softmax attention (Vaswani et al. 2017), with or without the scores of all pairs in memory. */
export function softmaxMechanism(route: "streaming" | "materialised" = "streaming"): AttentionMechanism {
  const whole = route === "materialised";
  return {
    name: whole ? "softmax-materialised" : "softmax",
    label: whole ? "softmax, materialised" : "softmax",
    citation: whole
      ? "Vaswani et al. 2017, equation 1"
      : "Vaswani et al. 2017, equation 1; Dao et al. 2022 (streaming)",
    scaling: "q / sqrt(D)",
    // Composed of stock operations, which is how operations are counted, either is the plain form.
    apply: (q, k, v, { causal, mask } = {}) =>
      softmaxAttention(q, k, v, { causal, mask, route: isComposing() ? "materialised" : route }),
    state: () => keyValueCache(),
    cost: (dims) => cost.softmax({ ...dims, route }),
  };
}

/** Options of {@linkcode kernelMechanism}. */
export interface KernelMechanismOptions {
  /** @default "linear" */
  readonly route?: KernelRoute;
  /** @default the map's name, with the route where it isn't the linear one */
  readonly name?: string;
  readonly label?: string;
}

/** Attention by the kernel of a feature map, a user's own among them. */
export function kernelMechanism(map: FeatureMap, options: KernelMechanismOptions = {}): AttentionMechanism {
  const { route = "linear" } = options;
  const linear = route === "linear";
  return {
    name: options.name ?? (linear ? map.name : `${map.name}-${route}`),
    label: options.label ?? (linear ? map.label : `${map.label ?? map.name}, ${route}`),
    citation: map.citation,
    scaling: map.scaling,
    kernel: { map, route },
    apply: (q, k, v, { causal, mask, eps } = {}) => kernelAttention(q, k, v, { map, causal, mask, eps, route }),
    state: ({ positions, eps } = {}) => kernelState({ map, positions, eps }),
    cost: map.cost && ((dims) => {
      const features = map.cost!(dims.d);
      const told = cost.kernel({ ...dims, features, route: route === "quadratic" ? "quadratic" : "streamed" });
      if (linear || !map.fused || !hasKernels(...map.fused.forward)) return told;
      // Fused kernels go through pairs a block at a time and keep a denominator a row.
      const rows = { denominators: dims.n * (dims.heads ?? 1) * (dims.batch ?? 1) };
      return { ...told, inference: rows, training: rows };
    }),
    refuses: ({ n, d }) => map.refuses?.(d, n),
  };
}

const { poly2, poly2Notes, elu, relu, favor, taylor, cosine } = featureMaps;

/** Built-in mechanisms, in the order of tables and legends. */
export const attentionMechanisms: readonly AttentionMechanism[] = [
  softmaxMechanism(),
  softmaxMechanism("materialised"),
  kernelMechanism(poly2()),
  kernelMechanism(poly2(), { route: "quadratic" }),
  kernelMechanism(poly2Notes()),
  kernelMechanism(elu()),
  kernelMechanism(relu()),
  kernelMechanism(favor()),
  kernelMechanism(favor({ orthogonal: false })),
  kernelMechanism(favor({ kind: "hyperbolic" })),
  kernelMechanism(favor({ kind: "trigonometric" })),
  kernelMechanism(taylor()),
  kernelMechanism(cosine()),
];
