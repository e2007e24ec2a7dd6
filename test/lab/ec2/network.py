"""The network of the lab's EC2: a router between instances, the operator and a stranger, with the security groups as packet filter."""

import ipaddress
import subprocess
from pathlib import Path

PUBLIC = "198.51.100.0/24"
OPERATOR = "203.0.113.1"
STRANGER = "192.0.2.10"


def tool(*command, text=None):
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}\n{text or ''}")


def setting(path, value):
    (Path("/proc/sys/net/ipv4") / path).write_text(f"{value}\n")


def set_up(outside):
    """
    Instances are ports of the bridge `ec2`, which lets nothing through by itself: whatever one asks after is answered by the router,
    so all packets pass its filter, those between neighbours of a subnet too.
    """
    # An address of its own: else it has the lowest of its ports', and with that port it goes, while instances still send to it.
    tool("ip", "link", "add", "ec2", "address", "02:00:00:00:00:02", "type", "bridge", "forward_delay", "0")
    # Else the kernel rewrites addresses on the bridge itself, and passes on there what is for a neighbour.
    if (filtered := Path("/proc/sys/net/bridge/bridge-nf-call-iptables")).exists():
        filtered.write_text("0\n")
    setting("conf/all/send_redirects", 0)
    setting("conf/ec2/send_redirects", 0)
    setting("conf/ec2/proxy_arp", 1)
    setting("conf/ec2/proxy_arp_pvlan", 1)
    setting("neigh/ec2/proxy_delay", 0)
    setting("ip_forward", 1)
    tool("nft", "-f", "-", text="table bridge ec2 { chain forward { type filter hook forward priority 0; policy drop; }; }")
    # The router's own on that bridge: whom it asks after, it asks with this.
    tool("ip", "address", "add", "169.254.77.1/32", "dev", "ec2")
    tool("ip", "link", "set", "ec2", "up")
    tool("ip", "address", "add", f"{OPERATOR}/24", "dev", "lo")
    tool("ip", "route", "add", PUBLIC, "dev", "ec2", "src", OPERATOR)
    tool("ip", "netns", "add", outside)
    tool("ip", "link", "add", "outside", "type", "veth", "peer", "name", "eth0", "netns", outside)
    tool("ip", "address", "add", "192.0.2.1/24", "dev", "outside")
    tool("ip", "link", "set", "outside", "up")
    for command in ("link set lo up", "link set eth0 up", f"address add {STRANGER}/24 dev eth0", "route add default via 192.0.2.1"):
        tool("ip", "-n", outside, *command.split())


def ports(rule):
    """The part of a rule that speaks of protocol and ports; None: of what the lab does not have."""
    protocol, first, last = rule.ip_protocol, rule.from_port, rule.to_port
    if protocol == "-1":
        return ""
    if protocol in ("tcp", "udp"):
        return f"{protocol} dport {first}-{last} " if (first, last) not in ((-1, -1), (0, 65535)) else f"ip protocol {protocol} "
    if protocol == "icmp":
        return "ip protocol icmp " if first in (None, -1) else f"icmp type {first} "
    return f"ip protocol {protocol} " if protocol.isdigit() else None


def members(instances, group):
    return [one.private for one in instances if group in [each.id for each in one.groups]]


class Place:
    """One instance, as far as packets are concerned: its addresses, groups, VPC, and whether its subnet has a way out."""

    def __init__(self, instance):
        nic = instance.nics[0]
        self.id = instance.id
        self.private = nic.private_ip_address
        self.public = nic.public_ip
        self.groups = list(nic.group_set)
        self.subnet = str(nic.subnet.cidr)
        self.vpc = [each["cidr_block"] for each in instance.ec2_backend.get_vpc(nic.subnet.vpc_id).get_cidr_block_association_set()]
        self.online = instance.ec2_backend.leads_out(nic.subnet)


def listed(addresses):
    return "{ " + ", ".join(addresses) + " }"


def chain(place, places):
    """The rules of its groups: `direct` for packets to its private address, `around` for those that an instance sends to its public one."""
    direct, around = [f"ip saddr @inside ip saddr != {listed(place.vpc)} drop"], []
    for rule in [rule for group in place.groups for rule in group.ingress_rules]:
        what = ports(rule)
        if what is None:
            continue
        if cidr := rule.ip_range.get("CidrIp"):
            direct.append(f"ip saddr {cidr} {what}accept")
            around.append((cidr, what))
        elif group := rule.source_group.get("GroupId"):
            if addresses := members(places, group):
                direct.append(f"ip saddr {listed(addresses)} {what}accept")
    return direct, around


def around_rules(rules, places):
    """Such a packet comes from the sender's public address, says EC2: groups do not hold for it."""
    lines = []
    for cidr, what in rules:
        network = ipaddress.ip_network(cidr, strict=False)
        senders = [one.private for one in places if one.public and ipaddress.ip_address(one.public) in network]
        if senders:
            lines.append(f"ip saddr {listed(senders)} {what}accept")
    return lines


def table(places):
    public = [one for one in places if one.public and one.online]
    chains, direct, around = [], [], []
    for one in places:
        name = one.id.replace("-", "_")
        rules, world = chain(one, places)
        chains.append(f"chain d_{name} {{\n" + "\n".join([*rules, "drop"]) + "\n}")
        chains.append(f"chain a_{name} {{\n" + "\n".join([*around_rules(world, places), "drop"]) + "\n}")
        direct.append(f"{one.private} : goto d_{name}")
        around.append(f"{one.private} : goto a_{name}")

    def elements(entries):
        return f"elements = {listed(entries)}" if entries else ""

    return f"""
add table inet ec2
delete table inet ec2
table inet ec2 {{
map public {{ type ipv4_addr : ipv4_addr; {elements([f"{one.public} : {one.private}" for one in public])} }}
map private {{ type ipv4_addr : ipv4_addr; {elements([f"{one.private} : {one.public}" for one in public])} }}
set inside {{ type ipv4_addr; {elements([one.private for one in places])} }}
set online {{ type ipv4_addr; {elements([one.private for one in public])} }}
{chr(10).join(chains)}
map direct {{ type ipv4_addr : verdict; {elements(direct)} }}
map around {{ type ipv4_addr : verdict; {elements(around)} }}
chain guard {{
  ct state established,related accept
  ct original ip daddr {PUBLIC} ip saddr @inside ip daddr vmap @around
  ip daddr vmap @direct
  drop
}}
# Nobody outside reaches a private address, and an instance without a public one reaches nobody outside.
chain crossing {{
  type filter hook forward priority 0
  ct state established,related accept
  iifname "outside" oifname "ec2" ct original ip daddr != {PUBLIC} drop
  iifname "ec2" oifname != "ec2" ip saddr != @online drop
  oifname "ec2" goto guard
}}
chain sending {{
  type filter hook output priority 0
  ct state established,related accept
  oifname "ec2" ct original ip daddr != {PUBLIC} drop
  oifname "ec2" goto guard
}}
chain arriving {{ type nat hook prerouting priority -100; dnat ip to ip daddr map @public; }}
chain asking {{ type nat hook output priority -100; dnat ip to ip daddr map @public; }}
chain leaving {{
  type nat hook postrouting priority 100
  oifname != "ec2" snat ip to ip saddr map @private
  ct original ip daddr {PUBLIC} snat ip to ip saddr map @private
}}
chain visiting {{ type nat hook input priority 100; ip daddr 203.0.113.0/24 snat ip to ip saddr map @private; }}
}}
"""


class Network:
    def __init__(self):
        self.known = None
        self.routes = set()

    def follow(self, instances):
        """Makes packets go as the instances and their groups say now; at once, so an answer of the API is true when it comes."""
        places = [Place(one) for one in instances]
        for one in places:
            if one.subnet not in self.routes:
                tool("ip", "route", "replace", one.subnet, "dev", "ec2")
                self.routes.add(one.subnet)
        text = table(places)
        if text != self.known:
            tool("nft", "-f", "-", text=text)
            self.known = text
