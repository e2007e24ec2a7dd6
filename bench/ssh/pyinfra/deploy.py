"""What `kctl up` makes on three machines, as a pyinfra deploy: the same files, the same servers, each restarted where its files changed.

Usage, in a folder that holds files/HOST: pyinfra -y --no-wait inventory.py deploy.py --data mirror=URL --data kafka=SHA256 --data zookeeper=SHA256
"""

from os import walk
from os.path import join, relpath

from pyinfra import host
from pyinfra.facts.files import Directory
from pyinfra.operations import files, server, systemd
from pyinfra.operations.util import any_changed

own = join("files", host.name)


def written(folder, **owner):
    """Every file of the host below this folder, at the same path."""
    return [
        files.put(
            name=f"/{relpath(join(at, each), own)}",
            src=join(at, each),
            dest=f"/{relpath(join(at, each), own)}",
            add_deploy_dir=False,
            **owner,
        )
        for at, _, names in walk(join(own, folder))
        for each in sorted(names)
    ]


def software(name, archive, digest):
    if host.get_fact(Directory, path=f"/opt/kctl/{name}"):
        return
    files.download(
        name=f"Fetch {name}", src=f"{host.data.mirror}/{archive}", dest=f"/opt/kctl/{archive}", sha256sum=digest
    )
    server.shell(
        name=f"Unpack {name}",
        commands=[
            f"mkdir /opt/kctl/{name}.new && tar -xzf /opt/kctl/{archive} -C /opt/kctl/{name}.new"
            f" --strip-components=1 --no-same-owner && mv /opt/kctl/{name}.new /opt/kctl/{name} && rm /opt/kctl/{archive}"
        ],
    )


server.user(
    name="The servers' user", user="kctl", home="/nonexistent", shell="/usr/sbin/nologin", system=True, ensure_home=False
)
for folder in ("/opt/kctl", "/etc/kctl/bench"):
    files.directory(name=folder, path=folder)
for role in ("zookeeper", "broker"):
    files.directory(name=f"/etc/kctl/bench/{role}", path=f"/etc/kctl/bench/{role}", group="kctl", mode="750")
    for folder in (f"/var/lib/kctl/bench/{role}", f"/var/log/kctl/bench/{role}"):
        files.directory(name=folder, path=folder, user="kctl", group="kctl", mode="750")
files.link(name="Java", path="/etc/kctl/bench/java", target="/usr/lib/jvm/java-17-openjdk-amd64")
software("zookeeper-3.8.4", "apache-zookeeper-3.8.4-bin.tar.gz", host.data.zookeeper)
software("kafka-3.9.1", "kafka_2.13-3.9.1.tgz", host.data.kafka)

with open(join(own, "etc/kctl/bench/hosts"), encoding="utf-8") as lines:
    names = [line.rstrip() for line in lines if not line.startswith("#")]
files.block(
    name="Names", path="/etc/hosts", content=names, before=True, after=True, marker="# {mark} kctl bench", begin=">>>", end="<<<"
)

settings = {"user": "root", "group": "kctl", "mode": "640"}
zookeeper = written("etc/kctl/bench/zookeeper", **settings)
zookeeper += written("var/lib/kctl/bench/zookeeper", user="kctl", group="kctl", mode="640")
broker = written("etc/kctl/bench/broker", **settings)
units = written("etc/systemd/system", mode="644")
kernel = written("etc/sysctl.d", mode="644")
for name in ("hosts", "restore-hosts"):
    path = f"etc/kctl/bench/{name}"
    files.put(name=f"/{path}", src=join(own, path), dest=f"/{path}", add_deploy_dir=False, mode="644")

server.shell(name="Kernel settings", commands=["sysctl --quiet --load=/etc/sysctl.d/90-kctl-bench.conf"], _if=any_changed(*kernel))
systemd.daemon_reload(name="Read the units", _if=any_changed(*units))
for unit, changed in (("hosts", []), ("zookeeper", zookeeper), ("broker", broker)):
    service = f"kctl-bench-{unit}.service"
    if changed:
        systemd.service(name=f"Restart {unit}", service=service, restarted=True, _if=any_changed(*changed))
    systemd.service(name=f"Run {unit}", service=service, running=True, enabled=True)
