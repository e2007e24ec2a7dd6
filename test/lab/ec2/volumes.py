"""Volumes as sparse files on loop devices, which hosts see as EC2's NVMe devices: /dev/nvme1n1, and the links that lead there."""

import ctypes
import os
import struct
import subprocess
import threading
from pathlib import Path

from machines import backing, wait_for

IN_CLOSE_WRITE, IN_IGNORED = 0x8, 0x8000


def tool(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Volumes:
    def __init__(self, config, machines):
        self.machines = machines
        self.folder = Path(config["folder"]) / "volumes"
        self.folder.mkdir(exist_ok=True)
        self.lock = threading.Lock()
        # Instance -> volume -> (number of its NVMe device, loop device).
        self.attached = {}
        self.watches = Watches(self.refresh, self.watch)

    def file(self, volume):
        return self.folder / f"{volume}.img"

    def attach(self, instance, volume, gibibytes):
        """Gives it the lowest free number, as EC2 mostly does; the root disk is 0."""
        with self.lock:
            there = self.attached.setdefault(instance, {})
            if volume in there:
                return
            file = self.file(volume)
            with open(file, "ab") as disk:
                disk.truncate(max(gibibytes << 30, disk.tell()))
            device = tool("losetup", "--find", "--show", str(file)).removeprefix("/dev/")
            number = min(set(range(1, 27)) - {number for number, _ in there.values()})
            there[volume] = (number, device)
            self.write(instance)
        self.refresh(instance)
        self.watch(instance)

    def detach(self, instance, volume):
        """Takes the node away; the device goes once the host has let go of it, which is when it is really detached."""
        with self.lock:
            _, device = self.attached.get(instance, {}).pop(volume, (0, None))
            if device is None:
                return
            self.write(instance)
        self.refresh(instance)
        file = str(self.file(volume))
        subprocess.run(["losetup", "--detach", f"/dev/{device}"], check=False, capture_output=True)
        wait_for(lambda: file not in backing().values(), 600)

    def detach_all(self, instance):
        for volume in list(self.attached.get(instance, {})):
            self.detach(instance, volume)

    def grow(self, volume, gibibytes):
        with self.lock:
            if self.file(volume).exists():
                os.truncate(self.file(volume), gibibytes << 30)
            for volumes in self.attached.values():
                if volume in volumes:
                    tool("losetup", "--set-capacity", f"/dev/{volumes[volume][1]}")

    def remove(self, volume):
        self.file(volume).unlink(missing_ok=True)

    def write(self, instance):
        lines = []
        for volume, (number, device) in self.attached.get(instance, {}).items():
            major, minor = Path(f"/sys/block/{device}/dev").read_text().strip().split(":")
            lines.append(f"nvme{number}n1 {major} {minor} {volume.replace('-', '')}\n")
        file = self.machines.folder(instance) / "devices" / "list"
        if file.parent.exists():
            file.write_text("".join(sorted(lines)))

    def refresh(self, instance):
        """What udev does on EC2 after a device has come, gone or been written to; within a host, by image/usr/local/sbin/lab-devices."""
        self.machines.enter(instance, "/usr/local/sbin/lab-devices")

    def watch(self, instance):
        """From a thread, since a host that boots makes its nodes a moment later."""
        nodes = [f"/dev/nvme{number}n1" for number, _ in self.attached.get(instance, {}).values()]
        if not nodes:
            return

        def find():
            for node in nodes:
                path = wait_for(lambda node=node: self.node(instance, node), 60)
                if path is not None:
                    self.watches.add(path, instance)

        threading.Thread(target=find, daemon=True).start()

    def node(self, instance, node):
        pid = self.machines.init(instance)
        path = f"/proc/{pid}/root{node}"
        return path if pid is not None and os.path.exists(path) else None


class Watches:
    """Tells when somebody who may have written to a device closes it: then the UUID on it may be another."""

    def __init__(self, written, gone):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.handle = self.libc.inotify_init1(0)
        self.instances = {}
        self.written, self.gone = written, gone
        threading.Thread(target=self.read, daemon=True).start()

    def add(self, path, instance):
        watch = self.libc.inotify_add_watch(self.handle, path.encode(), IN_CLOSE_WRITE)
        if watch >= 0:
            self.instances[watch] = instance

    def read(self):
        while True:
            events = os.read(self.handle, 4096)
            while events:
                watch, mask, _, length = struct.unpack_from("iIII", events)
                events = events[16 + length :]
                instance = self.instances.get(watch)
                if mask & IN_IGNORED:
                    # The node has gone; where that is because the host has booted again, another one comes.
                    self.instances.pop(watch, None)
                    self.gone(instance)
                elif instance is not None:
                    self.written(instance)
