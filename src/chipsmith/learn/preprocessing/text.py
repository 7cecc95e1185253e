"""Reading text: tokens of bytes, characters or subwords, all with token 0 for padding and for the unknown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.learn.limits import MOST_TOKENS
from chipsmith.learn.preprocessing.step import Reader, Values

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PADDING = 0
"""The token of padding and of what the vocabulary does not hold."""
_BYTES = 256


class TextReader(Reader):
    """A text (str) to `length` tokens int32: longer ones are cut at the end, shorter ones padded there with token 0.

    `lower` makes capitals small letters first. Raises BadInput for an empty text.
    """

    length: int = Field(ge=1, le=MOST_TOKENS)
    lower: bool = False

    def read(self, raw: Any) -> Values:
        """int32 (length)."""
        if not isinstance(raw, str) or not raw:
            raise BadInput("a text of one or more characters is needed")
        return self.pad(self.encode(raw[: self._enough_characters()]))

    def pad(self, tokens: Sequence[int]) -> NDArray[np.int32]:
        """The first `length` tokens, padded: int32 (length)."""
        padded = np.full(self.length, PADDING, np.int32)
        kept = np.asarray(tokens[: self.length], np.int32)
        padded[: len(kept)] = kept
        return padded

    def encode(self, text: str) -> list[int]:
        """The tokens of the whole text."""
        return self._encode(text.lower() if self.lower else text)

    @abstractmethod
    def _encode(self, text: str) -> list[int]: ...

    @abstractmethod
    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens; padding is nothing."""

    @property
    @abstractmethod
    def symbols(self) -> tuple[str, ...]:
        """The text of each token of the vocabulary."""

    @property
    def vocabulary_size(self) -> int:
        """Number of different tokens, padding among them."""
        return len(self.symbols)

    def _enough_characters(self) -> int:
        """No token is longer than this many characters on average, so that endless texts cost no endless time."""
        return 64 * self.length


class BytesReader(TextReader):
    """Token b + 1 for byte b of the text in UTF-8: 257 tokens, any text."""

    kind: Literal["bytes"] = "bytes"

    def _encode(self, text: str) -> list[int]:
        return [byte + 1 for byte in text.encode("utf-8", "replace")]

    def decode(self, tokens: Iterable[int]) -> str:
        """As TextReader.decode; bytes that are no UTF-8 become U+FFFD."""
        return bytes(token - 1 for token in tokens if token != PADDING).decode("utf-8", "replace")

    @property
    def symbols(self) -> tuple[str, ...]:
        """As TextReader.symbols: bytes by their number, such as 0x41."""
        return ("", *(f"0x{byte:02x}" for byte in range(_BYTES)))


class CharactersReader(TextReader):
    """Token i + 1 for character i of `alphabet`; characters that it does not hold are token 0."""

    kind: Literal["characters"] = "characters"
    alphabet: str = Field(min_length=1)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {character: 1 + index for index, character in enumerate(self.alphabet)}

    def _encode(self, text: str) -> list[int]:
        return [self._numbers.get(character, PADDING) for character in text]

    def decode(self, tokens: Iterable[int]) -> str:
        """As TextReader.decode."""
        return "".join(self.symbols[token] for token in tokens)

    @property
    def symbols(self) -> tuple[str, ...]:
        """As TextReader.symbols."""
        return ("", *self.alphabet)


class SubwordsReader(TextReader):
    """Tokens of the library `tokenizers`: `tokenizer` is its JSON, trained on the training part."""

    kind: Literal["subwords"] = "subwords"
    tokenizer: str

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        require_package("tokenizers", extra="data", task="cut text into subwords")
        from tokenizers import Tokenizer

        return Tokenizer.from_str(self.tokenizer)

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def decode(self, tokens: Iterable[int]) -> str:
        """As TextReader.decode."""
        return str(self._tokenizer.decode([token for token in tokens if token != PADDING]))

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """As TextReader.symbols; token 0 is written [PAD]."""
        tokenizer = self._tokenizer
        return tuple(str(tokenizer.id_to_token(token)) for token in range(tokenizer.get_vocab_size()))


AnyTextReader = Annotated[BytesReader | CharactersReader | SubwordsReader, Field(discriminator="kind")]
