/** Connections by TLS to brokers whose certificates are checked: who signed them, and for which name. */
import { isIP } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import type { Address } from "./address.ts";

/** As the files have it (PEM). */
export type TlsFiles = {
  /** null: the authorities that Node.js brings. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
};

/** @throws what OpenSSL says of files that it cannot use */
export function tlsContext({ ca, cert, key }: TlsFiles): SecureContext {
  return createSecureContext({
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    minVersion: "TLSv1.2",
  });
}

export function dialTls({ host, port }: Address, secureContext: SecureContext): TLSSocket {
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host, port, secureContext, rejectUnauthorized: true, ...name });
  socket.setNoDelay(true);
  return socket;
}
