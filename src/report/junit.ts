/**
 * A smoke test as JUnit XML, the form of test reports that CI systems read. It keeps to what both Jenkins' schema and that of
 * Ant's JUnit task (windyroad's JUnit.xsd) know, so a passed check's detail stands in the suite's output.
 */
import type { Fault } from "../fault.ts";
import { faultText } from "./fault-text.ts";

type JunitCase = {
  readonly name: string;
  readonly seconds: number;
  /** What a passed check proved. */
  readonly detail: string;
  /** Why it failed; none: it passed. */
  readonly faults: readonly Fault[];
};

export type JunitReport = {
  readonly suite: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly host: string;
  readonly begun: Date;
  readonly seconds: number;
  /** Or why there is no test to report. */
  readonly cases: readonly JunitCase[] | { readonly error: readonly Fault[] };
};

export function junitXml({ suite, properties, host, begun, seconds, cases }: JunitReport): string {
  const list = "error" in cases ? [] : cases;
  const tests = "error" in cases ? [erroneous(suite, cases.error, seconds)] : list.map((one) => testCase(suite, one));
  const attributes = attributesOf({
    id: "0",
    package: "kctl",
    name: suite,
    timestamp: begun.toISOString().slice(0, 19), // in UTC; the schema lets no zone be written
    hostname: oneLine(host) || "localhost",
    tests: String(tests.length),
    failures: String(list.filter(({ faults }) => faults.length > 0).length),
    errors: "error" in cases ? "1" : "0",
    time: seconds.toFixed(3),
  });
  const output = list.map(({ name, detail }) => `${name}: ${detail}\n`).join("");
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite${attributes}>`,
    "    <properties>",
    ...Object.entries(properties).map(([name, value]) => `      <property${attributesOf({ name, value })}/>`),
    "    </properties>",
    ...tests,
    `    <system-out>${text(output)}</system-out>`,
    "    <system-err></system-err>",
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase(suite: string, { name, seconds, faults }: JunitCase): string {
  const head = `    <testcase${attributesOf({ name, classname: `kctl.${suite}`, time: seconds.toFixed(3) })}`;
  return faults.length === 0 ? `${head}/>` : [`${head}>`, trouble("failure", faults), "    </testcase>"].join("\n");
}

function erroneous(suite: string, faults: readonly Fault[], seconds: number): string {
  const head = attributesOf({ name: suite, classname: `kctl.${suite}`, time: seconds.toFixed(3) });
  return [`    <testcase${head}>`, trouble("error", faults), "    </testcase>"].join("\n");
}

function trouble(element: "failure" | "error", faults: readonly Fault[]): string {
  const message = faults.map(({ what }) => what).join("; ");
  const body = faults.map((fault) => faultText(fault)).join("\n");
  return `      <${element}${attributesOf({ message, type: faults[0]?.code ?? "internal" })}>${text(body)}</${element}>`;
}

function attributesOf(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        ` ${name}="${text(value)
          .replaceAll('"', "&quot;")
          .replace(/[\t\n]/g, (character) => `&#${character.charCodeAt(0)};`)}"`,
    )
    .join("");
}

function oneLine(value: string): string {
  return value.replace(/\s+/g, " ").trim();
}

/** What XML cannot hold even when escaped (most control characters, half a surrogate pair) is written out as `\u001b`. */
function text(value: string): string {
  return value
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, writtenOut)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\r", "&#13;");
}

function writtenOut(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
