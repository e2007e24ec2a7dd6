/** Letters of other scripts, Cyrillic and Greek above all, that look like one of ours. */

const byTwin: Readonly<Record<string, string>> = {
  a: "\u0430\u03b1\u0251",
  b: "\u0432",
  c: "\u0441",
  d: "\u0501",
  e: "\u0435",
  g: "\u0261",
  h: "\u04bb",
  i: "\u0456\u03b9",
  j: "\u0458",
  k: "\u043a\u03ba",
  l: "\u2113",
  m: "\u043c",
  n: "\u043f",
  o: "\u043e\u03bf",
  p: "\u0440\u03c1",
  q: "\u051b",
  s: "\u0455",
  t: "\u0442\u03c4",
  u: "\u03c5",
  v: "\u03bd",
  x: "\u0445",
  y: "\u0443",
};

/** From the strange letter to the one that it looks like. */
export const lookAlikes: ReadonlyMap<string, string> = new Map(
  Object.entries(byTwin).flatMap(([twin, letters]) => [...letters].map((letter) => [letter, twin] as const)),
);
