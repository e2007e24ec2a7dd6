/** What is wrong with the system of a machine that is kctl's to set up: its kind, its version, its tools. */
import type { HostFacts } from "./host-facts.ts";
import type { Found } from "./machine-findings.ts";

export function systemFindings(facts: HostFacts): readonly Found[] {
  return [
    ...operatingSystem(facts),
    ...architecture(facts),
    ...systemd(facts),
    ...programs(facts),
    ...packages(facts),
    ...selinux(facts),
  ];
}

/** The oldest major version of each that kctl is made for, by the ID of /etc/os-release. */
const supported: Readonly<Record<string, number>> = { debian: 11, ubuntu: 20.04, amzn: 2023 };
/** Those that are built from RHEL and count as it does. */
const likeRhel = { ids: ["rhel", "centos", "rocky", "almalinux", "ol"], least: 8 };

const supportedText = "Debian 11, Ubuntu 20.04, Amazon Linux 2023, RHEL 8 or one of its family, or newer";

function operatingSystem({ kernel, os }: HostFacts): readonly Found[] {
  const least = os === null ? undefined : likeRhel.ids.includes(os.id) ? likeRhel.least : supported[os.id];
  // Rolling ones have no version.
  const isFine = kernel === "Linux" && least !== undefined && (os?.version === "" || Number(os?.version) >= least);
  if (isFine) return [];
  return [
    {
      id: "system",
      level: kernel === "Linux" ? "warning" : "error",
      what: "kctl is not made for this system",
      measured: os?.title ?? kernel,
      wanted: supportedText,
      fix: kernel === "Linux" ? "it may work all the same; better take a supported one" : "take a machine with Linux",
    },
  ];
}

function architecture({ architecture: machine }: HostFacts): readonly Found[] {
  if (["x86_64", "amd64", "aarch64", "arm64"].includes(machine)) return [];
  return [
    {
      id: "architecture",
      level: "warning",
      what: "kctl is not made for this processor: Java must be there already, or in the system's packages",
      measured: machine,
      wanted: "x86_64 or aarch64",
      fix: "install Java there, and name it with `java.home`",
    },
  ];
}

function systemd({ systemd: isThere }: HostFacts): readonly Found[] {
  if (isThere) return [];
  return [
    {
      id: "systemd",
      level: "error",
      what: "it was not booted by systemd, whose units the servers are",
      measured: "no /run/systemd/system",
      wanted: "systemd",
      fix: "take a machine with systemd",
    },
  ];
}

function programs({ missing, fetches }: HostFacts): readonly Found[] {
  const needed: readonly Found[] =
    missing.length === 0
      ? []
      : [
          {
            id: "programs",
            level: "error",
            what: `programs are missing that kctl needs there: ${missing.join(", ")}`,
            measured: `${missing.length} missing`,
            wanted: "all of them on the PATH",
            fix: "install them: packages coreutils, sed, grep, gawk, tar, gzip, passwd, systemd",
          },
        ];
  if (fetches) return needed;
  return [
    ...needed,
    {
      id: "fetcher",
      level: "warning",
      what: "it has neither curl nor wget: software is sent from this machine, which may take longer",
      measured: "neither",
      wanted: "curl or wget",
      fix: "install curl there",
    },
  ];
}

function packages({ packages: manager }: HostFacts): readonly Found[] {
  if (manager !== null) return [];
  return [
    {
      id: "packages",
      level: "warning",
      what: "kctl knows no way to install packages there: a Java that is not there already comes in an archive",
      measured: "none of apt-get, dnf, yum",
      wanted: "one of them, or Java",
      fix: "install Java there, or see that kctl gets a Temurin JRE here: from Adoptium, or from `artifacts.mirror`",
    },
  ];
}

function selinux({ selinuxEnforcing }: HostFacts): readonly Found[] {
  if (!selinuxEnforcing) return [];
  return [
    {
      id: "selinux",
      level: "warning",
      what: "SELinux is enforcing: it may keep systemd from running what lies in /opt/kctl, or servers from their data",
      measured: "enforcing",
      wanted: "a policy that lets them, or permissive",
      fix: "where a server does not start, see `ausearch -m avc -ts recent`; `restorecon -R /opt/kctl /var/lib/kctl` often mends it",
    },
  ];
}
