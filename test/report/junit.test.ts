import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../src/fault.ts";
import { junitXml, type JunitReport } from "../../src/report/junit.ts";
import { junitSchemas, type JunitSchemas } from "./junit-schemas.ts";

let schemas: JunitSchemas;

beforeAll(async () => {
  schemas = await junitSchemas();
});

afterAll(() => schemas.remove());

const passed: JunitReport = {
  suite: "smoke-test",
  properties: { spec: "kctl.yaml", waited: "0.250" },
  host: "laptop",
  begun: new Date(Date.UTC(2026, 10, 24, 22, 5, 9, 123)),
  seconds: 1.5,
  cases: [
    { name: "brokers-reachable", seconds: 0.0123, detail: "3 brokers answer", faults: [] },
    { name: "acks-all", seconds: 1, detail: "324 records", faults: [] },
  ],
};

const fault: Fault = {
  code: "smoke-test-failed",
  what: "of 384 records: record 7 is lost",
  where: "127.0.0.1:9092",
  fix: "see `kctl status`",
  detail: "record 7 is lost\nrecord 9 is lost",
};

const failed: JunitReport = {
  ...passed,
  cases: [
    { name: "brokers-reachable", seconds: 0, detail: "3 brokers answer", faults: [] },
    {
      name: "read-back",
      seconds: 0.1,
      detail: fault.what,
      faults: [{ code: "kafka-unreachable", what: "broker 2 is gone" }, fault],
    },
  ],
};

const notBegun: JunitReport = {
  ...passed,
  seconds: 0.04,
  cases: {
    error: [{ code: "no-cluster", what: "there is no cluster demo here", fix: "bring it up first: `kctl up`" }],
  },
};

/** What a broker's log or a file's name may hold. */
const nasty = `<a href="x">&amp;</a> ]]> 'single' \u0000\u0008\u001b[31m\u007f\t\r\n\ufffe\ud800 鍵 😀`;
const hostile: JunitReport = {
  ...passed,
  suite: "smoke-test",
  properties: { spec: nasty },
  host: " \n ",
  cases: [{ name: nasty, seconds: 0, detail: nasty, faults: [{ ...fault, what: nasty, detail: nasty }] }],
};

it("reads as wanted where all passed", () => {
  expect(junitXml(passed)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite id="0" package="kctl" name="smoke-test" timestamp="2026-11-24T22:05:09" hostname="laptop" tests="2" failures="0" errors="0" time="1.500">
    <properties>
      <property name="spec" value="kctl.yaml"/>
      <property name="waited" value="0.250"/>
    </properties>
    <testcase name="brokers-reachable" classname="kctl.smoke-test" time="0.012"/>
    <testcase name="acks-all" classname="kctl.smoke-test" time="1.000"/>
    <system-out>brokers-reachable: 3 brokers answer
acks-all: 324 records
</system-out>
    <system-err></system-err>
  </testsuite>
</testsuites>
`);
});

it("names each fault of a failed check, and how to mend it", () => {
  const xml = junitXml(failed);
  expect(xml).toContain('tests="2" failures="1" errors="0"');
  expect(xml).toContain(`    <testcase name="read-back" classname="kctl.smoke-test" time="0.100">
      <failure message="broker 2 is gone; of 384 records: record 7 is lost" type="kafka-unreachable">broker 2 is gone
127.0.0.1:9092: of 384 records: record 7 is lost
    record 7 is lost
    record 9 is lost
  fix: see \`kctl status\`</failure>
    </testcase>`);
});

it("is one error where the test could not begin", () => {
  expect(junitXml(notBegun)).toContain('tests="1" failures="0" errors="1" time="0.040"');
  expect(junitXml(notBegun)).toContain(`    <testcase name="smoke-test" classname="kctl.smoke-test" time="0.040">
      <error message="there is no cluster demo here" type="no-cluster">there is no cluster demo here
  fix: bring it up first: \`kctl up\`</error>
    </testcase>`);
});

it("writes out what XML cannot hold, and escapes the rest", () => {
  const xml = junitXml(hostile);
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\ud800-\udbff](?![\udc00-\udfff])/);
  expect(xml).toContain(String.raw`\u0000\u0008\u001b[31m`);
  expect(xml).toContain(String.raw`\ufffe\ud800 鍵 😀`);
  expect(xml).toContain('hostname="localhost"');
  expect(xml).toContain("&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt; ]]&gt; 'single'");
});

describe("the schemas of Ant's JUnit task and of Jenkins", () => {
  it("take every kind of report", async () => {
    const valid = await schemas.verdicts([passed, failed, notBegun, hostile].map(junitXml));
    expect(valid).toEqual(Array.from({ length: 4 }, () => [null, null]));
  });

  it("refuse reports that are broken, so taking one proves something", async () => {
    const xml = junitXml(failed);
    const broken = [
      xml.replace("<system-err></system-err>", ""),
      xml.replace(' name="read-back"', ""),
      xml.replaceAll("failure", "defeat"),
      xml.replace('tests="2"', ""),
      xml.replace("broker 2 is gone", "broker 2 & <3"),
      xml.replace("broker 2 is gone", "broker \u001b 2"),
      xml.replace("</testsuites>", ""),
    ];
    expect(broken.every((one) => one !== xml)).toBe(true);
    const refused = await schemas.verdicts(broken);
    expect(refused.map(([ant, jenkins]) => [ant !== null, jenkins !== null])).toEqual([
      [true, false], // Jenkins does not ask for it
      [true, true],
      [true, true],
      [true, true],
      [true, true],
      [true, true],
      [true, true],
    ]);
  });
});
