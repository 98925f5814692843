"""Every spoken sentence, one file a language, named by its code."""

from __future__ import annotations

from dataclasses import dataclass

from ivr_flows.outputs import Say
from ivr_flows.prompts import en, es

_NAMED_BY_PROGRAMS = (
    "call_type_",
    "reason_",
    "disposition_",
    "request_",
    "party_",
    "language_",
    "desk_",
    "role_",
)
WORDS_PER_SECOND = 2.5  # 150 words a minute: the voices' usual speed


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: its sentences and the carrier's voice for them."""

    prompts: dict[str, str]
    voice: str
    tag: str


_ENGLISH = Catalogue(en.PROMPTS, en.VOICE, en.TAG)
_CATALOGUES = {"en": _ENGLISH, "es": Catalogue(es.PROMPTS, es.VOICE, es.TAG)}


def languages() -> tuple[str, ...]:
    """Codes of the languages there are sentences for."""
    return tuple(_CATALOGUES)


def text(say: Say) -> str:
    """The sentence, with its parameters in words.

    A parameter that begins with @ names another entry of the catalogue (a call type, a
    disposition); one that begins with # is read digit by digit. A language without the sentence
    speaks English. Raises KeyError for an unknown prompt.
    """
    catalogue = _CATALOGUES.get(say.language, _ENGLISH)
    sentence = catalogue.prompts.get(say.prompt) or _ENGLISH.prompts[say.prompt]
    spoken = {name: _spoken(value, say.language) for name, value in say.parameters.items()}
    return sentence.format(**spoken)


def seconds(say: Say) -> float:
    """About how long the sentence takes to say."""
    return len(text(say).split()) / WORDS_PER_SECOND


def voice(language: str) -> tuple[str, str]:
    """The voice's name and the language tag (BCP 47) that the carrier speaks a language with."""
    catalogue = _CATALOGUES.get(language, _ENGLISH)
    return catalogue.voice, catalogue.tag


def _spoken(value: str, language: str) -> str:
    catalogue = _CATALOGUES.get(language, _ENGLISH)
    if value.startswith("#"):
        return ", ".join(value[1:]) if value[1:] else catalogue.prompts["no_number"]
    if not value.startswith("@"):
        return value
    key = value[1:]
    known = catalogue.prompts.get(key) or _ENGLISH.prompts.get(key)
    if known is not None:
        return known
    # A program may add a call type of its own: its name, in words, beats a call that breaks.
    for prefix in _NAMED_BY_PROGRAMS:
        key = key.removeprefix(prefix)
    return key.replace("_", " ")
