"""What goes wrong, as the test wishes: a list in ec2-faults.json, read anew at each call. What each kind does is said in faults.ts."""

import json
import threading
import time
from pathlib import Path

# These last until they are taken back, others hit once, unless `count` says otherwise.
LASTING = ("capacity", "expired", "skew", "stale", "throttle")

MISSING = {
    "i": ("InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"),
    "sg": ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    "vol": ("InvalidVolume.NotFound", "The volume '{}' does not exist."),
    "subnet": ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    "vpc": ("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    "igw": ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist"),
    "rtb": ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    "eni": ("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
}


class Faults:
    def __init__(self, folder):
        self.file = Path(folder) / "ec2-faults.json"
        self.text = ""
        self.list = []
        self.lock = threading.Lock()
        # Id -> how many calls more it is not seen by: those that name it, and lists.
        self.unseen = {}
        self.unlisted = {}
        # The same of instances that have no public address yet.
        self.addressless = {}
        # Of a question: its last answer, and the one before that was another.
        self.answers = {}

    def read(self):
        text = self.file.read_text() if self.file.exists() else "[]"
        if text != self.text:
            self.text = text
            self.list = [{**fault, "seen": 0, "tokens": fault.get("burst", 1), "at": time.monotonic()} for fault in json.loads(text)]

    def hits(self, action, only_tries=False):
        """
        Those that this call meets; each counts the calls of its own action. One that is only tried (DryRun) is met by those of all
        actions, and by those that say so.
        """
        with self.lock:
            self.read()
            return [fault for fault in self.list if fault["kind"] not in ("capacity", "launch") and self.may_meet(fault, only_tries) and self.hit(fault, action)]

    def may_meet(self, fault, only_tries):
        return not only_tries or fault.get("dryRun", fault.get("action", "*") == "*")

    def hit(self, fault, action):
        wanted = fault.get("action", "*")
        if wanted != "*" and action not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
        fault["seen"] += 1
        begin = fault.get("from", 1)
        end = begin + fault["count"] if "count" in fault else None if fault["kind"] in LASTING else begin + 1
        if fault["seen"] < begin or (end is not None and fault["seen"] >= end):
            return False
        return fault["kind"] != "throttle" or not self.lets_through(fault)

    def lets_through(self, fault):
        """A bucket of tokens, as EC2 counts."""
        now = time.monotonic()
        fault["tokens"] = min(fault.get("burst", 1), fault["tokens"] + (now - fault["at"]) * fault.get("perSecond", 0))
        fault["at"] = now
        if fault["tokens"] < 1:
            return False
        fault["tokens"] -= 1
        return True

    def capacity(self, zone, kind, wanted):
        """How many of so many can be launched there."""
        with self.lock:
            self.read()
            for fault in self.list:
                if fault["kind"] != "capacity" or zone != fault.get("zone", zone) or kind != fault.get("instanceType", kind):
                    continue
                if self.hit(fault, fault.get("action", "*") if isinstance(fault.get("action"), str) else "*"):
                    return min(wanted, fault.get("available", 0))
        return wanted

    def doom(self):
        """Of one instance that is launched: why it ends at once, if it does."""
        with self.lock:
            self.read()
            for fault in self.list:
                if fault["kind"] == "launch" and self.hit(fault, "*"):
                    code = fault.get("code", "Client.InternalError")
                    return {"code": code, "message": fault.get("message", f"{code}: Client error on launch")}
        return None

    def hide(self, ids, fault):
        for one in ids:
            if fault.get("only") != "lists":
                self.unseen[one] = fault["calls"]
            if fault.get("only") != "ids":
                self.unlisted[one] = fault["calls"]

    def missing(self, words):
        """The answer to a call that names ids, one of which is not seen yet."""
        for word in words:
            if self.unseen.get(word, 0) > 0:
                self.unseen[word] -= 1
                code, message = MISSING.get(word.split("-")[0], ("InvalidID", "The ID '{}' is not valid"))
                return code, message.format(word)
        return None

    def hidden(self):
        """Those that a list misses; it counts as one call for each of them."""
        return used_up(self.unlisted)

    def without_address(self):
        return used_up(self.addressless)

    def answer(self, question, body, stale):
        """Keeps what was said; where stale, every second answer is the one before the last change."""
        last, before, turn = self.answers.get(question, (None, None, 0))
        if body != last:
            last, before = body, last
        self.answers[question] = (last, before, turn + 1)
        return before if stale and before is not None and turn % 2 == 1 else body


def used_up(calls):
    found = {one for one, left in calls.items() if left > 0}
    for one in found:
        calls[one] -= 1
    return found
