"""Resources as JSON, field for field as Twilio writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..formats import rfc2822

if TYPE_CHECKING:
    from ..addresses import Address, CallerId
    from ..call import Call
    from ..conference import Conference, Participant
    from ..keys import ApiKey
    from ..messages import Message
    from ..numbers import Application, Number, Wiring
    from ..queue import Member, Queue
    from ..recordings import Recording
    from ..world import World

Json = dict[str, Any]
VERSION = "2010-04-01"
_CALL_PARTS = [
    "notifications",
    "recordings",
    "payments",
    "events",
    "siprec",
    "streams",
    "transcriptions",
]


def _date(moment: float | None) -> str | None:
    return None if moment is None else rfc2822(moment)


def _account_uri(world: World, rest: str) -> str:
    return f"/{VERSION}/Accounts/{world.account_sid}/{rest}"


def _base(world: World, created: float, updated: float, rest: str) -> Json:
    return {
        "account_sid": world.account_sid,
        "date_created": _date(created),
        "date_updated": _date(updated),
        "uri": _account_uri(world, rest),
    }


def status_of(call: Call) -> str:
    """REST has no word for a call that is set up but does not ring yet."""
    return "queued" if call.status == "initiated" else call.status


def represent_call(world: World, call: Call) -> Json:
    path = f"Calls/{call.sid}"
    parts = {p: _account_uri(world, f"{path}/{p.capitalize()}.json") for p in _CALL_PARTS}
    return _base(world, call.created, call.updated, f"{path}.json") | {
        "sid": call.sid,
        "answered_by": call.detected_by or None,
        "api_version": VERSION,
        "caller_name": None,
        "direction": call.direction,
        "duration": str(call.duration) if call.over else None,
        "end_time": _date(call.ended),
        "forwarded_from": None,
        "from": call.from_,
        "from_formatted": call.from_,
        "group_sid": None,
        "parent_call_sid": call.parent.sid if call.parent else None,
        "phone_number_sid": call.phone_number_sid,
        "price": None,
        "price_unit": "USD",
        "queue_time": str(call.queue_time_ms),
        "start_time": _date(call.started if call.started is not None else call.ended),
        "status": status_of(call),
        "subresource_uris": parts,
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": None,
    }


def represent_conference(world: World, conference: Conference) -> Json:
    path = f"Conferences/{conference.sid}"
    body = _base(world, conference.created, conference.updated, f"{path}.json") | {
        "sid": conference.sid,
        "api_version": VERSION,
        "friendly_name": conference.name,
        "region": "us1",
        "status": conference.status,
        "call_sid_ending_conference": conference.ended_by,
        "subresource_uris": {
            "participants": _account_uri(world, f"{path}/Participants.json"),
            "recordings": _account_uri(world, f"{path}/Recordings.json"),
        },
    }
    # Twilio's description does not allow null here, so the field is absent until there is a reason.
    if conference.reason_ended is not None:
        body["reason_conference_ended"] = conference.reason_ended
    return body


def represent_participant(world: World, participant: Participant) -> Json:
    conference = participant.conference
    path = f"Conferences/{conference.sid}/Participants/{participant.call.sid}.json"
    coached = participant.coaches.sid if participant.coaches and participant.coaching else None
    return _base(world, participant.created, participant.updated, path) | {
        "call_sid": participant.call.sid,
        "call_sid_to_coach": coached,
        "coaching": participant.coaching,
        "conference_sid": conference.sid,
        "end_conference_on_exit": participant.end_on_exit,
        "hold": participant.hold,
        "label": participant.label or None,
        "muted": participant.muted,
        "queue_time": str(participant.call.queue_time_ms),
        "start_conference_on_enter": participant.start_on_enter,
        "status": participant.status,
    }


def represent_queue(world: World, queue: Queue) -> Json:
    path = f"Queues/{queue.sid}"
    return _base(world, queue.created, queue.updated, f"{path}.json") | {
        "sid": queue.sid,
        "friendly_name": queue.name,
        "current_size": len(queue.members),
        "max_size": queue.max_size,
        "average_wait_time": queue.average_wait,
        "subresource_uris": {"members": _account_uri(world, f"{path}/Members.json")},
    }


def represent_member(world: World, member: Member) -> Json:
    return {
        "call_sid": member.call.sid,
        "queue_sid": member.queue.sid,
        "date_enqueued": _date(member.since),
        "position": member.position,
        "wait_time": member.waited,
        "uri": _account_uri(world, f"Queues/{member.queue.sid}/Members/{member.call.sid}.json"),
    }


def _represent_wiring(wiring: Wiring, unset: str | None) -> Json:
    """What a number and an application show alike, but for an address that is not set."""
    return {
        "sid": wiring.sid,
        "api_version": VERSION,
        "friendly_name": wiring.friendly_name,
        "sms_fallback_method": wiring.sms_fallback_method,
        "sms_fallback_url": wiring.sms_fallback_url or unset,
        "sms_method": wiring.sms_method,
        "sms_url": wiring.sms_url or unset,
        "status_callback": wiring.status_callback or unset,
        "status_callback_method": wiring.status_callback_method,
        "voice_caller_id_lookup": wiring.voice_caller_id_lookup,
        "voice_fallback_method": wiring.voice_fallback_method,
        "voice_fallback_url": wiring.voice_fallback_url or unset,
        "voice_method": wiring.voice_method,
        "voice_url": wiring.voice_url or unset,
    }


def represent_number(world: World, number: Number) -> Json:
    path = f"IncomingPhoneNumbers/{number.sid}.json"
    base = _base(world, number.created, number.updated, path)
    return (
        base
        | _represent_wiring(number, "")
        | {
            "address_requirements": "none",
            "address_sid": number.address_sid or None,
            "beta": False,
            "bundle_sid": number.bundle_sid or None,
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "emergency_address_sid": number.emergency_address_sid or None,
            "emergency_address_status": (
                "registered" if number.emergency_address_sid else "unregistered"
            ),
            "emergency_status": number.emergency_status,
            "identity_sid": number.identity_sid or None,
            "origin": "twilio",
            "phone_number": number.number,
            "sms_application_sid": number.sms_application_sid or None,
            "status": "in-use",
            "subresource_uris": {},
            "trunk_sid": None,
            "type": "local",
            "voice_application_sid": number.voice_application_sid or None,
            "voice_receive_mode": "voice",
        }
    )


def represent_application(world: World, application: Application) -> Json:
    path = f"Applications/{application.sid}.json"
    base = _base(world, application.created, application.updated, path)
    return (
        base
        | _represent_wiring(application, None)
        | {
            "message_status_callback": application.message_status_callback or None,
            "public_application_connect_enabled": application.public_application_connect_enabled,
            "sms_status_callback": application.sms_status_callback or None,
        }
    )


def represent_message(world: World, message: Message) -> Json:
    path = f"Messages/{message.sid}"
    return _base(world, message.created, message.updated, f"{path}.json") | {
        "sid": message.sid,
        "api_version": VERSION,
        "body": message.body,
        "date_sent": _date(message.sent),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "from": message.from_,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": str(message.media),
        "num_segments": message.segments,
        "price": None,
        "price_unit": "USD",
        "status": message.status,
        "subresource_uris": {"media": _account_uri(world, f"{path}/Media.json")},
        "to": message.to,
    }


def represent_recording(world: World, recording: Recording) -> Json:
    path = f"{recording.resource}.json"
    return _base(world, recording.created, recording.updated, path) | {
        "sid": recording.sid,
        "api_version": VERSION,
        "call_sid": recording.call_sid or None,
        "channels": recording.terms.channels,
        "conference_sid": recording.conference_sid,
        "duration": None if recording.ended is None else str(recording.duration),
        "encryption_details": None,
        "error_code": None,
        "media_url": recording.media_url(world),
        "price": None,
        "price_unit": "USD",
        "source": recording.source,
        "start_time": _date(recording.began),
        "status": recording.status,
        "subresource_uris": {},
    }


def represent_key(key: ApiKey) -> Json:
    return {
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": _date(key.created),
        "date_updated": _date(key.updated),
    }


def represent_address(world: World, address: Address) -> Json:
    path = f"Addresses/{address.sid}.json"
    return _base(world, address.created, address.updated, path) | {
        "sid": address.sid,
        "city": address.city,
        "customer_name": address.customer_name,
        "emergency_enabled": address.emergency_enabled,
        "friendly_name": address.friendly_name,
        "iso_country": address.iso_country,
        "postal_code": address.postal_code,
        "region": address.region,
        "street": address.street,
        "street_secondary": address.street_secondary or None,
        "validated": False,
        "verified": False,
    }


def represent_caller_id(world: World, caller_id: CallerId) -> Json:
    path = f"OutgoingCallerIds/{caller_id.sid}.json"
    return _base(world, caller_id.created, caller_id.updated, path) | {
        "sid": caller_id.sid,
        "friendly_name": caller_id.friendly_name,
        "phone_number": caller_id.number,
    }
