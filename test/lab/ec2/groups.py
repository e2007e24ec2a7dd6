"""Security groups, in our model of EC2 (model.py): what moto gets wrong of their rules, and who still needs one."""

from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from patching import Refusal, replace


def substance(rule):
    """What makes two rules the same: a description does not."""
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


SecurityGroupRule.__eq__ = lambda self, other: substance(self) == substance(other)
SecurityGroupRule.description = property(lambda self: self.ip_range.get("Description") or self.source_group.get("Description"))


def all_or_nothing(action, rules):
    """moto has carried out a part of a call that it refuses, and tells of the last of several permissions only."""

    @replace(SecurityGroups, action)
    def carry_out(original, self):
        group = self.ec2_backend.get_security_group_by_name_or_id(self._get_param("GroupId") or self._get_param("GroupName"))
        before = list(getattr(group, rules, []))
        try:
            result = original(self)
        except Exception:
            if group is not None:
                setattr(group, rules, before)
            raise
        if not action.startswith("authorize"):
            return result
        known = {rule.id for rule in before}
        return ActionResult({"Return": True, "SecurityGroupRules": [rule for rule in getattr(group, rules) if rule.id not in known]})


for direction in ("ingress", "egress"):
    for verb in ("authorize", "revoke"):
        all_or_nothing(f"{verb}_security_group_{direction}", f"{direction}_rules")


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
