"""English. Read each sentence aloud before you change it: it is heard once, by somebody under strain."""

VOICE = "Polly.Joanna-Neural"
TAG = "en-US"

PROMPTS: dict[str, str] = {
    # Everywhere
    "not_heard": "I did not hear an answer.",
    "not_understood": "That key is not on this menu.",
    "going_back": "Going back.",
    "starting_over": "Starting over.",
    "for_choice_press": "For {choice}, press {key}.",
    "no_number": "no number given",
    "goodbye": "Goodbye.",
    # The direct line
    "welcome_choose_language": (
        "You have reached the crisis line. You can press 9 at any time for 9 1 1. "
        "For English, press 1. Para español, oprima el 2."
    ),
    "ask_danger": (
        "Is anyone in danger right now, or is there a weapon? If yes, press 1. If no, press 2."
    ),
    "ask_caller_party": (
        "Are you calling about yourself? Press 1. About someone who is with you? Press 2. "
        "About someone else? Press 3."
    ),
    "ask_reason": "What is the call about?",
    "ask_zip": (
        "Please enter the 5 digit zip code of where you are, then press pound. "
        "To skip this, just press pound."
    ),
    # The call taker's transfer
    "call_taker_welcome": (
        "Clinician transfer. Star goes back, pound repeats, 8 starts over, 9 goes to 9 1 1."
    ),
    "ask_incident_number": "Enter the incident number, then pound.",
    "ask_call_type": "Call type.",
    "ask_call_taker_party": (
        "The caller speaks about themselves, press 1. About someone with them, 2. "
        "About someone else, 3."
    ),
    "ask_call_taker_danger": (
        "A weapon, violence, or a crime in progress? Yes, press 1. No, 2. Not known, 3."
    ),
    "ask_medical": "A medical emergency? Yes, press 1. No, 2. Not known, 3.",
    "ask_imminent_risk": (
        "Immediate risk to life, such as a means at hand or an attempt under way? "
        "Yes, press 1. No, 2. Not known, 3."
    ),
    "ask_source": (
        "Press 1 to go on. If the caller asked for an officer, press 2. "
        "If the call came from 9 8 8, press 3."
    ),
    # What the policy says
    "not_for_clinician": "This call does not go to a clinician.",
    "caller_stays_with_you": "The caller stays with you.",
    "release_or_9_for_911": (
        "Release this line to keep the caller. Press pound to hear this again, or 9 to connect "
        "this line to 9 1 1."
    ),
    "ringing_clinicians_stay_with_caller": (
        "A clinician is being called. Please stay with your caller."
    ),
    "no_clinician_keep_caller": "No clinician is available. The caller stays with you.",
    # Waiting
    "please_wait": (
        "Thank you. I am calling a clinician now. Please stay on the line. "
        "You can press 9 at any time for 9 1 1."
    ),
    "911_hold_greeting": (
        "9 1 1. Please stay on the line. Your call will be answered by the next call taker."
    ),
    "comfort": "You are still connected. Someone will be with you.",
    "your_position": "You are number {position} in line.",
    "you_are_next": "You are next.",
    "expected_wait_minute": "The wait is about one minute.",
    "expected_wait_minutes": "The wait is about {minutes} minutes.",
    "press_9_for_911": "You can press 9 for 9 1 1.",
    "one_moment_still_here": "One moment. Please stay on the line. You can press 9 for 9 1 1.",
    "line_dropped_stay": (
        "The line to your clinician dropped. Please stay. I am getting someone for you now."
    ),
    "line_dropped_finding_someone": (
        "The line to your clinician dropped. Please stay. I am getting someone for you now. "
        "You can press 9 for 9 1 1."
    ),
    "still_finding_someone": "I am still getting someone for you. Please stay on the line.",
    # The offer
    "offer_summary": "Crisis call, {what}. The caller speaks {party}.",
    "offer_incident": "Incident {incident}.",
    "offer_language": "The caller speaks {language}.",
    "offer_after_drop": "The caller was with a clinician and the line dropped.",
    "offer_911_call": "9 1 1 call holding.",
    "offer_returned_call": (
        "A caller is coming back from a clinician. Incident {incident}. Reason, {reason}."
    ),
    "press_1_accept_2_decline": "Press 1 to accept, 2 to decline.",
    "offer_declined": "Thank you. The call goes to someone else. Goodbye.",
    "offer_taken_by_another": (
        "Another person has taken this call. You are free again. Thank you. Goodbye."
    ),
    "offer_caller_has_gone": "The caller has left the line. You are free again. Goodbye.",
    "connecting_you_to_caller": "Connecting you. Press star at any time for your menu.",
    # In the call
    "your_caller_hears_music": "Your caller is on hold.",
    "menu_rejoin": "To go back to your caller, press 1.",
    "menu_resolve": "To end the call as resolved, press 2.",
    "menu_send_team": "To send a team, press 3.",
    "menu_to_clinician": "To bring in a clinician, press 4.",
    "menu_return": "To go back to 9 1 1, press 9.",
    "back_to_your_caller": "Back to your caller.",
    "one_moment_back_to_caller": "One moment. Back to your caller.",
    "clinician_is_on_the_line": (
        "A clinician is on the line. Introduce your caller, then hang up when you are ready."
    ),
    # Back to 911
    "connecting_to_911": "I am connecting you to 9 1 1 now. Please stay on the line.",
    "trying_911_again": "I am still connecting you to 9 1 1. Please stay on the line.",
    "911_is_being_reached": "I am reaching 9 1 1 for you. You are ahead of the line. Please stay.",
    "911_still_being_reached": "9 1 1 is still being reached. Please stay on the line.",
    "911_has_left_stay_to_reconnect": (
        "9 1 1 has left the line. If you still need help, stay on the line and I will connect "
        "you again."
    ),
    "calling_911_stay": "Calling 9 1 1 now. Stay with your caller until 9 1 1 is on the line.",
    "trying_next_911_line": "9 1 1 did not pick up. Trying the next line.",
    "caller_dials_911_directly": (
        "Your caller is being connected to 9 1 1 on their own line. You can hang up."
    ),
    "psap_context": ("A crisis caller returns to 9 1 1. Incident {incident}. Reason, {reason}."),
    "psap_request": "Requested: {request}.",
    "press_1_to_take_the_call": "Press 1 to take the caller.",
    "psap_is_on_the_line": (
        "9 1 1 is on the line. Introduce your caller, then hang up when you are ready."
    ),
    "no_longer_needed": "Thank you. This call is no longer waiting for you. Goodbye.",
    # Dispatch
    "dispatch_hazards": (
        "Is there a known danger at the place, such as a weapon or a dog? "
        "Yes, press 1. No, 2. Not known, 3."
    ),
    "dispatch_place": (
        "If the place is the one on the incident, press 1. If the caller will tell the team, press 2."
    ),
    "dispatch_read_back": (
        "Sending a team to {place}. Incident {incident}. Known danger, {hazards}."
    ),
    "dispatch_confirm": "Press 1 to send, 2 to change, 3 to cancel.",
    "dispatch_sent": (
        "Your request is on its way to a team. You will hear when a team answers. "
        "Back to your caller."
    ),
    "dispatch_cancelled_nothing_sent": "Nothing was sent. Back to your caller.",
    "dispatch_requested": "Your team request waits for a team.",
    "dispatch_approved": "Your team request is approved.",
    "dispatch_assigned": "{team} is being called.",
    "dispatch_acknowledged": "{team} is coming.",
    "dispatch_acknowledged_minutes": "{team} is coming, in about {minutes} minutes.",
    "dispatch_en_route": "{team} is on the way.",
    "dispatch_on_scene": "{team} is there.",
    "dispatch_cleared": "{team} has finished.",
    "dispatch_cancelled": "The team request is cancelled.",
    "dispatch_unanswered": (
        "No team has answered. Consider sending your caller back to 9 1 1: press star, then 9."
    ),
    "the_team": "The team",
    "place_incident_location": "the place on the incident",
    "place_caller_will_tell": "a place the caller will tell",
    "hazards_yes": "yes",
    "hazards_no": "no",
    "hazards_unknown": "not known",
    # How it ends
    "choose_disposition": "How is the call resolved?",
    "resolve_read_back": (
        "Resolved as {disposition}. To end the call with your caller, press 1. "
        "To go back to your caller, press 2."
    ),
    "clinician_has_ended_the_call": (
        "Your clinician has ended this call. If you need help now, press 9 for 9 1 1. "
        "You can call again at any time. Take care."
    ),
    "caller_has_gone": "Your caller has left the line.",
    "return_reason": "Why did the call go back to 9 1 1?",
    "record_complete": "Thank you. Your record is complete. Goodbye.",
    "record_left_open": "The record stays open for you to finish. Goodbye.",
    # Words that answers stand for
    "call_type_mental_health": "mental health",
    "call_type_suicidal": "thoughts of suicide",
    "call_type_verbal_dispute": "a verbal dispute",
    "call_type_dispute": "a dispute",
    "call_type_welfare_check": "a welfare check",
    "call_type_welfare": "a welfare check",
    "call_type_repeat_caller": "a repeat caller",
    "call_type_other": "something else",
    "call_type_unknown": "no details given",
    "reason_mental_health": "feeling overwhelmed or in a mental health crisis",
    "reason_suicidal": "thoughts of suicide",
    "reason_dispute": "an argument",
    "reason_welfare": "worry about someone",
    "reason_other": "something else",
    "reason_unknown": "not stated",
    "reason_danger": "danger",
    "reason_caller_request": "the caller asked for 9 1 1",
    "reason_clinician_request": "the clinician asked for 9 1 1",
    "reason_nobody_available": "no clinician is available",
    "reason_no_answer_to_questions": "the caller did not answer",
    "reason_no_loop": "the call has been with the clinicians before",
    "reason_screening_too_long": "the questions took too long",
    "reason_clinician_silent": "the clinician did not come back",
    "reason_caller_stayed": "the caller stayed on the line",
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
    "disposition_resolved_by_phone": "resolved by phone",
    "disposition_team_sent": "a team was sent",
    "disposition_referred": "referred to a service",
    "disposition_returned_to_911": "returned to 9 1 1",
    "disposition_caller_left": "the caller left",
    "disposition_other": "something else",
    # The team's page
    "team_page_request": (
        "Switchback dispatch. {team}. A clinician asks for an in-person response. "
        "Location: {location}. Hazards: {hazards}."
    ),
    "team_page_keys": "Press 1 to accept, 2 to decline, 3 to repeat.",
    "team_page_not_heard": "I did not hear a key.",
    "team_page_not_understood": "That key is not on this menu.",
    "team_page_acknowledged": (
        "You have it. Please use the link in your text message to say when you are en route, "
        "on scene and clear. Goodbye."
    ),
    "team_page_declined": "You have declined. The request goes to another team. Goodbye.",
    "team_page_failed": "I did not hear an answer. The request goes on. Goodbye.",
    "team_page_withdrawn": "Thank you. This request is no longer waiting for you. Goodbye.",
    "team_page_unknown": "Not stated.",
}
