/** The part of fault-causes.ts that is about clusters that kctl does not manage. */
export const externalFaultCauses = {
  "not-managed": {
    cause: "The spec has `provider: { type: external }`: others run this cluster, and kctl has no way to its machines.",
    fix: "Use the commands that only speak with Kafka; for all else, ask those who run the cluster.",
  },
  "secret-missing": {
    cause:
      "The variable that `{ secret: { env: NAME } }` names is not set or empty, the file of `{ secret: { file: PATH } }`, or one of `provider.tls`, cannot be read, is empty, or is no PEM file. Relative paths start in the spec's folder.",
    fix: "Set the variable, or mend the path. A Java keystore (`.jks`, `.p12`) becomes PEM by `keytool -importkeystore` to PKCS#12, then `openssl pkcs12 -nodes`.",
  },
  "kafka-untrusted": {
    cause:
      "The certificate of a broker was signed by an authority that is not known here, has expired, or is for another name than the one by which it was reached; or the listener speaks no TLS, or wants a certificate of its clients.",
    fix: "Give the authority's certificate as `provider.tls.ca`, and reach the brokers by names that their certificates have. kctl has no option that leaves the check out.",
  },
  "kafka-auth-refused": {
    cause:
      "The name or the password is wrong, the user does not exist for this mechanism, or the listener does not take the mechanism; the error quotes what the broker says.",
    fix: "Compare `provider.sasl` with what those who run the cluster gave you; with a SaaS Kafka, the name is the API key and the password its secret, and the mechanism is mostly `plain`.",
  },
} as const;
