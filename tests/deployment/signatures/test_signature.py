"""What is signed is vouched for in every byte and name, and nothing else is; model-signing itself is the witness."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tracemalloc

import pytest
from model_signing import hashing, signing, verifying
from signing_cases import new_key, public_key, reason, sign

from chipsmith.deployment.signatures.bundle import MOST_SIGNATURE_BYTES, NotGenuine
from chipsmith.deployment.signatures.signature import genuine_copy, read_genuine
from chipsmith.errors import BadInput

FILES = ("digits.program", "result.json", ".hidden", "parts/a.csv", "parts/b.csv")


@pytest.fixture
def key(tmp_path):
    return new_key(tmp_path)


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "door.program"
    path.write_bytes(bytes(range(256)))
    return path


@pytest.fixture
def run(tmp_path):
    """A folder as a run leaves it, with a hidden file and a folder in it."""
    folder = tmp_path / "digits-0"
    (folder / "parts").mkdir(parents=True)
    for name in FILES:
        (folder / name).write_text(name)
    return folder


def test_what_is_signed_is_genuine(program, run, key):
    assert sign(program, key).name == "door.program.sig"
    assert sign(run, key) == run / "run.sig"
    assert reason(program, key) == reason(run, key) == ""


def test_model_signing_accepts_what_is_signed_here(program, run, key):
    for path in (program, run):
        signature = sign(path, key)
        verifying.Config().use_elliptic_key_verifier(public_key=key.with_name("K.pub.pem")).verify(path, signature)


def test_what_model_signing_signs_is_genuine_here(program, run, key):
    signer = signing.Config().use_elliptic_key_signer(private_key=key)
    signer.sign(program, program.with_name("door.program.sig"))
    whole = hashing.Config().set_ignored_paths(paths=["run.sig"], ignore_git_paths=False)
    signer.set_hashing_config(whole).sign(run, run / "run.sig")
    assert reason(program, key) == reason(run, key) == ""


def test_a_folder_that_was_signed_with_files_left_out_is_refused(run, key):
    """By default model-signing leaves out what git keeps in a folder, and anything could be added there."""
    signing.Config().use_elliptic_key_signer(private_key=key).sign(run, run.with_name("outside.sig"))
    shutil.move(run.with_name("outside.sig"), run / "run.sig")
    assert "leaves files out: ['.git', " in reason(run, key)


def test_what_has_no_signature_is_not_genuine(program, run, key):
    assert reason(program, key).startswith("it has no signature: there is no ")
    assert "digits-0/run.sig, which `chipsmith sign` writes" in reason(run, key)


def test_another_key_is_told(program, key, tmp_path):
    sign(program, key)
    assert "signed by another key" in reason(program, new_key(tmp_path, "L"))


@pytest.mark.parametrize("change", [lambda data: data + b"x", lambda data: data[:-1], lambda data: b"x" + data[1:]])
def test_changed_content_is_told(program, key, change):
    sign(program, key)
    program.write_bytes(change(program.read_bytes()))
    assert reason(program, key) == "its content was changed after it was signed"


def test_a_renamed_file_is_not_genuine_whatever_name_leads_to_it(program, key):
    signature = sign(program, key)
    for name in ("window.program", "DOOR.program"):
        other = program.with_name(name)
        shutil.copy(program, other)
        shutil.copy(signature, other.with_name(f"{name}.sig"))
        assert reason(other, key) == "it was signed under the name door.program, which is not its own"
    link = program.with_name("current.program")
    link.symlink_to(program)
    link.with_name("current.program.sig").symlink_to(signature)
    assert "under the name door.program" in reason(link, key)


def test_a_signature_of_another_program_is_not_its_own(program, key, tmp_path):
    (tmp_path / "b").mkdir()
    other = tmp_path / "b" / "door.program"
    other.write_text("other")
    shutil.copy(sign(other, key), sign(program, key))
    assert reason(program, key) == "its content was changed after it was signed"


CHANGES = {
    "changed: result.json": lambda run: (run / "result.json").write_text("better"),
    "missing: parts/a.csv": lambda run: (run / "parts" / "a.csv").unlink(),
    "added: z": lambda run: (run / "z").touch(),
    "added: .git/hooks": lambda run: ((run / ".git").mkdir(), (run / ".git" / "hooks").touch()),
    "renamed: .hidden to shown": lambda run: (run / ".hidden").rename(run / "shown"),
    "renamed: result.json to Result.json": lambda run: (run / "result.json").rename(run / "Result.json"),
    "empty is an empty folder": lambda run: (run / "empty").mkdir(),
    "link is a symbolic link": lambda run: (run / "link").symlink_to(run / "result.json"),
    "result.json is a symbolic link": lambda run: (
        shutil.move(run / "result.json", run.parent / "elsewhere.json"),
        (run / "result.json").symlink_to(run.parent / "elsewhere.json"),
    ),
    "parts is a symbolic link": lambda run: (
        shutil.move(run / "parts", run.parent / "elsewhere"),
        (run / "parts").symlink_to(run.parent / "elsewhere"),
    ),
    "pipe is no ordinary file": lambda run: os.mkfifo(run / "pipe"),
}


@pytest.mark.parametrize("said", CHANGES)
def test_what_was_changed_in_a_folder_is_named(run, key, said):
    sign(run, key)
    CHANGES[said](run)
    assert said in reason(run, key)


def test_a_long_list_of_changes_is_cut_and_holds_no_control_characters(run, key):
    sign(run, key)
    for index in range(8):
        (run / f"z{index}\x1b[2J").touch()
    assert "'z0\\x1b[2J'" in reason(run, key)
    assert reason(run, key).endswith("3 more")


def test_a_folder_is_not_genuine_under_another_name_nor_by_the_signature_of_another(run, key):
    other = run.parent / "other" / "digits-0"
    shutil.copytree(run, other)
    (other / "result.json").write_text("other")
    sign(run, key)
    shutil.copy(sign(other, key), run / "run.sig")
    assert reason(run, key) == "its files are not those that were signed; changed: result.json"
    assert "under the name digits-0" in reason(other.rename(other.with_name("digits-1")), key)


def test_a_file_is_not_genuine_by_the_signature_of_a_folder(run, key, tmp_path):
    signature = sign(run, key)
    (tmp_path / "b").mkdir()
    file = tmp_path / "b" / "digits-0"
    file.write_text("x")
    shutil.copy(signature, tmp_path / "b" / "digits-0.sig")
    assert reason(file, key) == "its signature is that of a folder"


def test_a_flipped_bit_anywhere_in_a_signature_is_refused(program, key):
    signature = sign(program, key)
    data = signature.read_bytes()
    for index in range(0, len(data), 11):
        signature.write_bytes(data[:index] + bytes([data[index] ^ 1 << index % 8]) + data[index + 1 :])
        assert reason(program, key), index


BUNDLE_CHANGES = {
    "another version": lambda bundle: bundle.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2"),
    "was changed": lambda bundle: bundle["dsseEnvelope"]["signatures"][0].update(keyid="k"),
    "differs": lambda bundle: bundle["dsseEnvelope"]["signatures"].append({"sig": "", "keyid": ""}),
    "file is damaged": lambda bundle: bundle["verificationMaterial"].update(publicKey=None),
    "no signature of model-signing": lambda bundle: bundle.pop("dsseEnvelope"),
}


@pytest.mark.parametrize("said", BUNDLE_CHANGES)
def test_a_signature_of_another_form_is_refused(program, key, said):
    signature = sign(program, key)
    bundle = json.loads(signature.read_bytes())
    BUNDLE_CHANGES[said](bundle)
    signature.write_text(json.dumps(bundle, separators=(",", ":")))
    assert said in reason(program, key)


@pytest.mark.parametrize("old", ["https://model_signing/Digests/v0.1", "https://model_signing/signature/v2.0"])
def test_a_statement_of_another_version_is_refused_though_the_right_key_signed_it(program, key, old, monkeypatch):
    from model_signing._signing import signing as internals

    monkeypatch.setattr(internals, "_PREDICATE_TYPE", old)
    sign(program, key)
    monkeypatch.undo()
    assert reason(program, key)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"mediaType":' * 9999, b"1" * 9999],
    ids=["empty", "list", "null", "bytes", "deep list", "deep", "number"],
)
def test_a_file_that_is_no_signature_is_refused(program, key, data):
    program.with_name("door.program.sig").write_bytes(data)
    assert "signature file" in reason(program, key)


def test_a_signature_of_a_gigabyte_is_not_read(program, key):
    with program.with_name("door.program.sig").open("wb") as file:
        file.truncate(1 << 30)
    tracemalloc.start()
    assert f"more than {MOST_SIGNATURE_BYTES >> 20} MiB" in reason(program, key)
    assert tracemalloc.get_traced_memory()[1] < 3 * MOST_SIGNATURE_BYTES
    tracemalloc.stop()


def test_a_pipe_in_a_signatures_place_is_not_waited_for(program, run, key):
    os.mkfifo(program.with_name("door.program.sig"))
    assert "no ordinary file" in reason(program, key)
    (run / "run.sig").mkdir()
    assert "run.sig cannot be read: Is a directory" in reason(run, key)


@pytest.mark.parametrize("comparison", [1, 2])
def test_the_bytes_that_are_used_are_those_that_were_verified(program, key, monkeypatch, comparison):
    """The file is swapped as soon as it was hashed, or as soon as it was read: what is read after that is not used."""
    from chipsmith.deployment.signatures import signature

    sign(program, key)
    genuine, compare = program.read_bytes(), signature._compare
    comparisons = []

    def swap(signed, actual):
        comparisons.append(actual)
        if len(comparisons) == comparison:
            program.write_text("swapped")
        compare(signed, actual)

    monkeypatch.setattr(signature, "_compare", swap)
    if comparison == 2:
        assert read_genuine(program, public_key(key)) == genuine
    with pytest.raises(NotGenuine, match=r"door\.program is not genuine: its content was changed"):
        read_genuine(program, public_key(key))


def test_a_copy_is_what_was_verified_whatever_becomes_of_the_original(program, run, key):
    sign(program, key)
    sign(run, key)
    with genuine_copy(program, public_key(key)) as file, genuine_copy(run, public_key(key)) as folder:
        program.write_text("swapped")
        (run / "result.json").write_text("swapped")
        assert (file.name, file.read_bytes()) == ("door.program", bytes(range(256)))
        assert (folder.name, (folder / "result.json").read_text()) == ("digits-0", "result.json")
    assert not file.exists()
    assert not folder.exists()


def test_a_folder_that_is_changed_while_it_is_copied_is_refused(run, key, monkeypatch):
    sign(run, key)
    copytree = shutil.copytree

    def swap(source, *arguments, **options):
        (run / "result.json").write_text("swapped")
        return copytree(source, *arguments, **options)

    monkeypatch.setattr(shutil, "copytree", swap)
    with pytest.raises(NotGenuine, match=r"changed: result\.json"), genuine_copy(run, public_key(key)):
        pytest.fail("a folder was used that is not genuine")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: (run / "link").symlink_to("result.json"), "link is a symbolic link"),
        (lambda run: (run / "empty").mkdir(), "empty is an empty folder"),
        (lambda run: os.mkfifo(run / "pipe"), "pipe is no ordinary file"),
        (lambda run: (run / os.fsdecode(b"\xff")).touch(), "UTF-8"),
        (lambda run: (shutil.rmtree(run), run.mkdir()), "holds no file"),
        (lambda run: shutil.copy(run.parent / "K.pem", run / "key"), "holds the private key"),
    ],
    ids=["link", "empty folder", "pipe", "name", "nothing", "key"],
)
def test_what_no_signature_covers_is_not_signed(run, key, spoil, said):
    spoil(run)
    with pytest.raises(BadInput, match=said):
        sign(run, key)
    assert not (run / "run.sig").exists()


def test_a_signature_is_renewed_whole(run, key, tmp_path):
    sign(run, key)
    (run / "result.json").write_text("better")
    sign(run, new_key(tmp_path, "L"))
    assert reason(run, tmp_path / "L.pem") == ""


def test_a_deep_folder_is_signed(run, key):
    deep = run
    for _ in range(500):
        deep = deep / "d"
        deep.mkdir()
    (deep / "file").touch()
    sign(run, key)
    assert reason(run, key) == ""
    (deep / "file").write_text("x")
    assert "changed: d/d/" in reason(run, key)


def test_the_statement_names_every_file_by_its_hash(run, key):
    bundle = json.loads(sign(run, key).read_bytes())
    predicate = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))["predicate"]
    names = {row["name"]: row["digest"] for row in predicate["resources"]}
    assert names == {name: hashlib.sha256(name.encode()).hexdigest() for name in FILES}
