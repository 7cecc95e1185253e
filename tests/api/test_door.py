"""The doors to the verbs: what is given stands for what it means, and an error says what this caller can do."""

from __future__ import annotations

import collections
import io
import pickle

import numpy as np
import pytest
from PIL import Image

import chipsmith
from chipsmith.api import VERBS
from chipsmith.api.adopt import adopt_run, to_array
from chipsmith.api.door import adopt_arguments, in_python, unknown_options
from chipsmith.api.parameter import Argument, Option
from chipsmith.api.words import is_sequence
from chipsmith.errors import BadInput

torch = pytest.importorskip("torch")

NETWORK = "tests/networks/digits_cnn.tosa"
X = np.random.default_rng(0).normal(size=(16, 1, 6, 6)).astype(np.float32)
WORDS = [(verb, word) for verb in VERBS.values() for word in verb.parameters]
ARRAYS = [(verb, word) for verb, word in WORDS if "Array" in str(word.type) or "AnyCalibration" in str(word.type)]
RUNS = [(verb, word) for verb, word in WORDS if "run" in word.help.lower() and isinstance(word.form, Argument)]


def module():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(32, 3)).eval()


def names(pairs):
    return [f"{verb.name}-{word.name}" for verb, word in pairs]


def forms_of(array):
    tensor = torch.tensor(array)
    return {
        "tensor": tensor,
        "tensor with a gradient": tensor.clone().requires_grad_() if tensor.is_floating_point() else tensor,
        "list": array.tolist(),
        "list of tensors": list(tensor),
    }


# --- arrays ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "word"), ARRAYS, ids=names(ARRAYS))
def test_every_argument_that_takes_an_array_takes_tensors_too(verb, word):
    given = [torch.ones(2, 3)] if is_sequence(word.type) else torch.ones(2, 3)
    adopted = adopt_arguments(verb, {word.name: given})[word.name]
    first = next(iter(adopted)) if is_sequence(word.type) else adopted
    assert isinstance(first, np.ndarray)


@pytest.mark.parametrize(("verb", "word"), ARRAYS, ids=names(ARRAYS))
def test_and_refuses_what_is_none(verb, word):
    if (verb.name, word.name) == ("stream", "source"):
        pytest.skip("any iterator is a source; what it gives is looked at when it comes")
    with pytest.raises(BadInput, match=r"is an? object: give an array of numpy, a tensor"):
        list(adopt_arguments(verb, {word.name: [object()] if is_sequence(word.type) else object()})[word.name])


@pytest.mark.parametrize("form", ["tensor", "tensor with a gradient", "list", "list of tensors"])
def test_a_network_infers_whatever_holds_the_numbers(form):
    expected = chipsmith.infer(module(), calibration=X, inputs=X[:2]).outputs["output"]
    given = forms_of(X[:2])[form]
    actual = chipsmith.infer(module(), calibration=forms_of(X)[form], inputs=given).outputs["output"]
    assert np.array_equal(actual, expected)


@pytest.mark.parametrize("form", ["tensor", "list", "list of tensors"])
def test_a_program_executes_whatever_holds_its_integers(form):
    program = chipsmith.compile(NETWORK, no_check=True).program
    port = program.manifest.inputs[0]
    integers = np.random.default_rng(1).integers(-128, 127, port.shape).astype(port.dtype)
    expected = chipsmith.simulate(program, inputs=integers).outputs
    for given in (forms_of(integers)[form], {port.name: forms_of(integers)[form]}):
        outputs = chipsmith.simulate(program, inputs=given).outputs
        assert all(np.array_equal(outputs[name], array) for name, array in expected.items())


def test_integers_that_a_port_does_not_hold_are_refused():
    program = chipsmith.compile(NETWORK, no_check=True).program
    port = program.manifest.inputs[0]
    with pytest.raises(BadInput, match="int64"):
        chipsmith.simulate(program, inputs=np.full(port.shape, 300))


@pytest.mark.parametrize("given", [None, [[1, 2], [3]], ["a", "b"], 3j, collections.namedtuple("Odd", "x")(object())])
def test_what_is_no_array_is_refused_with_what_is_taken(given):
    with pytest.raises(BadInput, match="give an array of numpy"):
        chipsmith.infer(module(), calibration=X, inputs=given)


def test_a_loader_is_no_calibration():
    with pytest.raises(BadInput, match="the calibration is a DataLoader: give an array"):
        chipsmith.compile(module(), calibration=torch.utils.data.DataLoader(torch.tensor(X)))


def test_a_type_that_numpy_lacks_becomes_float32():
    assert to_array(torch.ones(2, dtype=torch.bfloat16), "x").dtype == np.float32


def test_a_picture_is_read_as_its_file_would_be():
    from chipsmith.learn.data.raw_folder import RawForm, find_raw
    from chipsmith.learn.data.table_columns import NO_COLUMNS
    from chipsmith.learn.preprocessing import ImageReader, Preprocessing
    from chipsmith.learn.preprocessing.text import BytesReader

    pixels = np.random.default_rng(0).integers(0, 255, (9, 9), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    form = RawForm(preprocessing=Preprocessing(reader=ImageReader(height=9, width=9, channels=1)), columns=NO_COLUMNS)
    (given,) = adopt_arguments(VERBS["predict"], {"inputs": Image.open(file)})["inputs"]
    (example,) = find_raw(form, given).examples
    assert np.array_equal(form.reader.read(example.raw), form.reader.read(file.getvalue()))
    texts = RawForm(preprocessing=Preprocessing(reader=BytesReader(length=4)), columns=NO_COLUMNS)
    with pytest.raises(BadInput, match="a picture is given, and this network takes none"):
        find_raw(texts, given)


def test_a_stream_of_tensors_or_rows_is_one_of_arrays():
    rows = [[1.0, 2.0], [3.0, 4.0]]
    for source in (iter(torch.tensor(rows)), iter(rows), (tuple(row) for row in rows)):
        pieces = list(adopt_arguments(VERBS["stream"], {"source": source})["source"])
        assert [piece.tolist() for piece in pieces] == rows
    assert list(adopt_arguments(VERBS["stream"], {"source": iter(["1,2", "3,4"])})["source"]) == ["1,2", "3,4"]
    assert adopt_arguments(VERBS["stream"], {"source": "-"})["source"] == "-"


# --- runs by name ----------------------------------------------------------------------------------------------------


def test_a_name_is_that_of_a_run_where_no_path_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "digits-0").mkdir(parents=True)
    assert adopt_run("digits-0") == "runs/digits-0"
    assert adopt_run("other") == "other"
    assert adopt_run("package.module:function") == "package.module:function"
    assert adopt_run("x" * 5000) == "x" * 5000
    for name in ("", ".", ".."):
        assert adopt_run(name) == name
    (tmp_path / "digits-0").touch()
    assert adopt_run("digits-0") == "digits-0"


def test_a_name_that_is_none_is_refused_with_those_that_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"no file or folder digts, and no run of that name in \./runs$"):
        chipsmith.simulate("digts")
    (tmp_path / "runs" / "digits").mkdir(parents=True)
    (tmp_path / "runs" / "digits" / "result.json").touch()
    with pytest.raises(BadInput, match="did you mean digits"):
        chipsmith.predict("digts", "x.png")
    with pytest.raises(BadInput, match="there are digits"):
        chipsmith.simulate("unlike")


@pytest.mark.parametrize(("verb", "word"), RUNS, ids=names(RUNS))
def test_every_verb_that_takes_a_run_takes_its_name(verb, word, tmp_path, monkeypatch):
    if (verb.name, word.name) in (("runs", "folder"), ("generations", "networks"), ("run", "recipe")):
        pytest.skip("a folder of runs; names of recipes, which come first")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    adopted = adopt_arguments(verb, {word.name: "mine"})[word.name]
    assert adopted in ("runs/mine", ["runs/mine"])


def test_the_verbs_that_take_a_run_are_found_by_their_help():
    listed = {verb.name for verb, _ in RUNS}
    assert {"predict", "explain", "simulate", "report", "stream", "tune", "diff", "judge", "sign", "verify"} <= listed
    assert {"compile", "estimate", "infer", "scale", "deploy", "compare", "cosim", "power"} <= listed


# --- words of Python -------------------------------------------------------------------------------------------------


def test_a_message_says_what_the_option_is_called_in_python():
    with pytest.raises(BadInput, match=r"needs --calibration x\.npy: .*\(in Python calibration=array\)$"):
        chipsmith.compile(module())
    with pytest.raises(BadInput, match=r"--sort x: .*\(in Python sort\)$"):
        chipsmith.runs(sort="x")
    with pytest.raises(BadInput, match=r"--track wandb: .*\(in Python track\)$"):
        chipsmith.run(track="wandb")
    with pytest.raises(BadInput, match=r"--output needs --input: .*\(in Python output, inputs\)$"):
        chipsmith.simulate(chipsmith.compile(NETWORK, no_check=True), output="y.npy")


def test_commands_and_other_tools_options_stay_as_they_are():
    verb = VERBS["compile"]
    for message in ("`chipsmith compile X --chip Y` makes one", "pip install --force-reinstall x", "no option at all"):
        assert in_python(verb, message) == message
    once = in_python(verb, "give --wipe or --shape x=1x2, --wipe")
    assert once == "give --wipe or --shape x=1x2, --wipe (in Python wipe=True, shapes)"
    assert in_python(verb, once) == once


def test_an_option_that_the_verb_has_not_is_a_dead_end():
    assert unknown_options(VERBS["diff"], "allow it: --allow a:b, or --waive it, or `other --tool`") == ["--waive"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: chipsmith.compile(NETWORK, chips="nano-64"), "has no argument 'chips'; did you mean chip?"),
        (lambda: chipsmith.compile(NETWORK, set=["a=1"]), "has no argument 'set'; did you mean settings?"),
        (lambda: chipsmith.infer(NETWORK, input=X), "has no argument 'input'; did you mean inputs?"),
        (lambda: chipsmith.compress("digits", max_latency_us=3), "did you mean budget.max_latency_us?"),
        (lambda: chipsmith.estimate(NETWORK, "nano-64"), "takes model by place, and 2 are given"),
        (lambda: chipsmith.predict("run", "a.png", "b.png"), "several inputs are a list"),
        (lambda: chipsmith.compile(), "chipsmith.compile: missing a required argument: 'model'"),
    ],
)
def test_a_wrong_call_says_what_is_right(call, said):
    with pytest.raises(TypeError) as refused:
        call()
    assert said in str(refused.value)


def test_a_word_alone_is_not_its_letters():
    for settings in ("tensor.rows=8", ["tensor.rows=8"], {"tensor.rows": 8}):
        (row,) = chipsmith.estimate(NETWORK, settings=settings, no_check=True)
        assert row.program.chip.tensor.rows == 8
    sequences = [
        (verb, word)
        for verb, word in WORDS
        if is_sequence(word.type) and isinstance(word.form, Option | Argument) and "Array" not in str(word.type)
    ]
    for verb, word in sequences:
        adopted = adopt_arguments(verb, {word.name: "word"})[word.name]
        assert [str(each) for each in adopted] == ["word"], (verb.name, word.name)


def test_channels_and_shapes_are_mappings_too():
    assert adopt_arguments(VERBS["explain"], {"channels": {"features.conv2": 16}}) == {
        "channels": ["features.conv2=16"]
    }
    shapes = {"x": (1, 3, 8, 8), "y": "1x2"}
    assert adopt_arguments(VERBS["compile"], {"shapes": shapes}) == {"shapes": ["x=1x3x8x8", "y=1x2"]}
    settings = {"training.epochs": 3, "network.channels": [16, 32], "network.kind": "cnn"}
    assert adopt_arguments(VERBS["run"], {"settings": settings}) == {
        "settings": ["training.epochs=3", "network.channels=[16, 32]", "network.kind=cnn"]
    }


def test_runs_are_compared_one_by_one_or_as_a_list(tmp_path):
    for call in (lambda a, b: chipsmith.compare(a, b), lambda a, b: chipsmith.compare([a, b])):
        with pytest.raises(BadInput, match=f"there is no run folder {tmp_path}/a"):
            call(tmp_path / "a", tmp_path / "b")
    with pytest.raises(BadInput, match="2 to 20 runs, the baseline first; 1 given"):
        chipsmith.compare("alone")


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_can_be_pickled(name):
    assert pickle.loads(pickle.dumps(getattr(chipsmith, name))) is getattr(chipsmith, name)
