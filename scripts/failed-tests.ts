/** Which tests failed, from vitest's JSON report: a line each, for the end of a log of which the beginning may be cut off. */
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

type Test = {
  readonly status: string;
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly failureMessages: readonly string[];
};

export type Report = {
  readonly success: boolean;
  readonly testResults: readonly {
    /** The whole path of the file. */
    readonly name: string;
    readonly status: string;
    /** Why the file as a whole failed: it did not load, or a hook of it failed. */
    readonly message: string;
    readonly assertionResults: readonly Test[];
  }[];
};

/** `project  file > names of the test: first line of the message`; paths from `root`. */
export function failedTests(project: string, { success, testResults }: Report, root: string): readonly string[] {
  const lines = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = `${project}  ${relative(root, name)}`;
    const tests = assertionResults
      .filter((one) => one.status === "failed")
      .map((one) => `${[file, ...one.ancestorTitles, one.title].join(" > ")}: ${firstLine(one.failureMessages[0])}`);
    return tests.length === 0 && status === "failed" ? [`${file}: ${firstLine(message)}`] : tests;
  });
  return lines.length === 0 && !success
    ? [`${project}  failed, and no test of it did (an error that no test waited for, or the page of faults): see above`]
    : lines;
}

const longest = 300;

function firstLine(message = ""): string {
  const line = stripVTControlCharacters(message).trim().split("\n")[0] ?? "";
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
