/** Why a TLS connection failed, in words that a user can act on. */

export type TlsTrouble = { readonly why: string; readonly fix: string };

const foreign: TlsTrouble = {
  why: "its certificate was signed by an authority that is not known here",
  fix: "write the file with the certificate of that authority as `provider.tls.ca`",
};
const noTls: TlsTrouble = {
  why: "it does not speak TLS there",
  fix: "name the port of a listener with TLS, or take `provider.tls` out",
};
const noCertificate: TlsTrouble = {
  why: "it wants a certificate of its clients, signed by an authority that it knows",
  fix: "write the files of one as `provider.tls.cert` and `provider.tls.key`",
};

/** By the code of the error, as OpenSSL and Node.js give it. */
const troubles: Readonly<Record<string, TlsTrouble>> = {
  SELF_SIGNED_CERT_IN_CHAIN: foreign,
  DEPTH_ZERO_SELF_SIGNED_CERT: foreign,
  UNABLE_TO_GET_ISSUER_CERT: foreign,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: foreign,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: foreign,
  CERT_SIGNATURE_FAILURE: foreign,
  CERT_HAS_EXPIRED: {
    why: "its certificate has expired",
    fix: "have it renewed; see that the clock of this machine is right",
  },
  CERT_NOT_YET_VALID: { why: "its certificate is not valid yet", fix: "see that the clock of this machine is right" },
};

/** By what OpenSSL says, since its codes have changed over the years, and some errors of a socket have none but EPROTO. */
const sayings: readonly (readonly [RegExp, TlsTrouble])[] = [
  // What Node.js says where the other side hangs up in the middle of the handshake.
  [/before secure TLS connection|wrong version number|packet length too long/, noTls],
  // TLS 1.2 says no more than that the handshake failed.
  [/alert (?:bad certificate|certificate required|certificate unknown|unknown ca|handshake failure)/, noCertificate],
];

/** null where it is no trouble of TLS, but one of the connection below. */
export function tlsTrouble(error: Error & { readonly code?: unknown }): TlsTrouble | null {
  const code = typeof error.code === "string" ? error.code : "";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return otherName(error);
  const known = troubles[code] ?? sayings.find(([saying]) => saying.test(error.message))?.[1];
  if (known !== undefined) return known;
  if (!/^(ERR_SSL_|ERR_TLS_|CERT_|EPROTO$)/.test(code)) return null;
  // `…error:0A000410:SSL routines:…:the reason:the file of OpenSSL:…`
  const [, reason = error.message] = /:SSL routines:[^:]*:([^:]+)/.exec(error.message) ?? [];
  return { why: `TLS failed: ${reason.trim()}`, fix: "see that its listener speaks TLS 1.2 or 1.3" };
}

function otherName(error: Error): TlsTrouble {
  const { host, cert } = error as { readonly host?: string; readonly cert?: { readonly subjectaltname?: string } };
  const names = cert?.subjectaltname?.replaceAll(/DNS:|IP Address:/g, "");
  return {
    why: `its certificate is not for ${host ?? "this name"}${names === undefined ? "" : `, but for ${names}`}`,
    fix: "reach it by a name that its certificate has; what brokers advertise is their `advertised.listeners`",
  };
}
