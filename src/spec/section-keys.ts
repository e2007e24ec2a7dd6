/** Keys that the sections of several roles have alike. */
import { jvmFlags, settings, size } from "./formats.ts";
import { key, type Effect } from "./key-info.ts";

export function heap(who: string, laptop: string) {
  return key(size.optional(), {
    doc: `The heap of each ${who}'s JVM. Default: ${laptop}.`,
    effect: "restart",
    unit: "size",
    example: "1GiB",
    also: ["memory", "mem", "xmx", "heapSize"],
  });
}

export const jvm = key(jvmFlags.default([]), {
  doc: "Further flags of the JVM, after kctl's own.",
  effect: "restart",
  example: '["-XX:+UseZGC"]',
  also: ["jvmFlags", "javaOpts", "opts", "jvmOptions"],
});

export function config(doc: string, effect: Effect = "restart") {
  return key(settings.default({}), {
    doc,
    effect,
    verbatim: true,
    also: ["settings", "properties", "configuration", "conf"],
  });
}
