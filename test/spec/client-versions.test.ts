/** Which clients fit which brokers; the table of the guide says the same. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clientLibraries, fitOf, fitsOf, leastOf, type ClientLibrary } from "../../src/spec/client-versions.ts";
import { newestKafkas } from "../../src/spec/versions.ts";

const libraries = Object.keys(clientLibraries) as ClientLibrary[];

test.each<readonly [ClientLibrary, string, string, string | undefined]>([
  ["java", "0.9.0", "3.9.1", undefined],
  ["java", "1.1.1", "3.9.1", "yes"],
  ["java", "4.3.1", "3.7.2", "yes"],
  ["java", "0.10.2", "4.3.1", "no"],
  ["java", "2.0.1", "4.0.2", "no"],
  ["java", "2.1.0", "4.0.2", "partly"],
  ["java", "2.8.2", "4.3.1", "partly"],
  ["java", "3.0.0", "4.3.1", "yes"],
  ["java", "4.3.1", "4.0.2", "yes"],
])("%s %s with brokers of %s: %s", (library, client, kafka, fits) => {
  expect(fitOf(library, client, kafka)?.fits).toBe(fits);
});

test("what kctl says to take fits every Kafka that it knows", () => {
  for (const kafka of newestKafkas())
    for (const library of libraries)
      expect(fitOf(library, clientLibraries[library].take(kafka), kafka)?.fits, `${library}, ${kafka}`).toBe("yes");
});

test("the oldest that works is told only where older ones are known not to", () => {
  expect(leastOf("java", "4.3.1")).toBe("2.1.0");
  expect(leastOf("java", "3.9.1")).toBeNull();
});

test("the guide has the very table", async () => {
  const guide = await readFile(join(import.meta.dirname, "../../docs/guides/clients.md"), "utf8");
  const rows = libraries.flatMap((library) =>
    (["3.9", "4.0"] as const).flatMap((kafka) =>
      fitsOf(library, kafka).map(({ from, fits, why }) => {
        const brokers = kafka === "3.9" ? "up to 3.9" : "from 4.0";
        return `| ${clientLibraries[library].name} | ${from} | ${brokers} | ${fits} | ${why} |`;
      }),
    ),
  );
  expect(guide.split("\n").filter((line) => /^\| \S+ \| \d/.test(line))).toEqual(rows);
});
