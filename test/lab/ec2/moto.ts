/** The Python that the lab's EC2 runs on: moto, and boto3 as a client that is not kctl's. Made once, kept in the lab's cache. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, cacheFolder, runLocked } from "../base.ts";

const packages: readonly string[] = [
  "moto[ec2]==5.2.5",
  "flask==3.1.3",
  "flask-cors==6.0.5",
  "pyyaml==6.0.4",
  "boto3==1.44.8",
];

const script = `
[ ! -d "$1" ] || exit 0
folder=$1; shift
python3 -c 'import ensurepip' 2>/dev/null || { ${aptInstall("python3-venv")}; }
rm -rf "$folder.partial"
python3 -m venv "$folder.partial"
"$folder.partial/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
mv "$folder.partial" "$folder"`;

/** @returns its python */
export function prepareMoto(): string {
  const folder = join(cacheFolder(), "moto-5.2.5");
  if (!existsSync(folder)) runLocked(script, folder, ...packages);
  return join(folder, "bin/python");
}
