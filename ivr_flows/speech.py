"""What callers say to a question instead of pressing a key, in English and Spanish.

An answer that could mean two things means nothing, and the question is asked again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

NUMBERS = {
    "1": ("one", "uno"),
    "2": ("two", "dos"),
    "3": ("three", "tres"),
    "4": ("four", "cuatro"),
    "5": ("five", "cinco"),
    "6": ("six", "seis"),
    "7": ("seven", "siete"),
    "8": ("eight", "ocho"),
    "9": ("nine", "nueve"),
    "0": ("zero", "cero"),
}
SHORT_ANSWER_WORDS = 4  # a "no" within a longer sentence may deny something else


def words(speech: str) -> list[str]:
    """The words heard, in lower case and without accents or punctuation."""
    plain = unicodedata.normalize("NFD", speech.lower())
    letters = [char if char.isalnum() else " " for char in plain if not unicodedata.combining(char)]
    return "".join(letters).split()


YES = frozenset(words("yes yeah yep yup sí claro"))
NO = frozenset(words("no nope nah nobody nadie ninguno"))
HELP = frozenset(words("help please ayuda ayúdeme auxilio"))
DANGER = frozenset(
    words(
        "gun guns knife weapon weapons shooting shot danger dangerous hurt bleeding "
        "arma armas pistola cuchillo peligro peligroso herido herida sangre"
    )
)
SERVICES = {
    "police": words("police cop cops officer sheriff policía patrulla"),
    "fire": words("fire firefighter firefighters smoke bomberos fuego incendio humo"),
    "ems": words("ems ambulance paramedic paramedics medical doctor ambulancia médico"),
    "mental_health": words("mental counselor crisis clinician suicide consejero psicólogo"),
}


def digits(speech: str) -> str:
    """Digits spoken one by one or as figures, "" when there are none."""
    spoken = {word: key for key, names in NUMBERS.items() for word in names}
    return "".join(word if word.isdigit() else spoken.get(word, "") for word in words(speech))


def find_choice(choices: Mapping[str, str], speech: str) -> str | None:
    """The one value whose key or name was spoken, or None."""
    heard = words(speech)
    text = f" {' '.join(heard)} "
    values = {
        value
        for key, value in choices.items()
        if key in heard
        or any(name in heard for name in NUMBERS.get(key, ()))
        or f" {value.replace('_', ' ')} " in text
    }
    return values.pop() if len(values) == 1 else None


def find_yes_no(speech: str) -> str | None:
    """`yes` or `no` as a short answer of one meaning, or None."""
    heard = set(words(speech))
    said = [value for value, known in (("yes", YES), ("no", NO)) if heard & known]
    return said[0] if len(said) == 1 and len(heard) <= SHORT_ANSWER_WORDS else None


def find_help(choices: Mapping[str, str], speech: str) -> str | None:
    """`yes` when help is asked for in any words of it, or None."""
    heard = set(words(speech))
    if heard & (YES | HELP) and not heard & NO:
        return "yes"
    return find_choice(choices, speech)


def find_service(choices: Mapping[str, str], speech: str) -> str | None:
    """The one service that was asked for by name or number, or None."""
    heard = set(words(speech))
    named = [service for service, names in SERVICES.items() if heard & set(names)]
    if len(named) == 1 and named[0] in choices.values():
        return named[0]
    if heard & set(words("español spanish")) and not named:
        return "spanish" if "spanish" in choices.values() else None
    return None if named else find_choice(choices, speech)


def find_danger(choices: Mapping[str, str], speech: str) -> str | None:
    """`yes` or `no` to the danger question, or None.

    A weapon named is a yes. A no counts only as a short answer that names nothing of the kind.
    """
    heard = set(words(speech))
    if heard & NO:
        denies = not heard & (YES | DANGER) and len(heard) <= SHORT_ANSWER_WORDS
        return "no" if denies else None
    if heard & (YES | DANGER):
        return "yes"
    return find_choice(choices, speech)
