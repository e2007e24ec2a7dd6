/** What an instance is given at its first boot: its name, its first host key, its end, and a head start on downloads. */
import { Eta } from "eta/core";

export type UserData = {
  readonly hostname: string;
  /** An ed25519 key as OpenSSH writes it; it is replaced at first contact. */
  readonly hostKey: { readonly private: string; readonly public: string };
  /** In seconds since 1970; null: it has no end of its own. */
  readonly endsAt: number | null;
  /** Archives to fetch while kctl is still on its way, each to a path that must not be there yet. */
  readonly prefetch: readonly { readonly url: string; readonly path: string; readonly sha512: string }[];
};

/** The moment, in seconds since 1970, at which the machine ends itself; writing another one moves it. */
export const ttlFile = "/etc/kctl/ttl";

/** docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html: 16 KB before it is encoded. */
const mostBytes = 16 * 1024;

type File = { readonly path: string; readonly mode: string; readonly content: string };
type Part = { readonly files: readonly File[]; readonly commands: readonly (readonly string[])[] };

/** @param template templates/cloud-config.yaml */
export function userData(template: string, { hostname, hostKey, endsAt, prefetch }: UserData): string {
  const parts = [endsAt === null ? none : ending(endsAt), fetching(prefetch)];
  const text = new Eta({ autoEscape: false, autoTrim: ["nl", false] }).renderString(template, {
    hostname,
    hostKey,
    files: parts.flatMap(({ files }) => files),
    commands: parts.flatMap(({ commands }) => commands),
    // YAML 1.1 and 1.2 read JSON's texts alike.
    quoted: (value: string) => JSON.stringify(value),
  });
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes) throw new RangeError(`user data of ${hostname} has ${bytes} bytes; EC2 takes ${mostBytes}`);
  return text;
}

const none: Part = { files: [], commands: [] };

/**
 * Looked at each minute, so that the moment can be moved by writing the file, and holds over reboots. A file that is no number, or
 * not there, ends nothing. The instance is launched so that powering off terminates it.
 */
function ending(endsAt: number): Part {
  const script = [
    "#!/bin/sh",
    "# Written by kctl: ends this machine at the moment that stands in the file.",
    `file=${ttlFile} now=$(date +%s)`,
    'read -r end <"$file" || end=',
    "case $end in '' | *[!0-9]*) echo \"$file does not say when this machine ends\" >&2; exit 1 ;; esac",
    '[ "$now" -lt "$end" ] || systemctl poweroff',
    "",
  ];
  const service = [
    "[Unit]",
    "Description=The end of this machine, set by kctl",
    "",
    "[Service]",
    "Type=oneshot",
    "ExecStart=/bin/sh /etc/kctl/ttl.sh",
    "",
  ];
  const timer = [
    "[Unit]",
    "Description=Whether the end of this machine has come",
    "",
    "[Timer]",
    "OnActiveSec=0",
    "OnUnitActiveSec=60",
    "AccuracySec=10",
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ];
  return {
    files: [
      { path: ttlFile, mode: "0644", content: `${endsAt}\n` },
      { path: "/etc/kctl/ttl.sh", mode: "0644", content: script.join("\n") },
      { path: "/etc/systemd/system/kctl-ttl.service", mode: "0644", content: service.join("\n") },
      { path: "/etc/systemd/system/kctl-ttl.timer", mode: "0644", content: timer.join("\n") },
    ],
    commands: [["systemctl", "enable", "--now", "kctl-ttl.timer"]],
  };
}

/** In the background, one after the other. What is not whole and right is not kept; kctl fetches it then as if nothing had been. */
function fetching(prefetch: UserData["prefetch"]): Part {
  if (prefetch.length === 0) return none;
  const script = [
    "#!/bin/sh",
    "# Written by kctl: a head start on what it will want on this machine.",
    "fetch() {",
    '  there() { grep -qsx -e "$1" /opt/kctl/*/.kctl; }',
    '  ! [ -e "$2" ] && ! there "$3" || return 0',
    '  mkdir -p -m 0700 "${2%/*}" || return 1',
    '  curl -sS -f -L --proto-redir =https --max-redirs 5 --connect-timeout 5 --max-time 900 -o "$2.prefetch" -- "$1" &&',
    '    printf \'%s  %s\\n\' "$3" "$2.prefetch" | sha512sum -c --status &&',
    // Fails where kctl has begun to fetch it itself.
    '    ln "$2.prefetch" "$2"',
    '  rm -f "$2.prefetch"',
    // It was quicker.
    '  ! there "$3" || rm -f "$2"',
    "}",
    ...prefetch.map(({ url, path, sha512 }) => `fetch ${word(url)} ${word(path)} ${word(sha512)}`),
    "",
  ];
  const run = ["systemd-run", "--no-block", "--collect", "--unit=kctl-prefetch", "/bin/sh", "/run/kctl-prefetch.sh"];
  return { files: [{ path: "/run/kctl-prefetch.sh", mode: "0644", content: script.join("\n") }], commands: [run] };
}

function word(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
