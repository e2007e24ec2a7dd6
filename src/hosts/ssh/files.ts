/** Makes folders, and writes, removes and reads files on a host: scripts that no symbolic link leads astray. */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { DesiredFile, DesiredFolder, Owner } from "../../services/desired.ts";
import { nothing, type Operation } from "./operation.ts";
import { nameOf, parentOf, placeOf } from "./places.ts";
import { quoted } from "./quote.ts";

const root: Owner = { user: "root", group: "root" };

function ownerWord({ user, group }: Owner = root): string {
  return quoted(`${user}:${group}`);
}

/** Whether what this script has just made is the owner's already: of root's own, the shell itself knows. */
function isMine(name: string, { user, group }: Owner = root): string {
  return user === "root" && group === "root" ? `[ -O ${name} ] && [ -G ${name} ]` : "false";
}

/** What every shell takes within quotes as it stands. */
const plainText = /^[\t\n -~]*$/;

/** Lines that make "$new" of it. Plain text the shell writes by itself; else two programs more, of which one may be missing. */
function contentLines(path: string, content: string): readonly string[] {
  if (plainText.test(content))
    return [
      `content=${quoted(content)}; set -C`,
      // Where the shell cannot, a program says why.
      'printf %s "$content" 2>/dev/null >"$new" || { rm -f "$new"; printf %s "$content" | cat >"$new"; } || abandon; set +C',
    ];
  const digest = createHash("sha256").update(content).digest("hex");
  const encoded = quoted(Buffer.from(content).toString("base64"));
  return [
    `set -C; { printf %s ${encoded} | base64 -d; } >"$new" || abandon; set +C`,
    `[ "$(sha256 "$new")" = ${digest} ] || { rm -f "$new"; refuse damaged ${quoted(path)}; }`,
  ];
}

/** Five digits: with fewer, chmod leaves a folder's set-group-id bit as it is. */
function modeWord(mode: number): string {
  return mode.toString(8).padStart(5, "0");
}

/** Makes the folders above it too where they are missing, as root's; only in what is kctl's own. */
export function makeFolder({ path, mode, owner }: DesiredFolder, roots: readonly string[] = []): Operation {
  const place = placeOf(path, roots);
  const name = nameOf(place);
  return {
    doing: `make ${path}`,
    about: path,
    // What is done to `.` is done to the very folder that was looked at.
    lines: [
      `enter_making ${parentOf(place)}`,
      `new=; there ./${name} || { mkdir -m ${modeWord(mode)} ./${name} && new=yes; } || there ./${name} || exit 1`,
      `into ${name}`,
      `[ "$new" = yes ] && ${isMine(".", owner)} || chown ${ownerWord(owner)} .`,
      `[ "$new" = yes ] || chmod ${modeWord(mode)} .`,
    ].join("\n"),
    read: nothing,
  };
}

/**
 * Written beside its target as a new file that is never open to more than it may be, then renamed into place.
 * The name is the same each time: what a killed script left is swept up by the next one.
 */
export function writeFile(
  { path, mode, owner, content }: Pick<DesiredFile, "path" | "mode" | "owner" | "content">,
  roots: readonly string[] = [],
): Operation {
  const place = placeOf(path, roots);
  const name = nameOf(place);
  const runs = (mode & 0o7111) !== 0;
  return {
    doing: `write ${path}`,
    about: path,
    lines: [
      `enter ${parentOf(place)} || refuse folder ${quoted(posix.dirname(path))}`,
      `must_be_file ${name}`,
      `new=./.${name}.kctl-new`,
      // Not by chmod: in a folder of the servers' user, the name may be another file's by then.
      `umask ${modeWord(0o777 & ~(mode & 0o666))}`,
      `! there "$new" || rm -f "$new" || exit 1`,
      ...contentLines(path, content),
      `${isMine('"$new"', owner)} || chown -h ${ownerWord(owner)} "$new" || abandon`,
      ...(runs ? [`chmod ${modeWord(mode)} "$new" || abandon`] : []),
      `flush "$new" || abandon`,
      `rename "$new" ${name} || abandon`,
    ].join("\n"),
    read: nothing,
  };
}

/** With what a killed script left beside it; one that is not there is fine. */
export function removeFile(path: string, roots: readonly string[] = []): Operation {
  const place = placeOf(path, roots);
  const name = nameOf(place);
  return {
    doing: `remove ${path}`,
    about: path,
    lines: [`enter ${parentOf(place)} || exit 0`, `must_be_file ${name}`, `rm -f ./.${name}.kctl-new ./${name}`].join(
      "\n",
    ),
    read: nothing,
  };
}

/** At most `bytes` from its end, from the start of a line on; empty where there is no such file. */
export function tailOf(path: string, bytes: number): Operation<string> {
  const file = quoted(path);
  return {
    doing: `read ${path}`,
    about: path,
    lines: [
      `[ -f ${file} ] && [ ! -L ${file} ] || exit 0`,
      `set -- $(wc -c <${file}); echo "$1"`,
      `tail -c ${bytes} ${file}`,
    ].join("\n"),
    read: (stdout) => {
      const end = stdout.indexOf("\n");
      if (end === -1) return "";
      const text = stdout.slice(end + 1);
      return Number(stdout.slice(0, end)) <= bytes ? text : text.slice(text.indexOf("\n") + 1);
    },
  };
}

/** A symbolic link that is kctl's own, put in place of a former one in one step. */
export function writeLink(path: string, target: string): Operation {
  const place = placeOf(path);
  const name = nameOf(place);
  return {
    doing: `link ${path} to ${target}`,
    about: path,
    lines: [
      `enter ${parentOf(place)} || refuse folder ${quoted(posix.dirname(path))}`,
      `! there ./${name} || [ -L ./${name} ] || refuse way ${quoted(path)} "$(kind ./${name})" 'a symbolic link'`,
      `new=./.${name}.kctl-new`,
      `rm -f "$new" && ln -s ${quoted(target)} "$new" || abandon`,
      // Where -T is not known, mv would move it into the folder that the former link leads to.
      `mv -fT "$new" ${name} 2>/dev/null || { rm -f ./${name} && mv -f "$new" ${name}; } || abandon`,
    ].join("\n"),
    read: nothing,
  };
}

/** What is no link is left, and told. */
export function removeLink(path: string): Operation {
  const place = placeOf(path);
  const name = nameOf(place);
  return {
    doing: `remove ${path}`,
    about: path,
    lines: [
      `enter ${parentOf(place)} || exit 0`,
      `! there ./${name} || [ -L ./${name} ] || refuse way ${quoted(path)} "$(kind ./${name})" 'a symbolic link'`,
      `rm -f ./.${name}.kctl-new ./${name}`,
    ].join("\n"),
    read: nothing,
  };
}
