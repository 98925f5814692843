"""Keys of the phone menus, named once: prompts and handling use the same names."""

HELP_KEYS = frozenset({"0", "9"})  # 911, at any time
BACK = "*"
REPEAT = "#"
START_OVER = "8"
START_OVER_ENTRY = "**"  # while a number is typed, 8 is a digit

ACCEPT = "1"
DECLINE = "2"

MENU_REJOIN = "1"
MENU_RESOLVE = "2"
MENU_SEND_TEAM = "3"
MENU_TRANSFER = "4"
MENU_NEW_DANGER = "5"
MENU_PEOPLE = "6"
MENU_RETURN = "9"

HOLD_CALLER = "1"  # in the menu of the people on the line
CONTROL_SELF = "2"
CHOOSE_PARTY = ("3", "4", "5", "6", "7")
HOLD_PARTY = "1"  # once one of them is chosen
MUTE_PARTY = "2"
REMOVE_PARTY = "3"

TRANSFER_INTRODUCE = "1"
TRANSFER_BACK = "1"  # while it rings, and for the receiver: to whom they were speaking with
TRANSFER_CANCEL = "2"
TRANSFER_DECLINE = "2"
TRANSFER_TALK_ON = "3"
SKIP = "1"
JOIN = "2"
KEEP_PLACE = "2"  # in the wait
TEXT_ME = "3"
CALL_BACK = "8"  # the caller's line was lost; dispositions have the keys 1 to 7

CONFIRM = "1"
CHANGE = "2"
CANCEL = "3"
CANCEL_DANGER = "7"
