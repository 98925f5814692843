"""Softphones: `client:` parties whose phone is a browser page, connected by a WebSocket.

A page's Device may lose its socket and come back within a grace without losing its calls. Several
Devices of one identity ring together, and the first to accept has the call.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .access_token import VoiceGrant, read_token
from .call import Call
from .feed import Entry
from .formats import split_client
from .party import Party, Person, Profile
from .softphone import BAD_REQUEST, UNKNOWN, Device, Frame, FrameError, Line

if TYPE_CHECKING:
    from .world import World

_LINES = 10  # A Device decides itself whether it takes a second call.


class Softphones:
    """All Devices of the network, and which of them has which call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.devices: dict[str, Device] = {}
        self.owners: dict[str, Device] = {}
        self.offered: dict[str, set[Device]] = {}
        self.refused_until: dict[str, float] = {}
        self._dialling: tuple[Device, str] | None = None

    def grant(self, token: str) -> VoiceGrant:
        return read_token(token, self.world.account_sid, self.world.api_keys, time.time())

    def welcome(self, hello: Frame, line: Line) -> Device:
        """A page has come: a new Device, or the one it was before it lost its connection."""
        if hello.get("type") != "hello":
            raise FrameError(BAD_REQUEST, "the first frame must be hello, with a token")
        grant = self.grant(str(hello.get("token")))
        if self.refused_until.get(grant.identity, 0) > time.monotonic():
            raise FrameError(UNKNOWN, "the connection is refused, as /control/softphones/drop asks")
        device = self.devices.get(str(hello.get("session")))
        if device is None or device.grant.identity != grant.identity:
            device = Device(self, grant)
            self.devices[device.session] = device
        device.connected(grant, line)
        return device

    def party(self, identity: str) -> Party:
        """Whom the Device belongs to: a party of this network like any other."""
        address = f"client:{identity}"
        party = self.world.parties.get(address)
        if party is None:
            party = Party(self.world, address, Profile(identity, [Person(identity)], lines=_LINES))
            party.reachable = False
            party.is_softphone = True
            self.world.parties[address] = party
        if self.on_entry not in party.watchers:
            party.watchers.append(self.on_entry)
        return party

    def of(self, identity: str) -> list[Device]:
        return [d for d in self.devices.values() if d.grant.identity == identity]

    def registration_changed(self, identity: str) -> None:
        """A client is found while one of its Devices is registered (scripted ones always are)."""
        party = self.party(identity)
        if party.is_softphone:
            party.reachable = any(device.registered for device in self.of(identity))
        self.world.events.add("softphone", party=party.number, reachable=party.reachable)

    def dial(self, device: Device, reference: str, to: str, params: dict[str, str]) -> None:
        self._dialling = (device, reference)
        try:
            party = self.party(device.grant.identity)
            party.dial(to, device.grant.application_sid, params)
        finally:
            self._dialling = None

    def offer(self, device: Device, call: Call) -> None:
        self.offered.setdefault(call.sid, set()).add(device)
        device.send(
            "incoming",
            call=call.sid,
            parameters={
                "CallSid": call.sid,
                "AccountSid": self.world.account_sid,
                "From": call.from_,
                "To": call.to,
            },
            custom=call.client_parameters,
        )

    def offer_ringing(self, device: Device) -> None:
        """To a Device that has just registered: what rings already."""
        for call in self.party(device.grant.identity).calls:
            unanswered = call.direction != "inbound" and not call.live
            if unanswered and device not in self.offered.get(call.sid, ()):
                self.offer(device, call)

    def on_entry(self, entry: Entry, call: Call | None) -> None:
        """Something was written into the transcript of a softphone's party."""
        if call is None:
            return
        kind = entry["kind"]
        if kind == "dialled" and self._dialling is not None:
            device, reference = self._dialling
            self.owners[call.sid] = device
            device.references[reference] = call.sid
            device.send("dialled", id=reference, call=call.sid)
        elif kind == "ringing":
            for device in self.of(split_client(call.to)[0].removeprefix("client:")):
                if device.registered:
                    self.offer(device, call)
        elif kind in ("answered", "hangup"):
            self._withdraw(call)
        if call.sid in self.owners:
            self._tell_owner(entry, call)

    def _tell_owner(self, entry: Entry, call: Call) -> None:
        owner, kind = self.owners[call.sid], entry["kind"]
        if kind == "hangup":
            del self.owners[call.sid]
            owner.send("ended", call=call.sid, status=entry["status"])
        elif kind == "answered":
            owner.send("open", call=call.sid)
        else:
            if kind == "ringback":
                owner.send("ringing", call=call.sid)
            owner.send("hears", call=call.sid, entry=entry)

    def _withdraw(self, call: Call) -> None:
        """Somebody took the call, or it is over: it stops ringing everywhere else."""
        for device in self.offered.pop(call.sid, set()):
            if self.owners.get(call.sid) is not device:
                device.send("cancel", call=call.sid)

    def drop(self, identity: str, refuse_seconds: float) -> int:
        """Abort the sockets of an identity, and refuse new ones for a while of wall time."""
        self.refused_until[identity] = time.monotonic() + refuse_seconds
        dropped = [device for device in self.of(identity) if device.is_connected]
        for device in dropped:
            device.abort()
        return len(dropped)

    def forget(self, device: Device) -> None:
        if self.devices.pop(device.session, None) is None:
            return
        device.close()
        device.line = None
        for sid, owner in list(self.owners.items()):
            if owner is device:
                self.world.calls[sid].hang_up()
        for devices in self.offered.values():
            devices.discard(device)
        if device.registered:
            device.registered = False
            self.registration_changed(device.grant.identity)

    def reset(self) -> None:
        """The network forgets everything: every page has to come anew."""
        for device in list(self.devices.values()):
            device.close()
            device.abort()
            device.line = None
        self.devices.clear()
        self.owners.clear()
        self.offered.clear()
        self.refused_until.clear()

    def describe(self) -> list[dict[str, Any]]:
        return [device.describe() for device in self.devices.values()]
