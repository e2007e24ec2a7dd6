/** Writes /etc/hosts, unless it has become another one since it was looked at; its owner, mode and label stay. */
import { createHash } from "node:crypto";
import type { Operation } from "./operation.ts";
import { quoted } from "./quote.ts";

export type HostsFileChange = {
  /** All of it as it was when the new content was made of it; null where it was missing. */
  readonly former: string | null;
  readonly content: string;
};

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `changed-meanwhile`: nothing was done; look again, and make the new content of what is there now. */
export function writeHostsFile({ former, content }: HostsFileChange): Operation<"written" | "changed-meanwhile"> {
  return {
    doing: "write /etc/hosts",
    about: "/etc/hosts",
    lines: `
cd -P /etc && at=/etc || exit 1
must_be_file hosts
if command -v flock >/dev/null; then exec 9>/run/kctl-hosts.lock && flock 9; fi
now() { if [ -f hosts ]; then sha256 hosts; else echo missing; fi; }
same() { [ "$(now)" = ${former === null ? "missing" : digestOf(former)} ] || { rm -f "$new"; echo changed-meanwhile; exit 0; }; }
new=./.hosts.kctl-new
same
rm -f "$new" || exit 1
umask 022
if [ -f hosts ]; then
  cp -p hosts "$new" || abandon
  chcon --reference=hosts "$new" 2>/dev/null
fi
printf %s ${quoted(Buffer.from(content).toString("base64"))} | base64 -d >"$new" || abandon
[ "$(sha256 "$new")" = ${digestOf(content)} ] || { rm -f "$new"; refuse damaged /etc/hosts; }
flush "$new" || abandon
same
if said=$(mv -f "$new" hosts 2>&1); then echo written; exit 0; fi
case $said in
  *[Bb]usy*) ;; # Mounted by itself, as in a container: there it can only be written in place.
  *'not permitted'*) rm -f "$new"; refuse immutable /etc/hosts ;;
  *) echo "$said" >&2; abandon ;;
esac
cp -p hosts "$new.former" || { rm -f "$new.former"; abandon; }
if cat "$new" >hosts; then rm -f "$new" "$new.former"; echo written; exit 0; fi
cat "$new.former" >hosts
rm -f "$new.former"
abandon`.trim(),
    read: (stdout) => (stdout.includes("changed-meanwhile") ? "changed-meanwhile" : "written"),
  };
}
