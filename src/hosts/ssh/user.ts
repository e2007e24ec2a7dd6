/** The user and group that servers run as: one that nobody can log in as. */
import type { Operation } from "./operation.ts";
import { nothing } from "./operation.ts";
import { quoted } from "./quote.ts";

/** @returns whether it was made; false where it was there */
export function makeUser(user: string): Operation<boolean> {
  const name = quoted(user);
  return {
    doing: `make the user ${user}`,
    about: user,
    lines: `
group() { cut -d: -f1 /etc/group | grep -qxF ${name} || getent group ${name} >/dev/null 2>&1; }
if id -u ${name} >/dev/null 2>&1 && group; then echo there; exit 0; fi
shell=/bin/false
for each in /sbin/nologin /usr/sbin/nologin; do [ ! -x "$each" ] || shell=$each; done
if command -v useradd >/dev/null; then
  group || groupadd --system ${name} || exit 1
  id -u ${name} >/dev/null 2>&1 ||
    useradd --system --no-create-home --home-dir /nonexistent --shell "$shell" --gid ${name} ${name} || exit 1
else
  group || addgroup -S ${name} || exit 1
  id -u ${name} >/dev/null 2>&1 || adduser -S -D -H -h /nonexistent -s "$shell" -G ${name} ${name} || exit 1
fi
echo made`.trim(),
    read: (stdout) => stdout.trim() === "made",
  };
}

/** With its group; one that is not there is fine. */
export function removeUser(user: string): Operation {
  const name = quoted(user);
  return {
    doing: `remove the user ${user}`,
    about: user,
    lines: `
if id -u ${name} >/dev/null 2>&1; then
  if command -v userdel >/dev/null; then userdel ${name}; else deluser ${name}; fi || exit 1
fi
cut -d: -f1 /etc/group | grep -qxF ${name} || exit 0
if command -v groupdel >/dev/null; then groupdel ${name}; else delgroup ${name}; fi`.trim(),
    read: nothing,
  };
}
