/** Certificates for tests, made by openssl: an authority, a server's and a client's that it signed, and an authority that signed nothing. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** In the folder: `ca.pem`, `other-ca.pem`, and of each party `NAME.pem`, `NAME-key.pem` and `NAME-both.pem`, as Kafka reads PEM. */
export async function makeCertificates(folder: string, names: string): Promise<void> {
  const openssl = (...args: readonly string[]) => promisify(execFile)("openssl", args, { cwd: folder });
  const fresh = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = (name: string) =>
    openssl(
      ...fresh,
      "-x509",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}-key.pem`,
      "-out",
      `${name}.pem`,
    );
  const party = async (name: string, more: string): Promise<void> => {
    await openssl(...fresh, "-subj", `/CN=${name}`, "-keyout", `${name}-key.pem`, "-out", `${name}.csr`);
    await writeFile(join(folder, `${name}.ext`), more);
    const signed = [
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca-key.pem",
      "-set_serial",
      `${name.length}`,
      "-extfile",
      `${name}.ext`,
    ];
    await openssl("x509", "-req", "-days", "2", "-in", `${name}.csr`, ...signed, "-out", `${name}.pem`);
    const parts = await Promise.all(
      [`${name}-key.pem`, `${name}.pem`].map((file) => readFile(join(folder, file), "utf8")),
    );
    await writeFile(join(folder, `${name}-both.pem`), parts.join(""));
  };
  await Promise.all([authority("ca"), authority("other-ca")]);
  await Promise.all([party("server", `subjectAltName=${names}\n`), party("client", "extendedKeyUsage=clientAuth\n")]);
}
