"""
Our model of EC2, where moto has none: what RunInstances accepts and keeps, client tokens, states on the way, what depends on what.
It is taken from EC2's documentation, and no proof of what EC2 does. What moto has (wire format, ids, filters, stored state) stays moto's.
"""

import ipaddress
from datetime import timedelta

import moto.ec2.models.elastic_network_interfaces as interfaces
import moto.ec2.models.iam_instance_profile as profiles_of_instances
import moto.ec2.responses.instances as profiles_of_launches
import moto.ec2.utils as utils
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import VolumeModification
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.key_pairs import KeyPairs
from moto.ec2.responses.security_groups import SecurityGroups
from moto.iam.models import iam_backends


class Refusal(EC2ClientError):
    def __init__(self, code, message):
        super().__init__(code, message)


def replace(owner, name):
    """The decorated function takes the place of a method of moto's, which it gets as its first argument."""

    def decorate(function):
        original = getattr(owner, name)
        setattr(owner, name, lambda self, *args, **options: function(original, self, *args, **options))
        return function

    return decorate


# --- Regions: a default VPC has a way out, as on EC2


@replace(EC2Backend, "__init__")
def new_region(original, self, *args, **options):
    original(self, *args, **options)
    gateway = self.create_internet_gateway()
    self.attach_internet_gateway(gateway.id, self.default_vpc.id)
    main = next(table for table in self.route_tables.values() if table.vpc_id == self.default_vpc.id and table.main_association_id)
    self.create_route(main.id, "0.0.0.0/0", gateway_id=gateway.id)


def leads_out(self, subnet):
    """Whether a public address there leads anywhere: its route table has a way to an internet gateway that is attached."""
    tables = [table for table in self.route_tables.values() if table.vpc_id == subnet.vpc_id]
    own = [table for table in tables if subnet.id in table._associations.values()]
    main = [table for table in tables if table.main_association_id]
    for route in [route for table in (own or main)[:1] for route in table.routes]:
        gateway = self.internet_gateways.get(getattr(route.gateway, "id", None) or "")
        if route.destination_cidr_block == "0.0.0.0/0" and gateway and gateway.vpc and gateway.vpc.id == subnet.vpc_id:
            return True
    return False


EC2Backend.leads_out = leads_out


# --- Instance profiles: IAM is no part of the lab, so each of them exists, but those that begin with "missing"


def profile(account_id, partition, iam_instance_profile_arn=None, iam_instance_profile_name=None):
    name = iam_instance_profile_name or iam_instance_profile_arn.split("/")[-1]
    if name.startswith("missing"):
        raise Refusal(
            "InvalidParameterValue",
            f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        )
    iam = iam_backends[account_id][partition]
    if name not in [one.name for one in iam.instance_profiles.values()]:
        iam.create_instance_profile(name=name, path="/", role_names=[])
    return iam.get_instance_profile(name)


profiles_of_launches.filter_iam_instance_profiles = profile
profiles_of_instances.filter_iam_instance_profiles = profile


# --- Addresses

public_addresses = {"next": 9}


def public_address():
    """Another one each time, so that nobody keeps one over a stop."""
    public_addresses["next"] = (public_addresses["next"] + 1) % 240
    return f"198.51.100.{public_addresses['next'] + 10}"


interfaces.random_public_ip = public_address


@replace(Subnet, "request_ip")
def request_address(original, self, address, instance):
    network = self.cidr
    if ipaddress.ip_address(address) not in network:
        raise Refusal("InvalidParameterValue", f"Address {address} does not fall within the subnet's address range")
    if address in {str(network[i]) for i in (0, 1, 2, 3, -1)}:
        raise Refusal("InvalidParameterValue", f"Address {address} is in subnet's reserved address range")
    if address in self._subnet_ips:
        raise Refusal("InvalidIPAddress.InUse", f"Address {address} is in use.")
    return original(self, address, instance)


@replace(Subnet, "get_available_subnet_ip")
def free_address(original, self, instance):
    # Regions have the same default VPC, but the lab has one network: an address is given once.
    from moto.ec2.models import ec2_backends

    used = {
        nic.private_ip_address for regions in ec2_backends.values() for backend in regions.values() for nic in backend.enis.values()
    }
    while True:
        try:
            address = original(self, instance)
        except (StopIteration, RuntimeError) as error:
            raise Refusal("InsufficientFreeAddressesInSubnet", f"There are not enough free addresses in subnet '{self.id}'.") from error
        if address not in used:
            return address


# --- Launch


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


# --- Changes of an instance


@replace(EC2Backend, "modify_instance_security_groups")
def modify_groups(original, self, instance_id, new_group_id_list):
    for group in new_group_id_list:
        if self.get_security_group_from_id(group) is None:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
    instance = original(self, instance_id, new_group_id_list)
    instance.nics[0]._group_set = list(instance.security_groups)
    return instance


@replace(EC2Backend, "modify_network_interface_attribute")
def modify_interface(original, self, eni_id, group_ids, *args, **options):
    original(self, eni_id, group_ids, *args, **options)
    nic = self.get_network_interface(eni_id)
    if group_ids and nic.instance is not None and nic.device_index == 0:
        nic.instance.security_groups = list(nic._group_set)


@replace(InstanceResponse, "modify_instance_attribute")
def modify_instance_attribute(original, self):
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    if any(self._get_param(f"{name}.Value") is not None for name in ("InstanceType", "UserData")) and instance.state != "stopped":
        raise Refusal("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")
    # moto does not know this one, and takes it for an empty list of groups.
    if (behavior := self._get_param("InstanceInitiatedShutdownBehavior.Value")) is not None:
        self.error_on_dryrun()
        instance.instance_initiated_shutdown_behavior = behavior
        return EmptyResult()
    return original(self)


# --- What a terminated instance still shows: itself, without what it had

for name, nothing in (
    ("network_interfaces", []),
    ("private_ip", None),
    ("private_ip_address", None),
    ("private_dns_name", ""),
    ("vpc_id", None),
    ("subnet_id", None),
    ("dynamic_group_list", []),
):

    def hide(original, nothing):
        return property(lambda self: nothing if self._state.name == "terminated" else original.fget(self))

    setattr(Instance, name, hide(getattr(Instance, name), nothing))


# --- DescribeInstances: its pages, and filters that moto lacks


@replace(InstanceResponse, "describe_instances")
def describe_instances(original, self):
    if not self._get_param("InstanceIds", []):
        self.params.setdefault("MaxResults", 1000)
    return original(self)


utils.filter_dict_attribute_mapping |= {
    "client-token": "client_token",
    "instance-state-code": "state_code_text",
    "placement-group-name": "placement.group_name",
    "network-interface.private-ip-address": "private_ip",
    "network-interface.subnet-id": "subnet_id",
    "network-interface.vpc-id": "vpc_id",
    "instance-lifecycle": "lifecycle",
    "root-device-name": "root_device_name",
}
Instance.state_code_text = property(lambda self: str(self._state.code))


# --- Names and dependencies


@replace(SecurityGroups, "delete_security_group")
def delete_security_group(original, self):
    backend, group_id, name = self.ec2_backend, self._get_param("GroupId"), self._get_param("GroupName")
    group = backend.get_security_group_from_id(group_id) if group_id else backend.get_security_group_by_name_or_id(name, None)
    if group is not None:
        if group.name == "default":
            raise Refusal("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
        others = [other for groups in backend.groups.values() for other in groups.values() if other.id != group.id]
        used = any(group.id in [one.id for one in nic.group_set] for nic in backend.enis.values())
        named = any(
            rule.source_group.get("GroupId") == group.id for other in others for rule in [*other.ingress_rules, *other.egress_rules]
        )
        if used or named:
            raise DependencyViolationError(f"resource {group.id} has a dependent object")
    return original(self)


@replace(EC2Backend, "delete_subnet")
def delete_subnet(original, self, subnet_id):
    if any(nic.subnet.id == subnet_id for nic in self.enis.values()):
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    for table in self.route_tables.values():
        for association in [key for key, target in table._associations.items() if target == subnet_id]:
            del table._associations[association]
    return original(self, subnet_id)


@replace(EC2Backend, "delete_vpc")
def delete_vpc(original, self, vpc_id):
    gateways = any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in self.internet_gateways.values())
    groups = any(group.name != "default" for group in self.groups.get(vpc_id, {}).values())
    tables = any(table.vpc_id == vpc_id and not table.main_association_id for table in self.route_tables.values())
    if gateways or groups or tables:
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return original(self, vpc_id)


@replace(EC2Backend, "detach_internet_gateway")
def detach_internet_gateway(original, self, internet_gateway_id, vpc_id):
    if any(nic.public_ip and nic.subnet.vpc_id == vpc_id for nic in self.enis.values()):
        raise DependencyViolationError(
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        )
    return original(self, internet_gateway_id, vpc_id)


@replace(EC2Backend, "terminate_instances")
def terminate_instances(original, self, instance_ids):
    # None of them goes where one of them must not.
    for instance in self.get_multi_instances_by_id(instance_ids):
        if instance.disable_api_termination in (True, "true"):
            raise Refusal(
                "OperationNotPermitted",
                f"The instance '{instance.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
            )
    return original(self, instance_ids)


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


InstanceResponse.create_placement_group = create_placement_group
InstanceResponse.describe_placement_groups = describe_placement_groups
InstanceResponse.delete_placement_group = delete_placement_group


# --- Key pairs: moto deletes by name only


@replace(KeyPairs, "delete_key_pair")
def delete_key_pair(original, self):
    wanted = self._get_param("KeyPairId")
    if wanted is None:
        return original(self)
    self.error_on_dryrun()
    found = next((pair for pair in self.ec2_backend.key_pairs.values() if pair.id == wanted), None)
    if found is None:
        raise Refusal("InvalidKeyPair.NotFound", f"The key pair ID '{wanted}' does not exist")
    self.ec2_backend.delete_key_pair(found.key_name)
    return ActionResult({"Return": True, "KeyPairId": wanted})


# --- Volumes: a change takes a moment, and another one has to wait for it

MODIFYING, OPTIMIZING = timedelta(seconds=0.3), timedelta(seconds=1)


def modification_state(self):
    age = utcnow() - self.start_time
    return "modifying" if age < MODIFYING else "optimizing" if age < OPTIMIZING else "completed"


VolumeModification.modification_state = property(modification_state)
VolumeModification.progress = property(lambda self: {"modifying": 0, "optimizing": 50, "completed": 100}[self.modification_state])


@replace(EC2Backend, "modify_volume")
def modify_volume(original, self, volume_id, target_size=None, *args, **options):
    volume = self.get_volume(volume_id)
    if volume.modifications and volume.modifications[-1].modification_state != "completed":
        raise Refusal(
            "IncorrectModificationState",
            f"Volume {volume_id} currently has a modification in progress. Wait for it to complete before another one.",
        )
    if target_size is not None and int(target_size) < volume.size:
        raise Refusal("InvalidParameterValue", f"New size cannot be smaller than existing size ({volume.size} GiB).")
    return original(self, volume_id, target_size, *args, **options)


@replace(ElasticBlockStore, "create_volume")
def create_volume(original, self):
    if self._get_param("VolumeType") == "gp3" and not self._get_param("Throughput"):
        self.params["Throughput"] = 125
    zone = self._get_param("AvailabilityZone")
    if zone not in [one.name for one in self.ec2_backend.describe_availability_zones()]:
        raise Refusal("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    return original(self)
