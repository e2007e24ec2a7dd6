"""
The lab's EC2: moto in this process, our model of what it lacks (model.py, lifecycle.py), and hosts of the lab behind its instances.
Every call is written to ec2-calls.jsonl, and meets the faults that a test asked for (faults.py). Usage: server.py CONFIG
"""

import io
import json
import os
import re
import socket
import sys
import threading
import time
import traceback
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
sys.path.insert(0, str(Path(__file__).parent))

import images

images.install()

# This one changes moto by being there, and so does model.
import groups
import model
import network
from faults import Faults
from lifecycle import Lifecycle, all_instances, on_network
from machines import Machines
from launch import Launches
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from patching import replace
from volumes import Volumes
from werkzeug.serving import make_server

config = json.loads(Path(sys.argv[1]).read_text())
folder = Path(config["folder"])

# moto is not made for several callers at once: one call after the other, and whatever changes its state in between.
lock = threading.RLock()
faults = Faults(folder)
machines = Machines(config)
volumes = Volumes(config, machines)


net = None if config["simulated"] else network.Network()


def described(one):
    return {
        "id": one.id,
        "state": one._state.name,
        "name": one.ec2_backend.tags.get(one.id, {}).get("Name", ""),
        "region": one.region_name,
        "privateAddress": one.private_ip_address,
        "publicAddress": one.public_ip_address,
    }


def changed():
    """After each change, before anybody is told: packets go as the groups say, and ec2-instances.json says what there is."""
    if net is not None:
        net.follow(on_network())
    for backend in [backend for regions in ec2_backends.values() for backend in regions.values()]:
        model.forget_tags(backend)
    file = folder / "ec2-instances.json"
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps([described(one) for one in all_instances()]))
    draft.rename(file)


lifecycle = Lifecycle(lock, machines, volumes, changed, config["simulated"])
lifecycle.doomed = faults.doom
Launches(lifecycle.launched, faults.capacity)
moto = DomainDispatcherApplication(create_backend_app)


class Gone(Exception):
    """The caller is to find the connection closed."""


class Held(Gone):
    """It has waited in vain, and is in the log already."""


def unseen_by(name, ids):
    """A list that misses what is not seen yet, unless the call names it."""

    @replace(EC2Backend, name)
    def describe(original, self, *args, **options):
        hidden = faults.hidden() if not faults.asked else set()
        return [found for one in original(self, *args, **options) if (found := ids(one, hidden)) is not None]


def without(reservation, hidden):
    if hidden:
        reservation.instances = [instance for instance in reservation.instances if instance.id not in hidden]
    return reservation if reservation.instances else None


faults.asked = False
faults.bare = set()
for address in ("public_ip_address", "public_ip", "public_dns_name"):

    def bare(original):
        return property(lambda self: None if self.id in faults.bare else original.fget(self))

    setattr(Instance, address, bare(getattr(Instance, address)))
unseen_by("describe_instances", without)
for listing in ("describe_security_groups", "describe_volumes", "describe_subnets", "describe_vpcs"):
    unseen_by(listing, lambda one, hidden: None if one.id in hidden else one)


def error(status, code, message):
    text = f"<Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
    return status, "text/xml;charset=UTF-8", f"<Response>{text}<RequestID>00000000-0000-4000-8000-000000000000</RequestID></Response>".encode()


# All refusals of moto's are 400.
STATUSES = {"DryRunOperation": 412, "InsufficientInstanceCapacity": 500}


def ask_moto(environ):
    head = []
    try:
        body = b"".join(moto(environ, lambda status, headers, _=None: head.append((status, dict(headers)))))
    except NotImplementedError as gap:
        return error(400, "InvalidAction", f"The lab's EC2 has not got this: {gap}")
    except Exception as broken:
        traceback.print_exc()
        return error(400, "InvalidParameterValue", f"The lab's EC2 fails at this: {broken!r}")
    status, headers = head[0]
    return STATUSES.get(code_of(body), int(status.split()[0])), headers.get("Content-Type", "text/xml"), body


# Of other actions than RunInstances (model.py): EC2 answers the same token with the same.
tokens = {}


def once(action, region, params, environ):
    # moto does some of them in earnest.
    if params.get("DryRun") == "true" and action != "RunInstances":
        return error(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    token = params.get("ClientToken")
    if not token or action == "RunInstances" or params.get("DryRun") == "true":
        return ask_moto(environ)
    key = (action, region, token)
    wishes, known = tokens.get(key, (params, None))
    if wishes != params:
        return error(400, "IdempotentParameterMismatch", "The client token is associated with another request with different parameters.")
    reply = known or ask_moto(environ)
    if reply[0] == 200:
        tokens[key] = (params, reply)
    return reply


NEW = re.compile(rb"<(?:instanceId|groupId|volumeId|subnetId|vpcId|internetGatewayId|routeTableId)>([a-z]+-[0-9a-f]{17})<")


def refused(hits, environ):
    """The answer of a fault to a call that is not to happen."""
    for fault in hits:
        match fault["kind"]:
            case "error":
                return error(fault.get("status", 400), fault["code"], fault.get("message", "as the test wished"))
            case "throttle":
                return error(503, "RequestLimitExceeded", "Request limit exceeded.")
            case "expired":
                return error(400, fault.get("code", "RequestExpired"), fault.get("message", "Request has expired."))
            case "skew":
                asked = datetime.strptime(environ.get("HTTP_X_AMZ_DATE", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
                if abs(time.time() + fault["seconds"] - asked.timestamp()) > 900:
                    return error(400, "RequestExpired", "Request has expired.")
            case "reset":
                raise Gone
    return None


def aftermath(hits, ids):
    """What faults make of what a call has made, or started."""
    for fault in hits:
        if fault["kind"] == "unseen":
            faults.hide(ids, fault)
        if fault["kind"] == "addressless":
            faults.addressless |= {one: fault["calls"] for one in ids if one.startswith("i-")}


def carry_out(action, region, params, environ, note):
    """The call itself, with the faults that it meets."""
    hits = faults.hits(action, params.get("DryRun") == "true")
    environ["lab.skew"] = sum(fault["seconds"] for fault in hits if fault["kind"] == "skew")
    for fault in hits:
        time.sleep(fault["seconds"] if fault["kind"] == "slow" else 0)
    held = [fault for fault in hits if fault["kind"] == "hold"]
    if any(not fault.get("applied", True) for fault in held):
        hold(note)
    if (refusal := refused(hits, environ)) is not None:
        return refusal
    kinds = {fault["kind"] for fault in hits}
    reading = action.startswith("Describe")
    with lock:
        # A filter that finds nothing is no error.
        words = [value for key, value in params.items() if not key.startswith("Filter.")]
        named = any(value in faults.unseen or value in faults.unlisted for value in words)
        if missing := faults.missing(words):
            return error(400, *missing)
        faults.asked = named or not reading
        faults.bare = faults.without_address() if action == "DescribeInstances" else set()
        reply = once(action, region, params, environ)
        faults.bare = set()
        if not reading:
            changed()
        if reply[0] == 200:
            ids = {one.decode() for one in NEW.findall(reply[2])}
            if action == "RunInstances":
                # Its answer names the network as well, which was there before.
                ids = {one for one in ids if one.startswith(("i-", "vol-"))}
            aftermath(hits, ids if action == "StartInstances" else ids - set(params.values()))
    if reading and reply[0] == 200:
        question = (action, region, tuple(sorted(params.items())))
        reply = (reply[0], reply[1], faults.answer(question, reply[2], "stale" in kinds))
    if held:
        hold(note)
    if "lost" in kinds:
        raise Gone
    return reply


def hold(note):
    before = faults.text
    note(0, None)
    end = time.monotonic() + 600
    while time.monotonic() < end and before == (faults.file.read_text() if faults.file.exists() else "[]"):
        time.sleep(0.05)
    raise Held


def code_of(body):
    found = re.search(rb"<Code>([^<]+)</Code>", body)
    return found.group(1).decode() if found else None


log_lock = threading.Lock()


def write(entry):
    with log_lock, open(folder / "ec2-calls.jsonl", "a") as file:
        file.write(json.dumps(entry) + "\n")


def api(environ, body):
    params = dict(parse_qsl(body.decode("latin1"), keep_blank_values=True))
    action = params.pop("Action", "")
    params.pop("Version", None)
    scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    region = scope.group(1) if scope else ""
    begin, at = time.monotonic(), time.time()
    entry = {"action": action, "at": at * 1000, "region": region, "params": params, "agent": environ.get("HTTP_USER_AGENT", "")}

    def note(status, code):
        write({**entry, "status": status, "code": code, "took": (time.monotonic() - begin) * 1000})

    try:
        reply = carry_out(action, region, params, environ, note)
    except Held:
        raise
    except Gone:
        note(0, None)
        raise
    note(reply[0], code_of(reply[2]) if reply[0] != 200 else None)
    return reply


def control(path, body):
    """What tests ask for beside the API."""
    if path == "/lab/faults":
        faults.file.write_bytes(body)
        return {}
    if path == "/lab/power-on":
        wanted = json.loads(body)["id"]
        instance = next(one for one in all_instances() if one.id == wanted)
        with instance.turn:
            lifecycle.power_on(instance)
        return {}
    return None


def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    if environ["PATH_INFO"].startswith("/lab/"):
        answer = control(environ["PATH_INFO"], body)
        reply = (404 if answer is None else 200, "application/json", json.dumps(answer).encode())
    else:
        try:
            reply = api(environ, body)
        except Gone:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError from None
    status, kind, text = reply
    date = formatdate(time.time() + environ.get("lab.skew", 0), usegmt=True)
    start_response(f"{status} lab", [("Content-Type", kind), ("Content-Length", str(len(text))), ("Date", date)])
    return [text]


class Handler(MotoRequestHandler):
    def send_response(self, code, message=None):
        """Without a date of its own: the reply has one."""
        self.send_response_only(code, message)

    def log(self, *args):
        """ec2-calls.jsonl says more."""


if not config["simulated"]:
    network.set_up(config["outside"])
server = make_server("10.77.0.1", config["port"], application, threaded=True, request_handler=Handler)
changed()
print("serves", flush=True)
server.serve_forever()
