"""Settings of tokenisers, and fitting them to the training part of a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chipsmith.extras import require_package
from chipsmith.learn.limits import MOST_EXAMPLES, MOST_VOCABULARY
from chipsmith.learn.preprocessing.text import BytesReader, CharactersReader, SubwordsReader, TextReader
from chipsmith.shown import Shown

_PADDING_NAME = "[PAD]"
"""Token 0 of a subword vocabulary: padding, and what is unknown."""


class _Tokeniser(Shown, BaseModel, ABC):
    model_config = ConfigDict(frozen=True, extra="forbid")

    lower: bool = Field(default=False, description="make capitals small letters")

    @abstractmethod
    def fit(self, texts: Iterable[str], *, length: int) -> TextReader:
        """The reader that makes `length` tokens of a text, its vocabulary chosen on these texts alone."""

    def _cased(self, texts: Iterable[str]) -> Iterable[str]:
        return (text.lower() for text in texts) if self.lower else texts


class BytesTokeniser(_Tokeniser):
    """Bytes of UTF-8: nothing to fit."""

    kind: Literal["bytes"] = "bytes"

    def fit(self, texts: Iterable[str], *, length: int) -> BytesReader:  # noqa: ARG002
        """As for every tokeniser."""
        return BytesReader(length=length, lower=self.lower)


class CharactersTokeniser(_Tokeniser):
    """Characters that occur `least_count` times or more in the training part."""

    kind: Literal["characters"] = "characters"
    least_count: int = Field(default=1, ge=1, le=MOST_EXAMPLES)

    def fit(self, texts: Iterable[str], *, length: int) -> CharactersReader:
        """As for every tokeniser."""
        counts: Counter[str] = Counter()
        for text in self._cased(texts):
            counts.update(text)
        kept = sorted(character for character, count in counts.items() if count >= self.least_count)
        return CharactersReader(length=length, lower=self.lower, alphabet="".join(kept))


class SubwordsTokeniser(_Tokeniser):
    """Subwords that the library `tokenizers` learns: byte pair encoding or a unigram model.

    With `keep_spaces` a text comes back whole, as language modelling needs it; without, words are cut at spaces and
    punctuation, and the spaces are gone.
    """

    kind: Literal["subwords"] = "subwords"
    model: Literal["bpe", "unigram"] = "bpe"
    vocabulary: int = Field(default=2048, ge=16, le=MOST_VOCABULARY, description="tokens, padding among them, at most")
    keep_spaces: bool = Field(default=False, description="spaces are part of the tokens, so that text comes back whole")

    def fit(self, texts: Iterable[str], *, length: int) -> SubwordsReader:
        """As for every tokeniser."""
        require_package("tokenizers", extra="data", task="learn subwords")
        from tokenizers import Tokenizer, decoders, pre_tokenizers

        model, trainer = self._model_and_trainer()
        tokenizer = Tokenizer(model)
        if self.keep_spaces:
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
            tokenizer.decoder = decoders.Metaspace(prepend_scheme="never")
        else:
            tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.train_from_iterator(self._cased(texts), trainer)
        return SubwordsReader(length=length, lower=self.lower, tokenizer=tokenizer.to_str())

    def _model_and_trainer(self) -> tuple[Any, Any]:
        from tokenizers import models, trainers

        size, special = self.vocabulary, [_PADDING_NAME]
        if self.model == "bpe":
            bpe = trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False)
            return models.BPE(unk_token=_PADDING_NAME), bpe
        unigram = trainers.UnigramTrainer(
            vocab_size=size, special_tokens=special, unk_token=_PADDING_NAME, show_progress=False
        )
        return models.Unigram(), unigram


Tokeniser = Annotated[BytesTokeniser | CharactersTokeniser | SubwordsTokeniser, Field(discriminator="kind")]
"""The settings of a tokeniser, told apart by `kind`."""
