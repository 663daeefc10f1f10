"""Families of content, their members, and the grammar that writes them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID

from typing_extensions import override

from transcoder.errors import MalformedNameError

STANDARD_LATENTS = frozenset({"global", "image_latent", "speech_latent", "text_latent"})
"""Latents whose names everyone shares; all others are private."""

_WORD = r"[A-Za-z0-9_][A-Za-z0-9_.\-]*"
_UUID_LENGTHS = frozenset({32, 36})
"""With and without hyphens."""

_GRAMMAR = re.compile(
    rf"(?P<name>\{{{_WORD}\}}|{_WORD})"
    rf"(?:<(?P<arguments>\s*{_WORD}\s*(?:,\s*{_WORD}\s*)*)>)?"
    r"(?:@(?P<version>[1-9][0-9]*))?"
)
_VARIABLE = re.compile(r"[A-Z][0-9]?")


class Payload(StrEnum):
    """What a value of a content modality is in Python and on disk."""

    TEXT = "text"
    WAVEFORM = "waveform"
    IMAGE = "image"
    LABEL = "label"
    ARRAY = "array"


class Scorer(StrEnum):
    """How a value of one modality is measured against a value of another."""

    COSINE = "cosine"
    CROSS_ENTROPY = "cross_entropy"
    CTC = "ctc"
    EXACT_MATCH = "exact_match"
    MSE = "mse"

    @property
    def is_differentiable(self) -> bool:
        """Whether gradients pass, so that it can be a loss; otherwise it only judges."""
        return self is not Scorer.EXACT_MATCH


@dataclass(frozen=True, slots=True, order=True)
class Modality:
    """A modality type with its arguments, or a latent.

    A variable is one capital letter with at most one digit: `text<L>` is a pattern.

    Attributes:
        name: The modality type (`text`), a standard latent (`text_latent`), a private latent
            in its braces (`{EnTTS}`), or a UUID, which is always a private latent.
        arguments: What the type is applied to, such as the language.
        version: Which space of a standard latent; None where that has no meaning or is open.
    """

    name: str
    arguments: tuple[str, ...] = ()
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the grammar `name<argument, ...>@version`.

        >>> Modality.parse("seq<char, en>").arguments
        ('char', 'en')
        >>> str(Modality.parse("text_latent@1"))
        'text_latent@1'

        Raises:
            MalformedNameError: If the text is not of that grammar.
        """
        match = _GRAMMAR.fullmatch(text.strip())
        if match is None:
            raise MalformedNameError("modality", text, "text<en>, text_latent@1 or {EnTTS}")
        arguments = tuple(
            part.strip() for part in (match["arguments"] or "").split(",") if part
        )
        version = int(match["version"]) if match["version"] else None
        modality = cls(match["name"], arguments, version)
        if modality.is_latent and arguments:
            raise MalformedNameError("latent", text, "text_latent@1 or {EnTTS}, no arguments")
        if version is not None and not modality.is_standard_latent:
            bare = text.strip().rpartition("@")[0]
            wanted = f"{bare!r}, for only a standard latent has a version"
            raise MalformedNameError("modality", text, wanted)
        return modality

    @override
    def __hash__(self) -> int:
        """In one step, for keys of large tables are hashed time and again."""
        return hash((self.name, self.arguments, self.version))

    @property
    def is_private(self) -> bool:
        """Whether this is a latent of one network alone."""
        return self.name.startswith("{") or _is_uuid(self.name)

    @property
    def is_standard_latent(self) -> bool:
        """Whether this is a latent whose name everyone shares."""
        return self.name in STANDARD_LATENTS

    @property
    def is_latent(self) -> bool:
        """Whether this lies inside networks."""
        return self.is_private or self.is_standard_latent

    @property
    def variables(self) -> frozenset[str]:
        """The arguments that stand for any argument."""
        return frozenset(each for each in self.arguments if _VARIABLE.fullmatch(each))

    def bind(self, values: dict[str, str]) -> Self:
        """Put values in the place of variables; unnamed variables stay.

        >>> str(Modality.parse("text<L>").bind({"L": "en"}))
        'text<en>'
        """
        arguments = tuple(values.get(each, each) for each in self.arguments)
        return type(self)(self.name, arguments, self.version)

    def match(self, concrete: "Modality", bound: dict[str, str]) -> dict[str, str] | None:
        """Unify this pattern with a concrete modality.

        Args:
            concrete: What the pattern is to become.
            bound: Variables that already have a value.

        Returns:
            All variables with their values, or None where they cannot be made equal.
        """
        if self.name != concrete.name or len(self.arguments) != len(concrete.arguments):
            return None
        found = dict(bound)
        for mine, other in zip(self.arguments, concrete.arguments, strict=True):
            wanted = found.setdefault(mine, other) if mine in self.variables else mine
            if wanted != other:
                return None
        return found

    @override
    def __str__(self) -> str:
        arguments = f"<{', '.join(self.arguments)}>" if self.arguments else ""
        version = f"@{self.version}" if self.version is not None else ""
        return f"{self.name}{arguments}{version}"


@dataclass(frozen=True, slots=True)
class Scoring:
    """One way in which a modality type is scored.

    Attributes:
        by: The measure.
        against: The pattern of what it is compared with; shares the type's variables.
    """

    by: Scorer
    against: Modality


@dataclass(frozen=True, slots=True)
class ModalityType:
    """A family of content with parameters.

    Attributes:
        name: Such as `text`.
        parameters: The names of its variables, such as `("L",)`.
        payload: What its values are in Python, or None where a spec carries them as tensors.
        scored_against: What can judge or train a net that gives it.
    """

    name: str
    parameters: tuple[str, ...] = ()
    payload: Payload | None = None
    scored_against: tuple[Scoring, ...] = ()

    @property
    def pattern(self) -> Modality:
        """The type applied to its own variables, `text<L>`."""
        return Modality(self.name, self.parameters)


def _is_uuid(text: str) -> bool:
    if len(text) not in _UUID_LENGTHS:
        return False
    try:
        UUID(text)
    except ValueError:
        return False
    return True
