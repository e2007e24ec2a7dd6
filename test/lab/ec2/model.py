"""
Our model of EC2, where moto has none; of what depends on what, and much else. Launches are in launch.py, security groups in groups.py,
states on the way in lifecycle.py.
It is taken from EC2's documentation, and no proof of what EC2 does. What moto has (wire format, ids, filters, stored state) stays moto's.
"""

import ipaddress
from datetime import timedelta

import moto.ec2.models.elastic_network_interfaces as interfaces
import moto.ec2.models.iam_instance_profile as profiles_of_instances
import moto.ec2.responses.instances as profiles_of_launches
import moto.ec2.utils as utils
from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import VolumeModification
from moto.ec2.models.instances import Instance
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.key_pairs import KeyPairs
from moto.iam.models import iam_backends

from patching import Refusal, replace


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


# --- Changes of an instance


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
# moto knows it, and does not tell it.
Instance.instance_lifecycle = property(lambda self: self.lifecycle)
Instance.state_code_text = property(lambda self: str(self._state.code))


# --- Key pairs, also by their id


@replace(KeyPairs, "delete_key_pair")
def delete_key_pair(original, self):
    if (wanted := self._get_param("KeyPairId")) is not None:
        names = [name for name, pair in self.ec2_backend.key_pairs.items() if pair.id == wanted]
        if not names:
            raise Refusal("InvalidKeyPair.NotFound", f"The key pair ID '{wanted}' does not exist")
        self.params["KeyName"] = names[0]
    return original(self)


@replace(KeyPairs, "describe_key_pairs")
def describe_key_pairs(original, self):
    pairs = self.ec2_backend.key_pairs
    for wanted in self._get_param("KeyPairIds", []):
        if wanted not in [pair.id for pair in pairs.values()]:
            raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{wanted}' does not exist")
    for wanted in self._get_param("KeyNames", []):
        if wanted not in pairs:
            raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{wanted}' does not exist")
    return original(self)


# --- Tags: of what there is, and no longer


@replace(EC2Backend, "do_resources_exist")
def do_resources_exist(original, self, resource_ids):
    for one in resource_ids:
        if one.startswith("i-"):
            self.get_instance(one)
    return original(self, resource_ids)


def forget_tags(backend):
    groups = [group for groups in backend.groups.values() for group in groups]
    subnets = [subnet for subnets in backend.subnets.values() for subnet in subnets]
    pairs = [pair.id for pair in backend.key_pairs.values()]
    known = {*backend.volumes, *backend.enis, *groups, *subnets, *backend.vpcs, *backend.internet_gateways, *backend.route_tables, *pairs}
    for one in [one for one in backend.tags if one.split("-")[0] in ("vol", "eni", "sg", "subnet", "vpc", "igw", "rtb", "key")]:
        if one not in known:
            del backend.tags[one]


# --- Dependencies


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


@replace(InstanceResponse, "terminate_instances")
def terminate(original, self):
    # Without the system's own shutdown, where that is asked for.
    for instance in self.ec2_backend.all_instances():
        if instance.id in self._get_param("InstanceIds", []):
            instance.lab_plug = self._get_param("SkipOsShutdown") in (True, "true")
    return original(self)


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
