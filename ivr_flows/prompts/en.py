"""English. Read each sentence aloud before you change it: it is heard once, under strain."""

VOICE = "Polly.Joanna-Neural"
TAG = "en-US"

PROMPTS: dict[str, str] = {
    # Everywhere
    "not_heard": "I did not hear an answer.",
    "not_understood": "I did not understand that.",
    "going_back": "Going back.",
    "starting_over": "Starting over.",
    "for_choice_press": "For {choice}, press {key}.",
    "as_written": "{words}",
    "no_number": "no number given",
    "goodbye": "Goodbye.",
    # The direct line
    "welcome_choose_language": (
        "You have reached the crisis line. You can press 9 at any time for 9 1 1. "
        "For English, press 1. Para español, oprima el 2."
    ),
    "ask_needs_help": (
        "If you need help, press 1, or say yes. If you cannot, stay on the line for 9 1 1."
    ),
    "ask_danger": "Is anyone in danger, or is there a weapon? If yes, press 1. If no, press 2.",
    "ask_caller_party": (
        "If you are calling about yourself, press 1. About someone who is with you, press 2. "
        "About someone else, press 3."
    ),
    "ask_reason": "What is the call about?",
    "ask_zip": (
        "Please enter the zip code of where you are, then the pound key. "
        "To skip this, just press pound."
    ),
    # The 911 front door, in Austin's words
    "ask_service": (
        "{place}. Do you need police, fire, E M S, or mental health services? "
        "Police, press 1. Fire, 2. E M S, 3. Mental health, 4. Para español, oprima el 5."
    ),
    # The call taker's transfer
    "call_taker_welcome": (
        "Clinician transfer. Star goes back, pound repeats, 8 starts over, 9 is for 9 1 1."
    ),
    "ask_transfer_code": "Enter the transfer code, then pound. Without one, just press pound.",
    "code_unknown": "That code is not known, or its time is over.",
    "announcement_over": "That incident has gone to another call. I will ask instead.",
    "announced_press_2": "For another incident, press 2.",
    "announced_press_1": "If this is your call, press 1. If not, press 2.",
    "ask_incident_number": "Enter the incident number, then pound.",
    "ask_call_type": "Call type.",
    "ask_call_taker_party": (
        "If the caller speaks about themselves, press 1. About someone with them, 2. "
        "About someone else, 3."
    ),
    "ask_call_taker_danger": (
        "Is there a weapon, violence, or a crime in progress? Yes, press 1. No, 2. Not known, 3."
    ),
    "ask_medical": "Is there a medical emergency? Yes, press 1. No, 2. Not known, 3.",
    "ask_imminent_risk": (
        "Is there immediate risk to life, such as an attempt, or the means at hand? "
        "Yes, press 1. No, 2. Not known, 3."
    ),
    "ask_source": (
        "If the caller asked for an officer, press 2. "
        "If the call came from 9 8 8, press 3. If neither, press 1."
    ),
    # Triage protocols, whose questions stand in their files
    "protocol_yes_no": "Yes, press 1. No, 2. Not known, 3.",
    "protocol_number": "Enter the number, then pound.",
    # What the policy says, named after its rules
    "not_for_clinician": "This call does not go to a clinician.",
    "decision_danger": "Not for a clinician, because someone may be in danger.",
    "decision_weapon": "Not for a clinician, because a weapon has not been ruled out.",
    "decision_violence": "Not for a clinician, because violence has not been ruled out.",
    "decision_crime": "Not for a clinician, because a crime has not been ruled out.",
    "decision_medical": "Not for a clinician, because medical help may be needed.",
    "decision_imminent_risk": "Not for a clinician, because a life may be at risk.",
    "decision_severe_intoxication": (
        "Not for a clinician, because the person may be severely intoxicated."
    ),
    "decision_asked_police": "Not for a clinician, because the caller asked for an officer.",
    "decision_from_988": "Not for a clinician, because the call comes from 9 8 8.",
    "decision_no_mental_health": "Not for a clinician, because it is not about mental health.",
    "decision_third_party": (
        "Not for a clinician, because the caller is not with the person in crisis."
    ),
    "decision_no_loop": "Not for a clinician again, because clinicians have returned this call.",
    "decision_not_listed": "Not for a clinician, because this call type is not on the list.",
    "outcome_police": "This call is for the police.",
    "outcome_crisis_officer": "This call is for a crisis intervention officer.",
    "outcome_ems": "This call is for E M S.",
    "outcome_fire": "This call is for the fire department.",
    "outcome_co_response": "This call is for police and a crisis team together.",
    "outcome_police_with_clinician": "This call is for police, with a clinician on the line.",
    "outcome_crisis_line": "This call goes to the crisis line.",
    "outcome_clinician": "This call goes to a clinician.",
    "outcome_clinician_then_team": "This call goes to a clinician, who may send a team.",
    "outcome_team": "This call goes to the desk that sends a team.",
    "outcome_care_navigation": "This call goes to care navigation.",
    "decision_place_danger": "Not for a clinician, because the place itself may be dangerous.",
    "decision_risk_level": "Not for a clinician, because the risk is high or not known.",
    "decision_outside_area": "Not for a clinician, because the place is outside our area.",
    "decision_closed": "Not for a clinician, because the program is closed at this hour.",
    "send_police_and_stay": (
        "Send police now, and stay with your caller. A clinician is being called to join you."
    ),
    "caller_stays_with_you": "The caller stays with you.",
    "release_or_9_for_911": (
        "Take the caller back by ending this transfer. Pound repeats. "
        "Press 9 to connect this line to 9 1 1."
    ),
    "ringing_clinicians_stay_with_caller": (
        "A clinician is being called. Please stay with your caller."
    ),
    "no_clinician_keep_caller": "No clinician is available. The caller stays with you.",
    # Waiting
    "please_wait": "Thank you. I am calling a clinician now. For 9 1 1, press 9.",
    "someone_has_picked_up": "Someone has picked up and is hearing about your call. Please stay.",
    "still_calling_a_clinician": (
        "I am still calling a clinician for you. Please stay on the line. For 9 1 1, press 9."
    ),
    "911_hold_greeting": (
        "9 1 1. Please stay on the line. The next call taker will answer your call."
    ),
    "911_hold_comfort": "You are in line for 9 1 1. Please stay on the line.",
    "911_already_in_line": "You are already in line for 9 1 1. A call taker will answer.",
    "wait_press_2_call_back": "To keep your place and be called back, press 2.",
    "wait_press_3_text": "For a text message from us, press 3.",
    "wait_confirm_call_back": (
        "We call the phone you are calling from. If it is yours, press 1. To stay, press 2."
    ),
    "wait_stay_in_line": "You stay on the line and in your place.",
    "wait_text_sent": "Thank you. The message is on its way.",
    "call_back_promised": (
        "You keep your place, and we call you back. You can hang up now. "
        "If anyone is in danger, press 9 for 9 1 1, or dial 9 1 1. Goodbye."
    ),
    # Whoever picks up a call-back may be anybody: none of these says what the call was about.
    "call_back_are_you_the_caller": (
        "Hello. We are returning a call that was made from this telephone. "
        "If you made that call, press 1 or say yes. If not, press 2 or say no."
    ),
    "call_back_goodbye": (
        "Thank you, and sorry for the disturbance. "
        "If you need help, press 9 now, or dial 9 1 1 at any time. Goodbye."
    ),
    "call_back_message": (
        "Hello. We returned a call that was made from this telephone. "
        "In an emergency, dial 9 1 1. Goodbye."
    ),
    "call_back_late": (
        "Hello. We returned a call that was made from this telephone. "
        "If you need help now, please hang up and dial 9 1 1. Goodbye."
    ),
    "call_back_thanks": "Thank you. Please stay on the line. For 9 1 1, press 9.",
    "call_back_connecting": "Thank you. Please stay on the line.",
    "standing_by_begins": "We call them back now. Please stay on the line.",
    "standing_by_rings": "Their phone is being rung. Please stay on the line.",
    "standing_by_is_asked": "Somebody has picked up and is asked whether they called.",
    "standing_by_not_begun": "They cannot be called back from here.",
    "standing_by_at_911": "The caller goes to 9 1 1. You are free again. Goodbye.",
    "standing_by_unanswered": "They did not answer. You are free again. Goodbye.",
    "standing_by_unconfirmed": "Nobody said to be the caller. You are free again. Goodbye.",
    "standing_by_not_the_caller": "Somebody else answered. You are free again. Goodbye.",
    "standing_by_machine": "A machine answered. You are free again. Goodbye.",
    "standing_by_cancelled": "They need not be called back any more. You are free again. Goodbye.",
    "comfort": "You are still connected. Someone will be with you.",
    "your_position": "You are number {position} in line.",
    "you_are_next": "You are next.",
    "expected_wait_minute": "The wait is about one minute.",
    "expected_wait_minutes": "The wait is about {minutes} minutes.",
    "press_9_for_911": "You can press 9 at any time for 9 1 1.",
    "you_are_on_hold": "You are on hold. We are still here. For 9 1 1, press 9.",
    "still_on_hold": "You are still connected. For 9 1 1, press 9.",
    "one_moment_still_here": "One moment. Please stay on the line. For 9 1 1, press 9.",
    "line_dropped_finding_someone": "The line dropped. Please stay. I am getting someone for you.",
    "still_finding_someone": "I am still getting someone for you. Please stay on the line.",
    # The offer
    "offer_summary": "Crisis call, {what}. The caller speaks {party}.",
    "offer_incident": "Incident {incident}.",
    "offer_language": "The caller speaks {language}.",
    "offer_risk": "Risk, by the questions asked: {risk}.",
    "offer_suggests_team": "Suggested: send a team.",
    "offer_suggests_care_navigation": "Suggested: care navigation, for a follow-up.",
    "offer_suggests_police_are_sent": "Police are being sent. The call taker stays on the line.",
    "offer_called_once": "They have called once before this week.",
    "offer_called": "They have called {calls} times this week.",
    "offer_number_doubtful": "The number may not be theirs.",
    "offer_call_back": "This caller's line was lost. If you accept, we call them back.",
    "offer_kept_place": "This caller asked to be called back. If you accept, we call them.",
    "welfare_request": (
        "This is {program} with a request for a welfare check. "
        "A caller who may be at risk was lost and cannot be reached."
    ),
    "welfare_tried": "Calls back without an answer: {tries}.",
    "welfare_incident": "Incident {incident}.",
    "welfare_number": "Their telephone: {number}.",
    "welfare_place": "Last known place: {place}.",
    "welfare_keys": "To acknowledge, press 1. To repeat, press 2.",
    "welfare_not_heard": "I did not hear a key.",
    "welfare_not_understood": "That key is not on this menu.",
    "welfare_acknowledged": "Thank you. Your acknowledgement is recorded. Goodbye.",
    "welfare_failed": "I did not hear an answer. We call again. Goodbye.",
    "welfare_withdrawn": "Thank you. This request is no longer needed. Goodbye.",
    "offer_after_drop": "The caller was with a clinician and the line dropped.",
    "offer_911_call": "9 1 1 call holding.",
    "offer_returned_call": "A crisis caller is coming back.",
    "press_1_accept_2_decline": "Press 1 to accept, 2 to decline.",
    "star_opens_your_menu": "During the call, star opens your menu.",
    "offer_declined": "Thank you. The call goes to someone else. Goodbye.",
    "offer_time_is_over": "There was no answer, so the call goes to someone else. Goodbye.",
    "offer_taken_by_another": (
        "Another person has taken this call. You are free again. Thank you. Goodbye."
    ),
    "offer_caller_has_gone": "The caller has left the line. You are free again. Goodbye.",
    "connecting_you_to_caller": "Connecting you.",
    # In the call
    "menu_caller_holds": "Your caller is on hold.",
    "menu_caller_is_with_another": "Your caller is not alone.",
    "menu_911_is_being_called": "9 1 1 is being called for your caller.",
    "menu_rejoin": "To go back to your caller, press 1.",
    "menu_resolve": "To end the call as resolved, press 2.",
    "menu_leave": "To leave the call and close your record, press 2.",
    "menu_send_team": "To send a team, press 3.",
    "menu_send_another_team": "To send another team, press 3.",
    "menu_to_clinician": "To bring in a clinician, press 4.",
    "menu_transfer": "To bring in somebody or transfer your caller, press 4.",
    "menu_new_danger": "To report a new danger, press 5.",
    "menu_leave_now": "To leave the call, press 2.",
    "menu_people": "For the people on the line, press 6.",
    "people_on_the_line": "On the line:",
    "people_there": "{party}.",
    "people_held": "{party}, on hold.",
    "people_muted": "{party}, muted.",
    "people_held_and_muted": "{party}, on hold and muted.",
    "people_hold_caller": "To hold your caller, press 1.",
    "people_bring_caller_back": "To bring your caller back, press 1.",
    "people_mute_me": "To mute yourself, press 2.",
    "people_unmute_me": "To be heard again, press 2.",
    "people_free_me": "To come off hold, press 2.",
    "people_go_back": "To go back, press star.",
    "people_hold_party": "To put them on hold, press 1.",
    "people_unhold_party": "To bring them back, press 1.",
    "people_mute_party": "To mute them, press 2.",
    "people_unmute_party": "To let them be heard, press 2.",
    "people_remove_party": "To take them out of the call, press 3.",
    "people_noted": "Done when you are back on the line.",
    "people_party_gone": "They have left the line.",
    "people_not_now": "That cannot be done now.",
    "your_caller_waits": "Your caller is on hold.",
    "your_caller_waits_press_1": "Your caller is on hold. To bring them back, press 1.",
    "caller_still_on_hold": "Your caller is still on hold. To bring them back, press star, then 1.",
    "caller_comes_back": "Your caller is coming back.",
    "control_not_done": "That change did not work. Star, then 6, tells who is on the line.",
    "nobody_else_with_caller": "Nobody else is with your caller. Back to your caller.",
    "left_the_call_goodbye": "You have left the call. Thank you. Goodbye.",
    "role_caller": "the caller",
    "role_call_taker": "call taker",
    "role_clinician": "clinician",
    "role_supervisor": "supervisor",
    "role_psap": "9 1 1",
    "role_outside": "someone outside",
    "role_numbered": "{role}, number {number}",
    "which_danger": (
        "A weapon, press 1. Violence, 2. A crime, 3. A medical emergency, 4. "
        "Immediate risk to life, 5. None, press 7."
    ),
    "danger_noted": "Noted. Back to your caller.",
    "menu_return": "To go back to 9 1 1, press 9.",
    "menu_skip_or_join": (
        "To go ahead of the callers who wait for 9 1 1, press 1. To wait in turn, press 2."
    ),
    "back_to_your_caller": "Back to your caller.",
    "caller_at_menu": "Your caller pressed star and will be back in a moment.",
    "clinician_is_on_the_line": (
        "A clinician is on the line. Introduce your caller, then hang up when you are ready."
    ),
    "receiver_is_on_the_line": (
        "The person you called is on the line. Introduce your caller, then hang up when you are "
        "ready."
    ),
    # A transfer
    "transfer_to_whom": "Who do you need?",
    "for_desk_elsewhere": "For {desk} of {program}, press {key}.",
    "transfer_none": "For none of them, wait.",
    "transfer_rings": "Calling. Stay with your caller. Star opens your menu.",
    "transfer_is_under_way": "A transfer is under way already. Back to your caller.",
    "transfer_not_now": "That cannot be done now. Back to your caller.",
    "transfer_911_is_called": "9 1 1 is being called. Back to your caller.",
    "transfer_no_target": "That cannot be reached from here. Back to your caller.",
    "transfer_nobody_is_free": "Nobody is free there. Back to your caller.",
    "transfer_was_returned": "They have returned this call to 9 1 1. Back to your caller.",
    "transfer_danger_is_known": "A danger is known. The caller stays with you.",
    "transfer_ruled_out": "By the answers, this is not a call for them. The caller stays with you.",
    "transfer_no_team": "No team is on its way yet. Back to your caller.",
    "transfer_from": "Transfer, from {giver}.",
    "transfer_summary": "It is about {what}.",
    "transfer_danger": "Danger: {danger}.",
    "transfer_outside_context": "This is the crisis line. We need you on a call. Connecting you.",
    "transfer_speak_in_private": (
        "They are with you. Your caller is on hold and cannot hear you. "
        "To bring your caller in, press star, then 1."
    ),
    "transfer_giver_is_here": "You are with the person who calls. The caller is on hold.",
    "transfer_outside_is_here": (
        "They are on the line. Once you have spoken with a person there, "
        "press star, then 1, to hand over."
    ),
    "transfer_caller_comes_in": (
        "Your caller is with you both. Introduce them, then hang up when you are ready."
    ),
    "transfer_helper_is_here": "They are with you and your caller. You stay on the call.",
    "transfer_receiver_left": "The other person has left. Your caller stays with you.",
    "transfer_nobody_answered": "Nobody there has answered. Your caller stays with you.",
    "transfer_not_answered": "There was no answer. Your caller stays with you.",
    "transfer_is_cancelled": "The transfer is cancelled. Your caller stays with you.",
    "transfer_is_over": "That transfer is over.",
    "transfer_giver_left": "Your colleague has left. The caller is yours.",
    "transfer_you_declined": "Thank you. The caller stays with your colleague. Goodbye.",
    "transfer_menu_rings": (
        "It is ringing. To go back to your caller, press 1. To stop it, press 2."
    ),
    "transfer_menu_consults": (
        "To bring your caller in, press 1. To stop and go back to your caller, press 2. "
        "To talk on, press 3."
    ),
    "transfer_menu_vouch": (
        "If a person is there, press 1 to bring your caller in. "
        "To stop and go back to your caller, press 2. To talk on, press 3."
    ),
    "transfer_menu_receiver": "To go back, press 1. To decline the call, press 2.",
    "party_has_left": "Somebody has left the call.",
    "giver_clinician": "a clinician",
    "giver_call_taker": "the 9 1 1 call taker",
    "giver_supervisor": "a supervisor",
    "giver_psap": "9 1 1",
    "giver_outside": "another service",
    "giver_unknown": "a colleague",
    "desk_clinicians": "a clinician",
    "desk_supervisors": "a supervisor",
    "desk_911": "9 1 1",
    "line_trouble_goodbye": (
        "Your line cannot be connected. The caller goes to someone else. Goodbye."
    ),
    # Back to 911
    "connecting_to_911": "I am connecting you to 9 1 1 now. Please stay on the line.",
    "trying_911_again": "I am still connecting you to 9 1 1. Please stay on the line.",
    "911_is_being_reached": "I am calling 9 1 1 for you now. Please stay on the line.",
    "you_are_ahead": "Your call goes ahead of the other callers.",
    "911_still_being_reached": "I am still calling 9 1 1 for you. Please stay on the line.",
    "911_has_left": "9 1 1 has left the line. If you still need help, do not hang up.",
    "press_9_to_reconnect": "To be connected to 9 1 1 again now, press 9.",
    "you_will_be_reconnected": "If you stay on the line, I will call 9 1 1 again.",
    "calling_911_stay": "Calling 9 1 1. Stay with your caller.",
    "trying_next_911_line": "9 1 1 did not pick up. Trying the next line.",
    "caller_dials_911_directly": (
        "Your caller is being connected to 9 1 1 on their own line. You can hang up."
    ),
    "connecting_to_crisis_line": (
        "I am connecting you to the crisis line now. Please stay on the line."
    ),
    "crisis_line_has_left": (
        "The crisis line has left the call. If you still need help, do not hang up."
    ),
    "receiver_has_left": (
        "The other person has left the call. If you still need help, do not hang up."
    ),
    "you_will_be_connected": "If you stay on the line, I will call 9 1 1.",
    "crisis_line_context": "This is 9 1 1, transferring a caller to you.",
    "psap_context": "This is the crisis line with a caller for you.",
    "return_because": "Reason: {reason}.",
    "psap_request": "Requested: {request}.",
    "press_1_to_take_the_call": "Press 1 to take the caller.",
    "press_1_or_speak": "To take the caller, press 1 or say who you are.",
    "psap_one_moment": "Thank you. One moment, or press 1.",
    "caller_is_here": "Thank you. Here is the caller.",
    "menu_nobody_from_911_yet": (
        "Nobody from 9 1 1 is on the line yet. To go back to your caller, press 1. "
        "To leave all the same, press 2 again."
    ),
    "psap_is_on_the_line": (
        "9 1 1 is on the line. Introduce your caller, then hang up when you are ready."
    ),
    "no_longer_needed": "Thank you. This call is no longer waiting for you. Goodbye.",
    # Dispatch
    "dispatch_hazards": (
        "Is there a known danger for the team, such as a weapon or a dog? "
        "Yes, press 1. No, 2. Not known, 3."
    ),
    "dispatch_place": (
        "If the place is the one on the incident, press 1. "
        "If the caller will tell the team where, press 2."
    ),
    "dispatch_read_back": "Sending a team to {place}. Known danger: {hazards}.",
    "dispatch_confirm": "Press 1 to send, 2 to change, 3 to cancel.",
    "dispatch_sent": "Your request is sent. You will hear when a team answers.",
    "dispatch_cancelled_nothing_sent": "Nothing was sent. Back to your caller.",
    "dispatch_requested": "Your request for a team waits for an answer.",
    "dispatch_approved": "Your request for a team is approved.",
    "dispatch_assigned": "{team} is being called.",
    "dispatch_acknowledged": "{team} is coming.",
    "dispatch_acknowledged_minutes": "{team} is coming, in about {minutes} minutes.",
    "dispatch_en_route": "{team} is on the way.",
    "dispatch_on_scene": "{team} is there.",
    "dispatch_cleared": "{team} has finished.",
    "dispatch_cancelled": "The request for a team is cancelled.",
    "dispatch_unanswered": "No team has answered. For 9 1 1, press star, then 9.",
    "the_team": "The team",
    "place_incident_location": "the place on the incident",
    "place_caller_will_tell": "a place the caller will tell",
    "hazards_yes": "yes",
    "hazards_no": "no",
    "hazards_unknown": "not known",
    # How it ends
    "choose_disposition": "How is the call resolved?",
    "resolve_read_back": (
        "Your answer: {disposition}. To end the call with your caller, press 1. "
        "To go back to your caller, press 2."
    ),
    "leave_read_back": (
        "Recorded as {disposition}. To leave, press 1; your caller stays connected. "
        "To go back to your caller, press 2."
    ),
    "clinician_has_ended_the_call": (
        "Your clinician has ended this call. If you need help now, press 9 for 9 1 1. "
        "You can call again at any time. Take care."
    ),
    "caller_has_gone": "Your caller has left the line.",
    "caller_lost_press_8": "If their line was lost, press 8 to call them back.",
    "caller_has_gone_goodbye": "Your caller has left the line. Goodbye.",
    "return_reason": "Why did the call go back to 9 1 1?",
    "record_complete": "Thank you. Your record is complete. Goodbye.",
    "record_left_open": "The record stays open for you to finish. Goodbye.",
    # Words that answers stand for
    "call_type_mental_health": "mental health",
    "call_type_suicidal": "thoughts of suicide",
    "call_type_verbal_dispute": "a verbal dispute",
    "call_type_dispute": "a dispute",
    "call_type_welfare_check": "a welfare check",
    "call_type_welfare": "worry about someone",
    "call_type_repeat_caller": "a repeat caller",
    "call_type_overdose": "an overdose",
    "call_type_trespass": "trespassing",
    "call_type_intoxicated_person": "an intoxicated person",
    "call_type_panhandling": "panhandling",
    "call_type_indecency": "indecency",
    "call_type_other": "something else",
    "call_type_unknown": "no details given",
    "reason_mental_health": "feeling overwhelmed or in crisis",
    "reason_suicidal": "thoughts of suicide",
    "reason_dispute": "an argument",
    "reason_welfare": "worry about someone",
    "reason_other": "something else",
    "reason_unknown": "not stated",
    "reason_danger": "danger",
    "reason_weapon": "a weapon",
    "reason_violence": "violence",
    "reason_crime": "a crime",
    "reason_severe_intoxication": "severe intoxication",
    "reason_from_988": "the call came from 9 8 8",
    "reason_no_mental_health": "not about mental health",
    "reason_third_party": "the caller is not with the person",
    "reason_not_listed": "not on the clinicians' list",
    "reason_caller_request": "the caller asked for 9 1 1",
    "reason_clinician_request": "the clinician asked for 9 1 1",
    "reason_nobody_available": "no clinician is available",
    "reason_no_answer_to_questions": "the caller did not answer our questions",
    "reason_crisis_line_not_reached": "the crisis line did not answer",
    "reason_place_danger": "a dangerous place",
    "reason_risk_level": "a high risk",
    "reason_outside_area": "the place is outside the program's area",
    "reason_closed": "the program is closed",
    "reason_no_loop": "the clinicians have returned this call before",
    "reason_chose_service": "a 9 1 1 call",
    "reason_no_desk": "a 9 1 1 call",
    "reason_screening_too_long": "the questions took too long",
    "reason_clinician_silent": "the clinician did not come back",
    "reason_clinician_lost": "the clinician's line dropped",
    "reason_dropped_call": "the caller's line was lost",
    "reason_caller_stayed": "the caller stayed on the line",
    "reason_queue_failed": "a technical fault",
    "reason_room_failed": "a technical fault",
    "reason_weapon_or_violence": "a weapon or violence",
    "reason_medical": "a medical emergency",
    "reason_imminent_risk": "immediate risk to life",
    "reason_asked_police": "the caller asked for an officer",
    "party_first": "about themselves",
    "party_second": "about someone with them",
    "party_third": "about someone else",
    "party_unknown": "about someone",
    "language_es": "Spanish",
    "language_en": "English",
    "request_crisis_intervention_officer": "a crisis intervention officer, at once",
    "request_police": "an officer",
    "request_police_with_clinician": "an officer, and a clinician on the line with them",
    "request_co_response": "an officer and a crisis team together",
    "request_ems": "E M S",
    "request_fire": "the fire department",
    "request_mental_health": "mental health services",
    "disposition_resolved_by_phone": "resolved by phone",
    "disposition_team_sent": "a team was sent",
    "disposition_referred": "referred to a service",
    "disposition_returned_to_911": "returned to 9 1 1",
    "disposition_caller_left": "the caller left",
    "disposition_other": "something else",
    # The team's page
    "team_page_request": (
        "Switchback dispatch for {team}. A clinician asks for an in-person response. "
        "Location: {location}. Known danger: {hazards}."
    ),
    "team_page_incident": "Incident {incident}.",
    "team_page_keys": "Press 1 to accept, 2 to decline, 3 to repeat.",
    "team_page_not_heard": "I did not hear a key.",
    "team_page_not_understood": "That key is not on this menu.",
    "team_page_acknowledged": (
        "The call is yours. Use the link in your text message to say when you are on your way, "
        "there, and finished. Goodbye."
    ),
    "team_page_declined": "You have declined. The request goes to another team. Goodbye.",
    "team_page_failed": "I did not hear an answer. The request goes on. Goodbye.",
    "team_page_withdrawn": "Thank you. This request is no longer waiting for you. Goodbye.",
    "team_page_unknown": "Not stated.",
}
