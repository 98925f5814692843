"""TR7, RO5: what becomes of those who are rung is told to a waiting caller at once."""

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from tests.ivr_flows.story import Story, connected, eligible_direct, hosted

CALLER = "call-1"


def hears_out(story: Story) -> None:
    """Whom we ring is rung; the sentence of the piece is over, and its silence is not."""
    for order in story.ordered(outputs.PlaceLeg):
        leg_id = getattr(order, "leg_id", "")
        story.give(inputs.CommandDone("PlaceLeg", leg_id, f"CA{leg_id}"))
    silent_at = story.caller.silent_at
    assert silent_at is not None
    story.now = max(story.now, silent_at)


def waiting() -> Story:
    """A caller in the silence after the first sentence of the wait for one of two clinicians."""
    story = eligible_direct()
    story.waits()
    hears_out(story)
    return story


def next_piece(story: Story) -> list[str]:
    piece = story.waits()[-1]
    assert isinstance(piece, outputs.WaitPiece)
    return [say.prompt for say in piece.says]


def fetches(story: Story) -> int:
    return len(story.ordered(outputs.ReleaseFromQueue))


def test_tr7_a_ring_that_ends_is_told_at_once_while_the_next_goes_on() -> None:
    story = waiting()
    story.hangs_up(story.ringing_leg("ana"))
    assert story.is_at(Stage.WAITING)
    story.released()
    assert story.caller.place is Place.QUEUE
    assert next_piece(story) == ["still_calling_a_clinician"]


def test_tr7_a_sentence_that_plays_is_heard_out_and_the_news_comes_next() -> None:
    story = eligible_direct()
    story.waits()
    story.hangs_up(story.ringing_leg("ana"))
    assert not fetches(story)
    assert next_piece(story) == ["still_calling_a_clinician"]


def test_tr7_news_that_waited_for_a_sentence_to_end_does_not_keep_the_next_from_being_told() -> (
    None
):
    story = eligible_direct()
    story.waits()
    story.answers(story.ringing_leg("ana"))
    hears_out(story)
    story.presses("call-2", "2")
    assert fetches(story) == 1


def test_ro5_after_the_news_the_wait_goes_on_where_it_was() -> None:
    """However often rings end, the caller comes to hear what they may choose."""
    story = eligible_direct()
    story.people["clinicians"] = ("ana", "ben", "cat")
    heard = []
    for person in ("", "ana", "ben"):
        if person:
            story.hangs_up(story.ringing_leg(person))
            story.released()
            assert next_piece(story) == ["still_calling_a_clinician"]
        heard.append(next_piece(story))
        hears_out(story)
    choices: list[str] = []  # of which this program offers none
    assert heard == [["please_wait"], ["you_are_next", "expected_wait_minute"], choices]


def test_tr7_who_picks_up_is_told_at_once() -> None:
    story = waiting()
    story.answers(story.ringing_leg("ana"))
    story.released()
    assert next_piece(story) == ["someone_has_picked_up"]


def test_tr7_9_in_the_piece_that_tells_is_for_911() -> None:
    story = waiting()
    story.hangs_up(story.ringing_leg("ana"))
    story.released()
    story.waits()
    story.waits(digits="9")
    assert story.is_at(Stage.RETURNING)


def test_re5_where_the_carrier_refuses_it_the_next_piece_tells_the_same() -> None:
    story = waiting()
    story.hangs_up(story.ringing_leg("ana"))
    story.take(outputs.ReleaseFromQueue)
    story.give(inputs.CommandFailed("ReleaseFromQueue", CALLER, "503", permanent=False))
    assert next_piece(story) == ["still_calling_a_clinician"]


def test_tr7_a_caller_who_is_being_told_already_is_not_fetched_twice() -> None:
    story = waiting()
    story.answers(story.ringing_leg("ana"))
    story.presses("call-2", "2")
    assert fetches(story) == 1
    story.released()
    assert next_piece(story) == ["still_calling_a_clinician"]


def test_tr7_a_caller_whose_first_piece_is_on_its_way_is_not_fetched() -> None:
    story = eligible_direct()
    story.answers(story.ringing_leg("ana"))
    assert not fetches(story)
    assert next_piece(story) == ["someone_has_picked_up"]


def test_tr7_after_a_dropped_line_the_next_ring_that_ends_is_not_another_drop() -> None:
    story = connected()
    story.people["clinicians"] = ("ana", "ben", "cat")
    story.hangs_up_in_room("call-2", CALLER)
    assert next_piece(story) == ["line_dropped_finding_someone"]
    hears_out(story)
    story.hangs_up(story.ringing_leg("ben"))
    story.released()
    assert next_piece(story) == ["still_finding_someone"]


def test_tr7_a_911_call_taker_who_does_not_answer_is_told_in_the_same_way() -> None:
    story = Story(hosted(), "psap")
    story.waits()
    hears_out(story)
    story.hangs_up(story.ringing_leg("lee"))
    story.released()
    assert next_piece(story) == ["911_hold_comfort"]


def test_tr7_a_returning_caller_hears_that_911_is_still_called() -> None:
    story = Story(hosted())
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    assert story.is_at(Stage.RETURNING)
    story.waits()
    hears_out(story)
    story.hangs_up(story.ringing_leg("lee"))
    story.released()
    assert next_piece(story) == ["911_still_being_reached"]


def test_tr7_a_held_caller_is_spoken_to_in_every_piece_with_short_pauses() -> None:
    story = connected()
    story.stars("call-2")
    story.leaves_room(CALLER)
    story.commands.clear()
    for _ in range(6):
        piece = story.waits()[-1]
        assert isinstance(piece, outputs.WaitPiece)
        assert piece.says
        assert piece.seconds <= 2
    assert not fetches(story)
