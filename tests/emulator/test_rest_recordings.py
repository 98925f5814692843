"""Recordings by REST: of calls and conferences, their callbacks, a sound of the right length."""

from __future__ import annotations

import io
import wave

import pytest
import requests
from twilio.rest.api.v2010.account.call import CallInstance

from tests.emulator.conftest import ACCOUNT, LINE, TOKEN, Stage
from tests.emulator.test_rest import refused

ANA = "+15125550102"
EVENTS = ["in-progress", "completed", "absent"]


def recorded(stage: Stage, **options: object) -> CallInstance:
    """A call to Ana that is recorded from its answer on."""
    stage.line()
    stage.net.phone(ANA, "Ana", on_ring="answer")
    twiml = "<Response><Pause length='60'/></Response>"
    call = stage.client.calls.create(
        to=ANA,
        from_=LINE,
        twiml=twiml,
        record=True,
        recording_status_callback=stage.app.url("/recording"),
        recording_status_callback_event=EVENTS,
        **options,
    )
    stage.net.advance(0)
    return call


def sound(stage: Stage, sid: str, ending: str = "") -> requests.Response:
    url = f"{stage.world.base_url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}{ending}"
    return requests.get(url, auth=(ACCOUNT, TOKEN), timeout=10)


def test_a_call_placed_with_record_is_recorded_to_its_end(stage: Stage) -> None:
    call = recorded(stage, recording_channels="dual", recording_track="inbound")
    stage.net.advance(90)
    recording = call.recordings.list()[0]
    assert (recording.status, recording.duration) == ("completed", "60")
    assert (recording.channels, recording.source) == (2, "OutboundAPI")
    begun, ended = stage.app.to("/recording")
    assert (begun["RecordingStatus"], ended["RecordingStatus"]) == ("in-progress", "completed")
    assert "RecordingDuration" not in begun
    assert ended["RecordingDuration"] == "60"
    assert (ended["RecordingTrack"], ended["RecordingChannels"]) == ("inbound", "2")
    assert ended["RecordingUrl"].endswith(recording.sid)
    assert ended["CallSid"] == call.sid


@pytest.mark.parametrize(("ending", "channels"), [("", 2), (".wav", 2)])
def test_the_sound_is_a_wav_file_of_the_right_length(
    stage: Stage, ending: str, channels: int
) -> None:
    call = recorded(stage, recording_channels="dual")
    stage.net.advance(90)
    answer = sound(stage, call.recordings.list()[0].sid, ending)
    assert answer.headers["Content-Type"] == "audio/x-wav"
    with wave.open(io.BytesIO(answer.content)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (channels, 2, 8_000)
        assert wav.getnframes() == 60 * 8_000


def test_no_mp3_is_made_and_it_says_so(stage: Stage) -> None:
    call = recorded(stage)
    stage.net.advance(90)
    answer = sound(stage, call.recordings.list()[0].sid, ".mp3")
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert "WAV" in answer.json()["message"]


def test_there_is_no_sound_while_it_is_recorded(stage: Stage) -> None:
    call = recorded(stage)
    recording = call.recordings.list()[0]
    assert (recording.status, recording.duration) == ("in-progress", None)
    assert sound(stage, recording.sid).status_code == 404
    assert refused(stage.client.recordings(recording.sid).delete) == (409, 20009)


@pytest.mark.parametrize(("behaviour", "seconds"), [("skip", "5"), ("silence", "8")])
def test_a_pause_is_left_out_or_silent(stage: Stage, behaviour: str, seconds: str) -> None:
    call = recorded(stage)
    current = stage.client.calls(call.sid).recordings("Twilio.CURRENT")
    stage.net.advance(4)
    assert current.update(status="paused", pause_behavior=behaviour).status == "paused"
    stage.net.advance(3)
    current.update(status="in-progress")
    stage.net.advance(1)
    current.update(status="stopped")
    assert call.recordings.list()[0].duration == seconds
    assert refused(current.update, status="stopped") == (404, 20404)


def test_a_recording_that_is_over_cannot_be_resumed(stage: Stage) -> None:
    call = recorded(stage)
    stage.net.advance(90)
    sid = call.recordings.list()[0].sid
    recording = stage.client.calls(call.sid).recordings(sid)
    assert refused(recording.update, status="in-progress") == (400, 21220)
    assert refused(call.recordings.create) == (400, 21220)


def test_what_lasted_no_time_is_absent(stage: Stage) -> None:
    call = recorded(stage)
    call.update(status="completed")
    stage.net.advance(1)
    assert call.recordings.list()[0].status == "absent"
    assert [p["RecordingStatus"] for p in stage.app.to("/recording")] == ["in-progress", "absent"]


def test_a_deleted_recording_is_listed_when_asked_for(stage: Stage) -> None:
    call = recorded(stage)
    stage.net.advance(90)
    recordings, sid = stage.client.recordings, call.recordings.list()[0].sid
    recordings(sid).delete()
    assert recordings.list() == []
    assert sound(stage, sid).status_code == 404
    kept = recordings.list(include_soft_deleted=True)
    assert [(r.sid, r.status) for r in kept] == [(sid, "deleted")]


def test_a_conference_is_recorded_from_its_start_to_its_end(stage: Stage) -> None:
    stage.line("<Dial><Conference>room</Conference></Dial>")
    stage.caller()
    stage.net.phone(ANA, "Ana", on_ring="answer")
    added = stage.client.conferences("room").participants.create(
        from_=LINE,
        to=ANA,
        record=True,
        conference_record="record-from-start",
        conference_recording_status_callback=stage.app.url("/recording"),
    )
    stage.net.advance(7)
    conference = stage.client.conferences(added.conference_sid)
    conference.update(status="completed")
    stage.net.advance(1)
    recording = conference.recordings.list()[0]
    assert (recording.source, recording.duration) == ("Conference", "7")
    told = stage.app.to("/recording")[0]
    assert told["ConferenceSid"] == added.conference_sid
    assert (told["RecordingSource"], told["RecordingDuration"]) == ("Conference", "7")
    # The participant's own leg, too.
    own = stage.client.recordings.list(call_sid=added.call_sid, conference_sid="")
    assert {r.source for r in own} == {"Conference", "OutboundAPI"}
    assert [r.source for r in stage.client.calls(added.call_sid).recordings.list()] == [
        "OutboundAPI"
    ]


def test_terms_twilio_has_none_of(stage: Stage) -> None:
    stage.line()
    create = stage.client.calls.create
    twiml = "<Response/>"
    wrong: list[dict[str, str]] = [
        {"recording_channels": "five"},
        {"recording_track": "loud"},
        {"recording_status_callback": "nonsense"},
        {"trim": "hair"},
    ]
    for options in wrong:
        status, code = refused(create, to=ANA, from_=LINE, twiml=twiml, record=True, **options)
        assert (status, code) in {(400, 20001), (400, 21205)}
