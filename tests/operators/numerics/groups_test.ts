import { assertEquals, assertThrows } from "@std/assert";
import { partOf, under } from "../../../operators/numerics/groups.ts";

Deno.test("under() and partOf() are inverse, and parts don't see each other", () => {
  const forward = { kernel: 1, bias: 2 };
  const all = { ...under("forward", forward), ...under("forwards", { kernel: 3 }), "combine/kernel": 4 };
  assertEquals(Object.keys(all), ["forward/kernel", "forward/bias", "forwards/kernel", "combine/kernel"]);
  assertEquals(partOf("forward", all), forward);
  assertEquals(partOf("forwards", all), { kernel: 3 });
  assertThrows(() => partOf("gru", forward), RangeError, "Cannot take part gru");
});
