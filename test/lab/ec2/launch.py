"""
RunInstances and placement groups, in our model of EC2 (model.py): what is accepted, what is kept of it, and client tokens.
"""

import moto.ec2.utils as utils
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.tags import TagResponse

from patching import Refusal, replace


def given_tags(response, kind):
    tags = {}
    for specification in response._get_param("TagSpecifications", []) or []:
        if specification.get("ResourceType") == kind:
            tags |= {tag["Key"]: tag.get("Value", "") for tag in specification.get("Tags", [])}
    return tags


def primary(response):
    nics = response._get_param("NetworkInterfaces", [])
    return next((nic for nic in nics if int(nic.get("DeviceIndex", 0)) == 0), None)


def place(response, backend):
    """Where it goes: a subnet, named, or the default one of the zone."""
    nic = primary(response)
    subnet_id = response._get_param("SubnetId") or (nic or {}).get("SubnetId")
    zone = response._get_param("Placement.AvailabilityZone")
    if subnet_id is None:
        defaults = backend.get_default_subnets()
        if zone is not None and zone not in defaults:
            raise Refusal("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
        if not defaults:
            raise Refusal("VPCIdNotSpecified", "No default VPC for this user.")
        subnet_id = defaults[zone or min(defaults)].id
        if nic is None:
            response.params["SubnetId"] = subnet_id
        else:
            nic["SubnetId"] = subnet_id
    subnet = backend.get_subnet(subnet_id)
    if zone is not None and zone != subnet.availability_zone:
        raise Refusal("InvalidParameterValue", f"The subnet '{subnet_id}' is not in the availability zone '{zone}'.")
    return subnet


def check(response, backend):
    image_id = response._get_param("ImageId")
    if not image_id:
        raise Refusal("MissingParameter", "The request must contain the parameter ImageId")
    (image,) = backend.describe_images(ami_ids=[image_id])
    kind = response._get_param("InstanceType") or "m1.small"
    (found,) = backend.describe_instance_types([kind])
    supported = found["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in supported:
        raise Refusal(
            "InvalidParameterValue",
            f"The architecture '{','.join(supported)}' of the specified instance type does not match the architecture "
            f"'{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.",
        )
    if (key := response._get_param("KeyName")) and key not in backend.key_pairs:
        raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{key}' does not exist")
    if len(str(response._get_param("UserData") or "")) > 21848:
        raise Refusal("InvalidParameterValue", "User data is limited to 16384 bytes")
    subnet = place(response, backend)
    offered = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(backend.region_name, [])
    if not any(one["InstanceType"] == kind and one["Location"] == subnet.availability_zone for one in offered):
        raise Refusal(
            "Unsupported",
            f"Your requested instance type ({kind}) is not supported in your requested Availability Zone ({subnet.availability_zone}).",
        )
    groups = [*response._get_param("SecurityGroupIds", []), *((primary(response) or {}).get("Groups") or [])]
    for group in groups:
        known = backend.get_security_group_from_id(group)
        if known is None:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
        if known.vpc_id != subnet.vpc_id:
            raise Refusal("InvalidParameter", f"Security group {group} and subnet {subnet.id} belong to different networks.")
    if (group := response._get_param("Placement.GroupName")) and group not in placement_groups(backend):
        raise Refusal("InvalidPlacementGroup.Unknown", f"The Placement Group '{group}' is unknown.")
    return image, kind, subnet


def fill_devices(response, image):
    """The image's root disk, and the wishes for it, and what else is wished for."""
    wished = {one["DeviceName"]: one for one in response._get_param("BlockDeviceMappings", []) or []}
    root = image.root_device_name
    own = {"VolumeSize": 8, "VolumeType": "gp3", "DeleteOnTermination": True}
    first = {"DeviceName": root, "Ebs": own | wished.pop(root, {}).get("Ebs", {})}
    rest = [
        one if "NoDevice" in one else {**one, "Ebs": {"VolumeType": "gp3", "DeleteOnTermination": False, **one.get("Ebs", {})}}
        for one in wished.values()
    ]
    response.params["BlockDeviceMappings"] = [first, *rest]
    return [first, *rest]


def counts(response):
    least, most = (int(response._get_param(name) or 1) for name in ("MinCount", "MaxCount"))
    if least > most:
        raise Refusal("InvalidParameterCombination", "Minimum instance count cannot be greater than maximum instance count.")
    return least, most


def finish(response, instance, devices):
    """What moto was told, and did not keep."""
    backend = instance.ec2_backend
    instance.disable_api_termination = response._get_param("DisableApiTermination") in (True, "true")
    instance._placement.group_name = response._get_param("Placement.GroupName") or ""
    instance.client_token = response._get_param("ClientToken") or ""
    nic = instance.nics[0]
    if not instance.security_groups:
        instance.security_groups = list(nic._group_set)
    nic._group_set = list(instance.security_groups)
    for one in instance.nics.values():
        one.delete_on_termination = True
        one.add_tags(given_tags(response, "network-interface"))
    for device in devices:
        mapping = instance.block_device_mapping.get(device["DeviceName"])
        if mapping is None:
            continue
        volume, wished = backend.volumes[mapping.volume_id], device["Ebs"]
        if volume.volume_type == "gp3":
            volume.iops, volume.throughput = int(wished.get("Iops") or 3000), int(wished.get("Throughput") or 125)
        elif wished.get("Iops"):
            volume.iops = int(wished["Iops"])


class Launches:
    """RunInstances: the same token gives the same answer, and never a second machine."""

    def __init__(self, launched, capacity):
        self.launched = launched
        self.capacity = capacity
        self.tokens = {}

        @replace(InstanceResponse, "run_instances")
        def run_instances(original, response):
            return self.run(original, response)

    def run(self, original, response):
        backend = response.ec2_backend
        token = response._get_param("ClientToken")
        wishes = repr(sorted((key, repr(value)) for key, value in response.params.items() if key != "DryRun"))
        key = (backend.region_name, token)
        if token and key in self.tokens and not response._get_param("DryRun"):
            return self.again(self.tokens[key], wishes)
        least, most = counts(response)
        image, kind, subnet = check(response, backend)
        devices = fill_devices(response, image)
        most = min(most, self.capacity(subnet.availability_zone, kind, most))
        if most < least:
            raise Refusal(
                "InsufficientInstanceCapacity",
                f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({subnet.availability_zone}).",
            )
        response.params["MinCount"] = most
        before = dict(backend.reservations)
        try:
            result = original(response)
        except Exception:
            # moto leaves an empty reservation behind.
            backend.reservations.clear()
            backend.reservations.update(before)
            raise
        for instance in result.result.instances:
            finish(response, instance, devices)
            self.launched(instance)
        if token:
            self.tokens[key] = (wishes, result.result)
        return result

    def again(self, known, wishes):
        before, reservation = known
        if before != wishes:
            raise Refusal(
                "IdempotentParameterMismatch",
                "The client token you have provided is associated with another request with different parameters.",
            )
        if all(instance.state in ("shutting-down", "terminated") for instance in reservation.instances):
            raise Refusal("IdempotentInstanceTerminated", "The client token is associated with a resource that is already deleted.")
        return ActionResult(reservation)


# --- Placement groups, which moto lacks but for the word


def placement_groups(backend):
    if not hasattr(backend, "lab_placement_groups"):
        backend.lab_placement_groups = {}
    return backend.lab_placement_groups


def create_placement_group(self):
    groups, name = placement_groups(self.ec2_backend), self._get_param("GroupName")
    self.error_on_dryrun()
    if name in groups:
        raise Refusal("InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists.")
    tags = [{"Key": key, "Value": value} for key, value in given_tags(self, "placement-group").items()]
    groups[name] = {
        "GroupName": name,
        "GroupId": f"pg-{utils.random_resource_id(17)}",
        "State": "available",
        "Strategy": self._get_param("Strategy") or "cluster",
        "PartitionCount": self._get_param("PartitionCount"),
        "Tags": tags,
    }
    return ActionResult({"PlacementGroup": groups[name]})


def describe_placement_groups(self):
    groups, names = placement_groups(self.ec2_backend), self._get_param("GroupNames", [])
    for name in names:
        if name not in groups:
            raise Refusal("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    found = [group for name, group in groups.items() if not names or name in names]
    for name, values in self._filters_from_querystring().items():
        if name.startswith("tag:"):
            wanted = [(name.removeprefix("tag:"), value) for value in values]
            found = [group for group in found if any((tag["Key"], tag["Value"]) in wanted for tag in group["Tags"])]
        elif name == "tag-key":
            found = [group for group in found if any(tag["Key"] in values for tag in group["Tags"])]
        elif name == "group-name":
            found = [group for group in found if group["GroupName"] in values]
        else:
            raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")
    return ActionResult({"PlacementGroups": found})


def delete_placement_group(self):
    backend, name = self.ec2_backend, self._get_param("GroupName")
    self.error_on_dryrun()
    if name not in placement_groups(backend):
        raise Refusal("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    if any(one.placement.group_name == name and one.state != "terminated" for one in backend.all_instances()):
        raise Refusal("InvalidPlacementGroup.InUse", f"The placement group {name} is in use and may not be deleted.")
    del placement_groups(backend)[name]
    return EmptyResult()


def with_placement_groups(change):
    """moto takes no tags for them. The decorated function changes those of one group."""

    @replace(TagResponse, change.__name__)
    def tags_of_all(original, self):
        groups = {group["GroupId"]: group for group in placement_groups(self.ec2_backend).values()}
        resources = self._get_param("Resources", [])
        given = {tag["Key"]: tag.get("Value", "") for tag in self._get_param("Tags", [])}
        self.params["Resources"] = [one for one in resources if one not in groups]
        result = original(self) if self.params["Resources"] else EmptyResult()
        for group in [groups[one] for one in resources if one in groups]:
            tags = change({tag["Key"]: tag["Value"] for tag in group["Tags"]}, given)
            group["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        return result


@with_placement_groups
def create_tags(before, given):
    return before | given


@with_placement_groups
def delete_tags(before, given):
    return {key: value for key, value in before.items() if key not in given}


InstanceResponse.create_placement_group = create_placement_group
InstanceResponse.describe_placement_groups = describe_placement_groups
InstanceResponse.delete_placement_group = delete_placement_group
