"""The verbs of a program that listens: stream, tune."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.choices import words_in
from chipsmith.api.forms import AnyPath, ProgramLimits, RecipeSettings, RequiredSignature
from chipsmith.api.parameter import Argument, Option
from chipsmith.api.values import as_program, as_recipe_name, as_seed, find_program
from chipsmith.api.verb import Verb
from chipsmith.console import stream as console
from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.deployment.streaming.live import LiveStream
    from chipsmith.deployment.streaming.tuning import TunedStream
    from chipsmith.flow.live import AnyProgram
    from chipsmith.flow.results import RunResult
    from chipsmith.learn import Recipe
    from chipsmith.program.program import Program
    from chipsmith.tosa.graph import Array


def stream(
    program: Annotated[
        "AnyProgram",
        Argument(metavar="P.program|RUN_FOLDER", help="What `chipsmith run` left in its folder, or the folder."),
    ],
    source: Annotated[
        "str | os.PathLike[str] | Array | Iterable[Array] | Iterable[str]",
        Argument(
            metavar="FILE|-",
            help="A sound, a CSV file of rows, a text; - is what is piped in.",
            agent_help="A file: a sound (WAV, FLAC), a CSV of rows, a text.",
        ),
    ] = "-",
    *,
    rate: Annotated[
        float | None, Option(metavar="HZ", help="Samples a second of raw sound; rows or tokens a second of others.")
    ] = None,
    sample_format: Annotated[
        str,
        Option(
            flags=("--format",),
            help="How raw samples are written: s16le, s24le, s32le, u8 or f32le.",
            choices=words_in("chipsmith.deployment.streaming.sound_feed", "SampleFormat"),
        ),
    ] = "s16le",
    channels: Annotated[int, Option(help="Channels of raw sound, which are averaged.")] = 1,
    hop_ms: Annotated[
        float | None, Option(flags=("--hop",), metavar="MS", help="Sound that comes at a time; default 20.")
    ] = None,
    every: Annotated[
        int | None, Option(metavar="HOPS", help="An inference each so many hops; default what tune saved, else 1.")
    ] = None,
    threshold: Annotated[
        float | None,
        Option(metavar="P", help="Tell a class alone where its probability reaches this; default what tune saved."),
    ] = None,
    smooth_ms: Annotated[
        float | None, Option(flags=("--smooth",), metavar="MS", help="Average the probabilities over this time.")
    ] = None,
    refractory_ms: Annotated[
        float | None, Option(flags=("--refractory",), metavar="MS", help="Tell nothing for this time after a class.")
    ] = None,
    detect: Annotated[
        Sequence[str], Option(metavar="CLASS", help="A class that is told; repeatable; default all.")
    ] = (),
    jsonl: Annotated[
        bool,
        Option(help="Print each decision as a JSON object on a line, the summary last.", terminal_only=True),
    ] = False,
    limits: ProgramLimits = None,
    require_signature: RequiredSignature = None,
) -> "LiveStream":
    """Let a program listen: sound, rows or text piece by piece, a decision with its time as soon as it is there.

    `program` is what `run` made of a recipe: a Program, its file or its run's folder. `source` is a file (WAV, FLAC; a
    CSV file whose rows are steps of a series or examples; a text), "-" for what is piped in (raw samples, CSV lines,
    text), samples as an array (n) or (n, channels), or an iterator of such arrays or of texts, with their `rate`. Each
    piece goes through the saved preprocessing and the simulated chip. With a `threshold` classes are noticed: their
    probabilities are averaged over `smooth_ms`, and after a class that reaches it nothing is told for `refractory_ms`;
    what `tune` saved beside the program's file is taken where nothing else is asked. The result is iterated, once, for
    its decisions; its `summary` has the times of host and chip, deadline misses and energy. `limits` as for `simulate`.
    `require_signature` is the public key of who has to have signed the file.

    Raises BadInput for what is missing or does not fit, while it is opened or when it comes, and CheckFailed where the
    file is not what was signed.
    """
    from chipsmith.deployment.predict import read_deployment
    from chipsmith.deployment.streaming.open import RuleChanges, SourceForm, choose_settings, open_stream
    from chipsmith.deployment.streaming.settings import read_tuned
    from chipsmith.deployment.streaming.sound_feed import read_sample_format

    given = _find_program(program)
    path = given if isinstance(given, Path) else None
    loaded = as_program(given, limits, require_signature)
    name = loaded.manifest.network if path is None else str(path)
    tuned = None if path is None else read_tuned(path)
    settings = choose_settings(
        None if tuned is None else tuned.settings,
        read_deployment(loaded, name=name),
        hop_ms=hop_ms,
        every=every,
        changes=RuleChanges(
            threshold=threshold, smooth_ms=smooth_ms, refractory_ms=refractory_ms, classes=tuple(detect)
        ),
    )
    form = SourceForm(rate_hz=rate, sample_format=read_sample_format(sample_format), channels=channels)
    return open_stream(loaded, source, settings, form=form, name=name, limits=limits, as_json_lines=jsonl)


def tune(
    program: Annotated[
        "AnyPath | RunResult",
        Argument(metavar="P.program|RUN_FOLDER", help="What `chipsmith run` left in its folder, or the folder."),
    ],
    *,
    recipe: Annotated[
        "AnyPath | Recipe", Option(help="Whose recordings are joined: wake_word, spoken_digits, or a file like these.")
    ] = "wake_word",
    settings: RecipeSettings = (),
    detect: Annotated[
        str | None, Option(metavar="CLASS", help="The class that is to be noticed; of two classes the second.")
    ] = None,
    false_accepts: Annotated[
        float, Option(metavar="N", help="False accepts an hour, at most, on the validation recordings.")
    ] = 1.0,
    passes: Annotated[int, Option(help="How often the recordings are joined, each time in another order.")] = 7,
    noise_db: Annotated[
        float, Option(flags=("--noise",), metavar="DB", help="Noise so far below the mean power of the words.")
    ] = 20.0,
    hop_ms: Annotated[float, Option(flags=("--hop",), metavar="MS", help="Sound that comes at a time.")] = 20.0,
    every: Annotated[int, Option(metavar="HOPS", help="An inference each so many hops.")] = 4,
    seed: Annotated[int, Option(help="Seed of orders, pauses and noise.")] = 0,
    limits: ProgramLimits = None,
) -> "TunedStream":
    """Choose how a program notices a word: smoothing and threshold on validation recordings, judged on test recordings.

    The validation recordings of `recipe` (`settings` replace fields of it), of voices that training never heard, are
    joined to long sounds, with pauses and with noise; of all rules that accept falsely no more than `false_accepts`
    times an hour there, the one that misses the fewest words is written beside the program's file, where `stream`
    finds it; where none does, nothing is written. What it does on the test recordings, joined alike and of other voices
    still, is told with intervals. All inferences are executed on the simulated chip. `limits` as for `simulate`.
    Raises BadInput.
    """
    from chipsmith.deployment.predict import read_deployment
    from chipsmith.deployment.streaming.settings import StreamSettings
    from chipsmith.deployment.streaming.tuning import HeldRecordings, Tuning, choose_word, tune_stream
    from chipsmith.learn import Recipe, load_recipe
    from chipsmith.learn.data.joined_sound import Joining

    path = _find_program(program)
    if not isinstance(path, Path):
        raise BadInput("what is chosen is written beside the program's file: name the file, or a run")
    loaded, named = as_program(path, limits, None), as_recipe_name(recipe)
    read = named if isinstance(named, Recipe) else load_recipe(named, settings)
    if not isinstance(read.data, HeldRecordings):
        raise BadInput(f"recipe {read.name} has no recordings to join; wake_word and spoken_digits have")
    if not 0 <= noise_db <= 100 or not 1 <= hop_ms <= 60_000 or every < 1:
        raise BadInput("--noise is 0 to 100 dB, --hop 1 to 60000 ms, --every 1 hop or more")
    return tune_stream(
        loaded,
        read.data,
        Tuning(
            word=choose_word(read_deployment(loaded, name=str(path)), detect),
            false_accepts_per_hour=false_accepts,
            repeats=passes,
            joining=Joining(noise_db=noise_db),
            seed=as_seed(seed),
        ),
        StreamSettings(hop_ms=hop_ms, every=every),
        name=str(path),
        seed=read.seed,
        path=path,
        limits=limits,
    )


def _find_program(program: "AnyProgram") -> "Program | Path":
    """The file of a program, for what `tune` saved is beside it; a Program where there is none. Raises BadInput."""
    if isinstance(program, str | os.PathLike):
        return find_program(program)
    from chipsmith.flow.results import RunResult

    return find_program(program.folder if isinstance(program, RunResult) else program)


STREAM_VERBS = (
    Verb(function=stream, present=console.present_stream),
    Verb(function=tune, present=console.present_tuned, fails="no rule keeps to the false accepts that were asked for"),
)
