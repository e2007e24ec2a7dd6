/** The reference of error codes, docs/errors.md: a heading for each, so that it can be linked. */
import { faultCauses } from "../src/fault-causes.ts";
import { faultCodes, type FaultCode } from "../src/fault-codes.ts";
import { generated, table } from "./markdown.ts";

export function errorReference(): string {
  const codes = Object.keys(faultCodes) as FaultCode[];
  const list = codes.map((code) => [`[\`${code}\`](#${code})`, String(faultCodes[code].exit), faultCodes[code].means]);
  const sections = codes.map((code) => {
    const { means, exit } = faultCodes[code];
    const { cause, fix } = faultCauses[code];
    return `## ${code}\n\n${means} Exit status ${exit}.\n\n- **Cause**: ${cause}\n- **Fix**: ${fix}\n`;
  });
  return `# Error codes

Every error that kctl prints has a code; with \`--json\` it is the \`code\` of each entry of \`errors\`. The error itself says what is wrong in
the case at hand, where, and what to do; this page says how each comes about. Codes only grow. The exit status is 2 only where every error
is one of the spec or the command line, so that nothing was touched. ${generated}

${table(["code", "exit", "what it means"], list)}

${sections.join("\n")}`;
}
