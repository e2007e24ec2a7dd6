"""Instances as hosts of the lab: their disk, their boot, their end. What EC2 says of them is none of its business (lifecycle.py)."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

# What systemd, as the first process of a container, takes as the power button and as the key for a reboot.
POWER_OFF, REBOOT = signal.SIGRTMIN + 4, signal.SIGRTMIN + 5

# Real cloud-init, without what has nothing to do on a container: disks, clocks, keyboards, other people's agents.
SETTINGS = """\
datasource_list: [NoCloud]
network: {{ config: disabled }}
locale: false
manage_etc_hosts: {manage_hosts}
ssh_genkeytypes: [ed25519]
system_info:
  default_user: {{ name: {login}, lock_passwd: true, groups: [adm, sudo], sudo: ["ALL=(ALL) NOPASSWD:ALL"], shell: /bin/bash }}
cloud_init_modules: [bootcmd, write-files, set_hostname, update_hostname, update_etc_hosts, users-groups, ssh]
cloud_config_modules: [set-passwords, apt-configure, runcmd]
cloud_final_modules: [package-update-upgrade-install, write-files-deferred, scripts-per-once, scripts-per-boot,
  scripts-per-instance, scripts-user, final-message, power-state-change]
"""

NETWORK = """\
[Match]
Name=host0

[Network]
Address={address}/{prefix}
Gateway={gateway}
LinkLocalAddressing=no
IPv6AcceptRA=no
"""


def short(name):
    """As much of it as fits into the name of an interface; host.ts does the same."""
    return name[:12]


def wait_for(holds, seconds):
    end = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > end:
            return None
        time.sleep(0.02)
    return found


def backing():
    """Loop device -> the file on it."""
    found = {}
    for path in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            found[path.parts[3]] = path.read_text().strip()
        except OSError:
            pass
    return found


class Machines:
    def __init__(self, config):
        self.config = config
        self.hosts = Path(config["folder"]) / "hosts"
        self.processes = {}

    def folder(self, name):
        return self.hosts / name

    def make(self, name, *, address, prefix, gateway, login, keys, user_data, gibibytes):
        """Its disk, with what makes it this machine: address, and what cloud-init finds. Hosts get fresh ones, never old ones."""
        folder = self.folder(name)
        upper = folder / "draft" / "upper"
        seed = upper / "var/lib/cloud/seed/nocloud"
        for path in (folder / "disk", folder / "root", folder / "devices", seed):
            path.mkdir(parents=True, exist_ok=True)
        (folder / "devices" / "list").touch()
        public_keys = "".join(f"  - {key}\n" for key in keys)
        (seed / "meta-data").write_text(
            f"instance-id: {name}\nlocal-hostname: ip-{address.replace('.', '-')}\n"
            + (f"public-keys:\n{public_keys}" if keys else "")
        )
        (seed / "user-data").write_bytes(user_data)
        (seed / "vendor-data").write_text("")
        files = {
            # Debian's images have it written anew at each boot, the others leave it alone.
            "etc/cloud/cloud.cfg.d/95-lab.cfg": SETTINGS.format(login=login, manage_hosts=str(login == "admin").lower()),
            "etc/systemd/network/10-host0.network": NETWORK.format(address=address, prefix=prefix, gateway=gateway),
            "etc/hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
        }
        for path, text in files.items():
            (upper / path).parent.mkdir(parents=True, exist_ok=True)
            (upper / path).write_text(text)
        image = folder / "disk.img"
        with open(image, "wb") as file:
            file.truncate(gibibytes << 30)
        options = "lazy_itable_init=1,lazy_journal_init=1,nodiscard"
        command = ["mkfs.ext4", "-q", "-m", "0", "-E", options, "-d", str(folder / "draft"), str(image)]
        subprocess.run(command, check=True, capture_output=True, text=True)

    def boot(self, name, ended):
        """Starts it. `ended` is called once it has gone, with whether that was in order."""
        folder = self.folder(name)
        # A disk must not be mounted twice: see loop.ts.
        wait_for(lambda: not any(file.startswith(f"{folder}/") for file in backing().values()), 20)
        groups = [os.path.join(group, name) for group in self.config["groups"]]
        for group in groups:
            os.makedirs(group, exist_ok=True)
        subprocess.run(["ip", "link", "delete", f"vb-{short(name)}"], capture_output=True, check=False)
        with open(folder / "console.log", "ab") as log:
            process = subprocess.Popen(
                ["unshare", "--mount", "--propagation=private", "sh", self.config["supervisor"]]
                + [str(folder), short(name), ":".join(self.config["layers"]), " ".join(groups), "ec2"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes[name] = process

        def watch():
            status = process.wait()
            self.kill(name)
            ended(status == 0)

        threading.Thread(target=watch, daemon=True).start()

    def pids(self, name):
        found = []
        for folder, _, files in os.walk(os.path.join(self.config["main"], name)):
            try:
                found += [int(pid) for pid in Path(folder, "cgroup.procs").read_text().split()]
            except OSError:
                pass
        return found

    def init(self, name):
        """The first process of the host by its id out here, as in host.ts: process 1 of a namespace one below."""
        for pid in self.pids(name):
            try:
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            except OSError:
                continue
            ids = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
            if len(ids) > 1 and ids[-1] == "1":
                return pid
        return None

    def press(self, name, button):
        """As ACPI does on EC2: the system is asked, and does it in order."""
        if (pid := self.init(name)) is not None:
            os.kill(pid, button)

    def off(self, name, seconds=60):
        """Powers it off in order, and pulls the plug when that takes too long, or when it has not got far enough to be asked."""
        process = self.processes.get(name)
        if process is None or process.poll() is not None:
            return
        # One that has just been started takes no notice: it is asked again.
        end = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < end:
            self.press(name, POWER_OFF)
            wait_for(lambda: process.poll() is not None, 5)
        self.kill(name)
        process.wait()

    def kill(self, name):
        def gone():
            left = self.pids(name)
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return not left

        wait_for(gone, 20)

    def enter(self, name, *command):
        """Runs a command in it, as root; None where it is off."""
        if (pid := self.init(name)) is None:
            return None
        namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--no-fork"]
        # By a shell of ours that waits for it: see host.ts.
        shell = ["sh", "-c", '"$@"; exit $?', "sh", *command]
        return subprocess.run(["nsenter", f"--target={pid}", *namespaces, *shell], capture_output=True, text=True, check=False)

    def console(self, name):
        file = self.folder(name) / "console.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def remove(self, name):
        subprocess.run(["rm", "-rf", "--one-file-system", str(self.folder(name))], check=False)
