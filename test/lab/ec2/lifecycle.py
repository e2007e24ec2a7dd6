"""What becomes of instances: EC2's states on the one hand, hosts of the lab and their volumes on the other."""

import base64
import functools
import threading
import time
import traceback

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance, StateReason
from moto.ec2.responses.general import General

import images
from machines import REBOOT
from patching import Refusal, replace

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}

BY_ITSELF = StateReason("Client.InstanceInitiatedShutdown: Instance initiated shutdown", "Client.InstanceInitiatedShutdown")


def put(instance, state):
    instance._state.name, instance._state.code = state, CODES[state]


def all_instances():
    return [
        instance
        for regions in ec2_backends.values()
        for backend in regions.values()
        for reservation in backend.reservations.values()
        for instance in reservation.instances
    ]


def on_network():
    return [one for one in all_instances() if one._state.name not in ("terminated", "stopped") and one.nics]


def background(function):
    """What takes longer than an answer: the caller has said that it begins."""

    @functools.wraps(function)
    def run(*args, **options):
        def work():
            try:
                function(*args, **options)
            except Exception:
                traceback.print_exc()

        threading.Thread(target=work, daemon=True).start()

    return run


class Lifecycle:
    def __init__(self, lock, machines, volumes, changed, simulated):
        self.lock, self.machines, self.volumes = lock, machines, volumes
        # Called, with the lock, after instances have become something else.
        self.changed = changed
        self.simulated = simulated
        # Of the next launches, as faults.py wishes: a reason why they end right after they began.
        self.doomed = lambda: None
        self.install()

    # --- Seen by moto

    def install(self):
        lifecycle = self
        terminated, stopped, started = Instance.terminate, Instance.stop, Instance.start

        def previous(instance):
            return type(instance._state)(instance._state.name, instance._state.code)

        def terminate(instance):
            before = previous(instance)
            if before.name not in ("shutting-down", "terminated"):
                put(instance, "shutting-down")
                lifecycle.end(instance, lambda: terminated(instance))
            return before

        def stop(instance):
            before = previous(instance)
            if before.name in ("pending", "shutting-down", "terminated"):
                raise Refusal("IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be stopped.")
            if before.name == "running":
                put(instance, "stopping")
                lifecycle.halt(instance, lambda: stopped(instance))
            return before

        def start(instance):
            before = previous(instance)
            if before.name not in ("running", "pending", "stopped"):
                raise Refusal("IncorrectInstanceState", f"The instance '{instance.id}' is not in a state from which it can be started.")
            if before.name == "stopped":
                started(instance)
                put(instance, "pending")
                lifecycle.boot(instance)
            return before

        def reboot(instance):
            if instance._state.name != "running":
                raise Refusal("IncorrectState", f"The instance '{instance.id}' is not in the 'running' state.")
            if not lifecycle.simulated:
                lifecycle.machines.press(instance.id, REBOOT)

        Instance.terminate, Instance.stop, Instance.start, Instance.reboot = terminate, stop, start, reboot
        self.terminated, self.stopped = terminated, stopped
        self.install_volumes()

        @replace(General, "get_console_output")
        def get_console_output(_, response):
            instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
            said = lifecycle.machines.console(instance.id)[-65536:]
            return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": Base64EncodedString.from_raw_string(said)})

    def install_volumes(self):
        lifecycle = self

        @replace(EC2Backend, "delete_volume")
        def delete_volume(original, backend, volume_id):
            volume = original(backend, volume_id)
            lifecycle.volumes.remove(volume_id)
            return volume

        @replace(EC2Backend, "modify_volume")
        def modify_volume(original, backend, volume_id, target_size=None, *args, **options):
            volume = original(backend, volume_id, target_size, *args, **options)
            if target_size is not None:
                lifecycle.volumes.grow(volume_id, volume.size)
            return volume

        @replace(EC2Backend, "attach_volume")
        def attach_volume(original, backend, volume_id, instance_id, device_path, *args, **options):
            volume, instance = backend.get_volume(volume_id), backend.get_instance(instance_id)
            # Those that come with it are no call of AttachVolume.
            if not hasattr(instance, "turn"):
                return original(backend, volume_id, instance_id, device_path, *args, **options)
            if volume.attachment is not None:
                raise Refusal("VolumeInUse", f"{volume_id} is already attached to an instance")
            if instance._state.name not in ("running", "stopped"):
                raise Refusal("IncorrectState", f"Instance '{instance_id}' is not 'running' or 'stopped'.")
            if volume.zone is not None and volume.zone.name != instance.placement.zone:
                raise Refusal("InvalidVolume.ZoneMismatch", f"The volume '{volume_id}' is not in the same availability zone as instance '{instance_id}'")
            if device_path in instance.block_device_mapping:
                raise Refusal("InvalidParameterValue", f"Invalid value '{device_path}' for unixDevice. Attachment point {device_path} is already in use")
            attachment = original(backend, volume_id, instance_id, device_path, *args, **options)
            attachment.status = "attaching"
            lifecycle.attach(instance, volume, attachment)
            return attachment

        @replace(EC2Backend, "detach_volume")
        def detach_volume(original, backend, volume_id, instance_id, device_path):
            volume = backend.get_volume(volume_id)
            attachment = volume.attachment
            if attachment is None:
                raise Refusal("IncorrectState", f"Volume '{volume_id}' is in the 'available' state.")
            if instance_id is not None and attachment.instance.id != instance_id:
                raise Refusal("InvalidAttachment.NotFound", f"The volume '{volume_id}' is not attached to instance '{instance_id}'.")
            instance = attachment.instance
            if instance._state.name in ("shutting-down", "terminated"):
                return original(backend, volume_id, instance.id, attachment.device)
            if attachment.device == instance.root_device_name and instance._state.name != "stopped":
                raise Refusal("OperationNotPermitted", f"Unable to detach root volume '{volume_id}' from instance '{instance.id}'")
            attachment.status = "detaching"
            lifecycle.detach(instance, volume, lambda: original(backend, volume_id, instance.id, attachment.device))
            return attachment

    # --- Carried out

    def disks(self, instance):
        """Volumes beyond the root."""
        backend = instance.ec2_backend
        return [
            backend.volumes[mapping.volume_id]
            for device, mapping in list(instance.block_device_mapping.items())
            if device != instance.root_device_name and mapping.volume_id in backend.volumes
        ]

    def launched(self, instance):
        put(instance, "pending")
        # Of those that switch it on and off.
        instance.turn = threading.Lock()
        doom = self.doomed()
        if doom is None:
            self.boot(instance)
        else:
            self.fail(instance, doom)

    @background
    def fail(self, instance, doom):
        time.sleep(0.3)
        with self.lock:
            put(instance, "shutting-down")
            self.terminated(instance)
            instance.state_reason = StateReason(doom["message"], doom["code"])
            instance._reason = doom["code"]
            self.changed()

    def make(self, instance):
        if self.machines.folder(instance.id).exists():
            return
        backend, subnet = instance.ec2_backend, instance.nics[0].subnet
        owner = backend.amis[instance.image_id].owner_id
        pair = backend.key_pairs.get(instance.key_name)
        root = instance.block_device_mapping[instance.root_device_name]
        self.machines.make(
            instance.id,
            address=instance.nics[0].private_ip_address,
            prefix=subnet.cidr.prefixlen,
            gateway=str(subnet.cidr[1]),
            login=images.LOGINS.get(owner, "admin"),
            keys=[] if pair is None else [pair.public_key.strip()],
            user_data=base64.b64decode(str(instance.user_data)) if instance.user_data else b"",
            gibibytes=int(root.size),
        )

    @background
    def boot(self, instance):
        if self.simulated:
            time.sleep(0.2)
        else:
            with instance.turn:
                # It may have been told to end before it began.
                if instance._state.name != "pending":
                    return
                self.power_on(instance)
        with self.lock:
            if instance._state.name == "pending":
                put(instance, "running")
            self.changed()

    def power_on(self, instance):
        self.make(instance)
        for volume in self.disks(instance):
            self.volumes.attach(instance.id, volume.id, volume.size)
        self.machines.boot(instance.id, lambda in_order: self.went_off(instance, in_order))

    @background
    def halt(self, instance, then, why=None):
        self.off(instance)
        with self.lock:
            then()
            put(instance, "stopped")
            instance.state_reason = why or instance.state_reason
            self.changed()

    @background
    def end(self, instance, then, why=None):
        self.off(instance)
        if not self.simulated:
            self.machines.remove(instance.id)
        with self.lock:
            then()
            self.gone(instance, why or instance.state_reason)

    def gone(self, instance, why):
        """What is left to be seen of it: itself, its tags, and why."""
        put(instance, "terminated")
        instance.state_reason = why
        instance.security_groups = []
        self.changed()

    def off(self, instance):
        if self.simulated:
            time.sleep(0.2)
            return
        with instance.turn:
            self.machines.off(instance.id, 0 if getattr(instance, "lab_plug", False) else 60)
            self.volumes.detach_all(instance.id)

    def went_off(self, instance, in_order):
        """By itself (`shutdown -h now`). One whose plug was pulled is out of order, and EC2 calls it running."""
        with self.lock:
            if instance._state.name not in ("running", "pending") or not in_order:
                return
            if instance.instance_initiated_shutdown_behavior == "terminate":
                put(instance, "shutting-down")
                self.end(instance, lambda: self.terminated(instance), BY_ITSELF)
            else:
                put(instance, "stopping")
                self.halt(instance, lambda: self.stopped(instance), BY_ITSELF)

    @background
    def attach(self, instance, volume, attachment):
        if not self.simulated and instance._state.name == "running":
            self.volumes.attach(instance.id, volume.id, volume.size)
        with self.lock:
            attachment.status = "attached"

    @background
    def detach(self, instance, volume, then):
        if not self.simulated:
            self.volumes.detach(instance.id, volume.id)
        with self.lock:
            then()
