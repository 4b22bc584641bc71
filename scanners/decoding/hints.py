"""What a post expects to read, so that the decoder looks for that and distrusts the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scanners.barcode import Code
from scanners.device import DeviceSettingsError


@dataclass(frozen=True, slots=True)
class Hints:
    """Symbologies to look for (empty: all) and shapes of the texts expected, regular expressions for the whole text.

    Raises:
        DeviceSettingsError: a shape is no regular expression.
    """

    symbologies: frozenset[str] = frozenset()
    shapes: tuple[str, ...] = ()
    _compiled: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            compiled = tuple(re.compile(shape) for shape in self.shapes)
        except re.error as error:
            message = f"An expected shape of codes is no regular expression ({error}); correct it in the settings."
            raise DeviceSettingsError(message) from error
        object.__setattr__(self, "_compiled", compiled)

    def is_expected(self, code: Code) -> bool:
        """Whether the text has one of the shapes; never where no shape is given."""
        return any(shape.fullmatch(code.text) for shape in self._compiled)


ANYTHING = Hints()
