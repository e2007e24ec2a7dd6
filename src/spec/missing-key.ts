/** A key that must be there and is not: where it is missed, and what to write. */
import type { Problem, SpecPath } from "./problem.ts";
import type { Key } from "./shape.ts";
import { newestKafkas } from "./versions.ts";
import { code, listed, ownerName, shown } from "./words.ts";

export function missingKey(owner: SpecPath, key: Key): Problem {
  const path = [...owner, key.name];
  const write = code(key.info.example === undefined ? `${key.name}:` : `${key.name}: ${key.info.example}`);
  if (path.join(".") === "kafka.version")
    return {
      code: "spec-missing-key",
      path,
      what: "`kafka` needs a `version`; it has no default, so that a newer kctl never moves your cluster to another Kafka by itself",
      fix: `write ${write} under \`kafka\`; the newest that this kctl knows are ${listed(newestKafkas(), "and")}`,
    };
  if (path.join(".") === "kafka")
    return {
      code: "spec-missing-key",
      path,
      what: "a spec needs the key `kafka`, with the version of Kafka in it",
      fix: "write `kafka: { version: 3.9.1 }`",
    };
  const who = ownerName(owner);
  return {
    code: "spec-missing-key",
    path,
    what: `${who} needs the key ${shown(key.name)}: ${key.info.doc.charAt(0).toLowerCase()}${key.info.doc.slice(1).replace(/\.$/, "")}`,
    fix: owner.length === 0 ? `write ${write}, for example` : `add ${write} to it, for example`,
  };
}
