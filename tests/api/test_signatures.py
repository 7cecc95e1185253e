"""keygen, sign, verify, and verbs that require a signature: what they print, exit codes, and what is never read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith import cli
from chipsmith.errors import BadInput, CheckFailed
from chipsmith.program import file as program_file

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path.parent / "cache"))
    monkeypatch.delenv("CHIPSMITH_KEY_PASSPHRASE", raising=False)
    return tmp_path


@pytest.fixture
def command(here, capfd):
    """Runs the command line: exit code, stdout, stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return ended.value.code or 0, out, err

    return run


@pytest.fixture
def program(here):
    """A program whose signature K pair."""
    chipsmith.compile(str(DIGITS), chip="nano-64", output=here / "d.program", no_check=True)
    chipsmith.keygen(output=here / "K.pem")
    chipsmith.sign(here / "d.program", key=here / "K.pem")
    return here / "d.program"


def test_a_program_from_its_key_to_its_verification(command, program):
    code, out, err = command("verify", program, "--key", "K.pub.pem")
    assert (code, err) == (0, "")
    assert out.startswith(f"genuine: {program}, 1 file, signed by the key ")
    with program.open("ab") as file:
        file.write(b"x")
    code, out, err = command("verify", program, "--key", "K.pub.pem")
    assert (code, out) == (1, "")
    assert err == f"chipsmith: {program} is not genuine: its content was changed after it was signed\n"


def test_what_keygen_and_sign_print_holds_nothing_of_the_private_key(command, program):
    secret = Path("K.pem").read_text().splitlines()[1]
    code, out, _ = command("keygen", "-o", "L.pem", "--json")
    pair = json.loads(out)
    assert code == 0
    assert pair["private_key"] == "L.pem"
    assert pair["public_key"] == "L.pub.pem"
    assert pair["encrypted"] is False
    code, out, _ = command("sign", program, "--key", "K.pem", "--json")
    assert json.loads(out)["signature"] == f"{program}.sig"
    assert secret not in out
    code, out, _ = command("keygen", "-o", "L.pem")
    assert code == 2


def test_a_passphrase_comes_from_the_environment(command, program, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_KEY_PASSPHRASE", "open sesame")
    assert command("keygen", "-o", "E.pem")[1].startswith("private key: E.pem (encrypted;")
    assert command("sign", program, "--key", "E.pem")[0] == 0
    monkeypatch.delenv("CHIPSMITH_KEY_PASSPHRASE")
    code, _, err = command("sign", program, "--key", "E.pem")
    assert code == 2
    assert "CHIPSMITH_KEY_PASSPHRASE" in err
    assert command("verify", program, "--key", "E.pub.pem")[0] == 0


def test_the_exit_code_of_verify_tells_what_is_not_genuine_from_a_wrong_call(command, program):
    command("keygen", "-o", "L.pem")
    shutil.copy(program, "unsigned.program")
    for path, key, exit_code in (
        (program, "L.pub.pem", 1),
        ("unsigned.program", "K.pub.pem", 1),
        (program, "K.pem", 2),
        (program, "none.pem", 2),
        ("none.program", "K.pub.pem", 2),
    ):
        code, out, err = command("verify", path, "--key", key)
        assert (code, out, err.count("\n")) == (exit_code, "", 1)
        assert json.loads(command("verify", path, "--key", key, "--json")[1] or "{}").get("genuine", False) is False


def test_a_run_folder_is_signed_whole(command, here, program):
    folder = here / "runs" / "digits-0"
    folder.mkdir(parents=True)
    for name in ("digits.program", "result.json"):
        (folder / name).write_text(name)
    assert "2 files" in command("sign", folder, "--key", "K.pem")[1]
    assert command("verify", folder, "--key", "K.pub.pem")[0] == 0
    (folder / "report.html").touch()
    code, _, err = command("verify", folder, "--key", "K.pub.pem")
    assert code == 1
    assert "added: report.html" in err


def inputs_of(path: Path) -> dict[str, np.ndarray]:
    ports = chipsmith.simulate(path).program.manifest.inputs
    return {port.name: np.zeros(port.shape, dtype=np.int8) for port in ports}


@pytest.mark.parametrize(
    "verb",
    [chipsmith.simulate, chipsmith.cosim, lambda path, **options: chipsmith.predict(path, ["x"], **options)],
    ids=["simulate", "cosim", "predict"],
)
def test_verbs_that_require_a_signature_parse_nothing_that_is_not_genuine(program, here, verb, monkeypatch):
    monkeypatch.setattr(program_file, "parse_program", lambda *_, **__: pytest.fail("it was parsed"))
    program.write_bytes(program.read_bytes() + b"x")
    with pytest.raises(CheckFailed, match=r"d\.program is not genuine: its content was changed"):
        verb(program, require_signature=here / "K.pub.pem")


def test_a_signed_program_simulates_as_without_a_signature(command, program, here):
    inputs = inputs_of(program)
    plain = chipsmith.simulate(program, inputs=inputs)
    signed = chipsmith.simulate(program, inputs=inputs, require_signature=here / "K.pub.pem")
    assert signed.cold.latency_cycles == plain.cold.latency_cycles
    assert all(np.array_equal(signed.outputs[name], plain.outputs[name]) for name in plain.outputs)
    code, _, err = command("simulate", program, "--require-signature", "K.pem")
    assert code == 2
    assert "holds a private key" in err


def test_the_program_that_is_simulated_is_the_one_that_was_verified(program, here, monkeypatch):
    """Between verifying and parsing the file is swapped for another program, which is not read."""
    from chipsmith.deployment.signatures import signature

    genuine, read = chipsmith.simulate(program).program, signature.read_genuine

    def swap(path, key):
        data = read(path, key)
        path.write_text("swapped")
        return data

    monkeypatch.setattr(signature, "read_genuine", swap)
    assert chipsmith.simulate(program, require_signature=here / "K.pub.pem").program == genuine


def test_a_program_in_memory_has_no_signature(program, here):
    with pytest.raises(BadInput, match="a Program in memory has no signature"):
        chipsmith.simulate(chipsmith.simulate(program).program, require_signature=here / "K.pub.pem")


def test_infer_reads_a_signed_network_and_no_other(command, program, here):
    network = Path(shutil.copy(DIGITS, here))
    graph_input = inputs_of(program)
    np.savez(here / "x.npz", **graph_input)
    words = ("infer", network, "--input", "x.npz", "--require-signature", "K.pub.pem")
    code, _, err = command(*words)
    assert (code, err.count("has no signature")) == (1, 1)
    chipsmith.sign(network, key=here / "K.pem")
    assert command(*words, "--output", "y.npz")[0] == 0
    assert command("infer", network, "--input", "x.npz", "--output", "z.npz")[0] == 0
    with np.load("y.npz") as signed, np.load("z.npz") as plain:
        assert all(np.array_equal(signed[name], plain[name]) for name in plain.files)
    network.write_bytes(network.read_bytes() + b"x")
    code, _, err = command(*words)
    assert (code, err) == (1, f"chipsmith: {network} is not genuine: its content was changed after it was signed\n")


def test_code_has_no_signature(command, program):
    code, _, err = command("infer", "module:build", "--input", "x.npy", "--require-signature", "K.pub.pem")
    assert code == 2
    assert "only files and folders have one" in err


def test_deploy_refuses_a_network_that_is_not_genuine(command, program, here):
    network = Path(shutil.copy(DIGITS, here))
    code, _, err = command("deploy", network, "-o", "out", "--require-signature", "K.pub.pem")
    assert code == 1
    assert "has no signature" in err
    assert not (here / "out").exists()


def test_without_model_signing_a_message_says_how_to_install_it(command, program, monkeypatch):
    from chipsmith import extras

    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    for words in (
        ("sign", program, "--key", "K.pem"),
        ("verify", program, "--key", "K.pub.pem"),
        ("keygen", "-o", "L.pem"),
    ):
        code, _, err = command(*words)
        assert code == 2
        assert "mend: pip install 'chipsmith[signing]'" in err
