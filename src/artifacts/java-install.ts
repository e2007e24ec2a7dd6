/** The line that installs a Java on this operating system. */
import { readFile } from "node:fs/promises";

type System = { readonly ids: readonly string[]; readonly release: number };

function parseOsRelease(text: string): System {
  const value = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return { ids: [value("ID"), ...value("ID_LIKE").split(" ")], release: Number.parseInt(value("VERSION_ID"), 10) };
}

/** `wanted` as the spec asks for it; `recommended` may give way to what the system has. Pure: the file's text is an argument. */
export function installLine(
  platform: NodeJS.Platform,
  osRelease: string,
  { wanted, recommended }: { readonly wanted: number | null; readonly recommended: number },
): string {
  const version = wanted ?? recommended;
  if (platform === "darwin") return `brew install openjdk@${version}`;
  const { ids, release } = parseOsRelease(osRelease);
  const has = (...names: string[]): boolean => names.some((name) => ids.includes(name));
  // Debian 13 left out Java 17.
  const onDebian = ids[0] === "debian" && release >= 13 && wanted === null && version < 21 ? 21 : version;
  if (has("debian", "ubuntu")) return `sudo apt-get install openjdk-${onDebian}-jre-headless`;
  if (has("amzn")) return `sudo dnf install java-${version}-amazon-corretto-headless`;
  if (has("fedora", "rhel", "centos")) return `sudo dnf install java-${version}-openjdk-headless`;
  if (has("alpine")) return `apk add openjdk${version}-jre-headless`;
  if (has("arch")) return `sudo pacman -S jre${version}-openjdk-headless`;
  if (has("suse", "opensuse")) return `sudo zypper install java-${version}-openjdk-headless`;
  return `install a Java ${version} (https://adoptium.net)`;
}

export async function installLineHere(
  platform: NodeJS.Platform,
  versions: { readonly wanted: number | null; readonly recommended: number },
): Promise<string> {
  const osRelease = await readFile("/etc/os-release", "utf8").catch(() => "");
  return installLine(platform, osRelease, versions);
}
