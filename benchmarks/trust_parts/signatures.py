"""Signed programs and run folders, tampered with: how many are accepted; and whether genuine ones are.

Each tampering starts from a genuine copy. It counts as accepted where any door opens: `verify`, or what
`--require-signature` reads.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.deployment.signatures.bundle import NotGenuine
from chipsmith.deployment.signatures.keys import (
    PublicKey,
    create_keys,
    public_path_of,
    read_private_key,
    read_public_key,
)
from chipsmith.deployment.signatures.signature import (
    genuine_copy,
    read_genuine,
    sign_path,
    signature_path_of,
    verify_path,
)
from chipsmith.errors import BadInput
from chipsmith.program.file import write_program
from chipsmith.tosa.file import read_tosa

NETWORKS = Path(__file__).parents[2] / "tests" / "networks"
PROGRAMS = {"digits": "digits_cnn", "gru": "gru", "lstm": "lstm"}
NAMES = ("Digits.program", "digits.program ", "dіgits.program", "other.program", "digits.program.program", "x")
"""Other names; a letter of the third is Cyrillic."""
SIGNATURE_BITS, CONTENT_BITS = 60, 60
"""Bits that are flipped in the signature and in the content of each program and folder, a fresh copy each time."""


@dataclass(frozen=True, kw_only=True)
class _Attack:
    """A genuine copy to tamper with: `path` of the program or folder, and what an enemy has beside it.

    `others` are all that the same key signed. The enemy has their own key, `foreign`; `own` is the key of who signs,
    which only tamperings with versions use: what it signs in another form is not to be accepted either.
    """

    path: Path
    others: Path
    own: Path
    foreign: Path
    chance: random.Random

    @property
    def signature(self) -> Path:
        return signature_path_of(self.path)

    def draw_content(self) -> Path:
        """The program, or a file of the folder."""
        return self.draw_file() if self.path.is_dir() else self.path

    def draw_file(self) -> Path:
        """A file of the folder."""
        files = sorted(path for path in self.path.rglob("*") if path.is_file() and path.name != "run.sig")
        return self.chance.choice(files)


Tampering = Callable[[_Attack], Path | None]
"""Changes the copy; gives the path to verify where that is another one."""


def flip_bit(attack: _Attack, file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[attack.chance.randrange(len(data))] ^= 1 << attack.chance.randrange(8)
    file.write_bytes(data)


def edit_file(change: Callable[[bytes], bytes]) -> Tampering:
    def edit(attack: _Attack) -> None:
        file = attack.draw_content()
        file.write_bytes(change(file.read_bytes()))

    return edit


def edit_signature(change: Callable[[bytes], bytes]) -> Tampering:
    def edit(attack: _Attack) -> None:
        attack.signature.write_bytes(change(attack.signature.read_bytes()))

    return edit


def edit_bundle(change: Callable[[dict[str, Any]], object]) -> Tampering:
    """Changes the signature file's JSON, which is written as the signer writes it."""

    def edit(attack: _Attack) -> None:
        bundle = json.loads(attack.signature.read_bytes())
        change(bundle)
        attack.signature.write_text(json.dumps(bundle, separators=(",", ":")))

    return edit


def edit_statement(change: Callable[[dict[str, Any]], object], *, signed: bool) -> Tampering:
    """Changes what is signed; `signed` by the right key, for a statement of another version."""

    def edit(attack: _Attack) -> None:
        bundle = json.loads(attack.signature.read_bytes())
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        change(statement)
        payload = json.dumps(statement, indent=2).encode()
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
        if signed:
            bundle["dsseEnvelope"]["signatures"][0]["sig"] = sign_payload(attack.own, payload)
        attack.signature.write_text(json.dumps(bundle, separators=(",", ":")))

    return edit


def sign_payload(key: Path, payload: bytes) -> str:
    """The signature of DSSE, by another hand than model-signing's."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private: Any = serialization.load_pem_private_key(key.read_bytes(), None)
    kind = "application/vnd.in-toto+json"
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    return base64.b64encode(private.sign(message, ec.ECDSA(hashes.SHA256()))).decode()


def vouch_for_changed(attack: _Attack) -> None:
    """Changes a file and writes its new hash into the statement, whose signature stays."""
    file = attack.draw_content()
    old = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(file.read_bytes() + b"\0")
    new = hashlib.sha256(file.read_bytes()).hexdigest()
    edit_statement(lambda statement: _replace(statement, old, new), signed=False)(attack)


def _replace(statement: dict[str, Any], old: str, new: str) -> None:
    rows = statement["predicate"]["resources"]
    for row in rows:
        row["digest"] = row["digest"].replace(old, new)
    root = hashlib.sha256(b"".join(bytes.fromhex(row["digest"]) for row in rows)).hexdigest()
    statement["subject"][0]["digest"]["sha256"] = root


def sign_as_foreigner(attack: _Attack) -> None:
    sign_path(attack.path, read_private_key(attack.foreign, passphrase=None))


def sign_as_foreigner_under_our_hint(attack: _Attack) -> None:
    hint = json.loads(attack.signature.read_bytes())["verificationMaterial"]
    sign_as_foreigner(attack)
    edit_bundle(lambda bundle: bundle.update(verificationMaterial=hint))(attack)


def take_signature_of_other_version(attack: _Attack) -> None:
    """The right key signed this program or folder, by this name, when a file had another byte at its end."""
    file = attack.draw_content()
    content = file.read_bytes()
    file.write_bytes(content + b"\0")
    sign_path(attack.path, read_private_key(attack.own, passphrase=None))
    file.write_bytes(content)


def take_signature_of_other(attack: _Attack) -> None:
    other = attack.chance.choice([path for path in siblings(attack) if path.name != attack.path.name])
    shutil.copy(signature_path_of(other), attack.signature)


def take_place_of_other(attack: _Attack) -> Path:
    """Another genuine program or folder, with its own signature, under this name."""
    other = attack.chance.choice([path for path in siblings(attack) if path.name != attack.path.name])
    target = attack.path.with_name("elsewhere") / attack.path.name
    copy_signed(other, target)
    return target


def siblings(attack: _Attack) -> list[Path]:
    return [path for path in sorted(attack.others.iterdir()) if path.is_dir() == attack.path.is_dir() if signed(path)]


def signed(path: Path) -> bool:
    return path.suffix != ".sig" and signature_path_of(path).exists()


def copy_signed(path: Path, target: Path) -> None:
    """A copy with its signature; of a program under another name the signature has that name too."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        shutil.copy(path, target)
        shutil.copy(signature_path_of(path), signature_path_of(target))


def rename_to(name: str) -> Tampering:
    def rename(attack: _Attack) -> Path:
        target = attack.path.with_name(name)
        copy_signed(attack.path, target)
        return target

    return rename


def link_to_other(attack: _Attack) -> Path:
    """A link by another name, as is its signature."""
    link = attack.path.with_name("current.program")
    link.symlink_to(attack.path)
    if not attack.path.is_dir():
        signature_path_of(link).symlink_to(attack.signature)
    return link


def add_file(name: str) -> Tampering:
    def add(attack: _Attack) -> None:
        file = attack.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("added")

    return add


def move_file(change: Callable[[Path], Path]) -> Tampering:
    def move(attack: _Attack) -> None:
        file = attack.draw_file()
        target = change(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)

    return move


def link_file(attack: _Attack) -> None:
    """A file is moved out of the folder, and a link to it put in its place: its bytes are the same."""
    file = attack.draw_file()
    outside = attack.path.with_name("outside")
    file.rename(outside)
    file.symlink_to(outside)


def swap_files(attack: _Attack) -> None:
    first, second = attack.chance.sample(sorted(path for path in attack.path.glob("*.program")), 2)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def sign_git_way(attack: _Attack) -> None:
    """The right key signs as model-signing does by itself, without what git keeps; then something is added there."""
    from model_signing import signing

    attack.signature.unlink()
    outside = attack.path.with_name("outside.sig")
    signing.Config().use_elliptic_key_signer(private_key=attack.own).sign(attack.path, outside)
    shutil.move(outside, attack.signature)
    add_file(".git/hooks/post-checkout")(attack)


_BUNDLE = "application/vnd.dev.sigstore.bundle"
VERSIONS: dict[str, Tampering] = {
    **{
        f"bundle {version}": edit_bundle(lambda bundle, version=version: bundle.update(mediaType=f"{_BUNDLE}{version}"))
        for version in ("+json;version=0.1", "+json;version=0.2", "+json;version=0.3", ".v0.4+json", "")
    },
    **{
        f"payload {kind}": edit_bundle(lambda bundle, kind=kind: bundle["dsseEnvelope"].update(payloadType=kind))
        for kind in ("application/json", "application/vnd.in-toto+json;v=2", "")
    },
    **{
        f"predicate {kind}": edit_statement(lambda content, kind=kind: content.update(predicateType=kind), signed=True)
        for kind in ("https://model_signing/signature/v2.0", "https://model_signing/Digests/v0.1", "")
    },
    "statement v0.1": edit_statement(
        lambda content: content.update(_type="https://in-toto.io/Statement/v0.1"), signed=True
    ),
    **{
        f"{field} {value}": edit_statement(
            lambda content, field=field, value=value: content["predicate"]["serialization"].update({field: value}),
            signed=True,
        )
        for field, value in (("method", "shards"), ("hash_type", "blake2"), ("allow_symlinks", True))
    },
    "two subjects": edit_statement(lambda content: content["subject"].append(content["subject"][0]), signed=True),
}
UNSIGNED: dict[str, Tampering] = {
    "key identifier": edit_bundle(lambda bundle: bundle["dsseEnvelope"]["signatures"][0].update(keyid="x")),
    "second signature": edit_bundle(
        lambda bundle: bundle["dsseEnvelope"]["signatures"].append({"sig": "", "keyid": ""})
    ),
    "no signature": edit_bundle(lambda bundle: bundle["dsseEnvelope"].update(signatures=[])),
    "zero signature": edit_bundle(lambda bundle: bundle["dsseEnvelope"]["signatures"][0].update(sig="MAYCAQACAQA=")),
    "no hint": edit_bundle(lambda bundle: bundle["verificationMaterial"].update(publicKey={"hint": ""})),
    "log entry": edit_bundle(lambda bundle: bundle["verificationMaterial"].update(tlogEntries=[{}])),
    "unknown field": edit_bundle(lambda bundle: bundle.update(x=1)),
    "a space": edit_signature(lambda data: data + b" "),
    "empty": edit_signature(lambda _: b""),
    "removed": lambda attack: attack.signature.unlink(),
}
CONTENT: dict[str, Tampering] = {
    "appended": edit_file(lambda data: data + b"\0"),
    "prepended": edit_file(lambda data: b"\0" + data),
    "cut": edit_file(lambda data: data[:-1]),
    "emptied": edit_file(lambda _: b""),
    "doubled": edit_file(lambda data: data + data),
    "hash rewritten": vouch_for_changed,
    "another key": sign_as_foreigner,
    "another key, our hint": sign_as_foreigner_under_our_hint,
    "signature of another": take_signature_of_other,
    "signature of another version": take_signature_of_other_version,
    "another in its place": take_place_of_other,
    "link": link_to_other,
    **{f"renamed {name!r}": rename_to(name) for name in NAMES},
}
FOLDER: dict[str, Tampering] = {
    **{
        f"added {name}": add_file(name)
        for name in (
            "z.program",
            ".hidden",
            ".git/config",
            ".github/x",
            ".gitignore",
            ".gitattributes",
            "run.sig2",
            "a/b",
        )
    },
    "removed file": lambda attack: attack.draw_file().unlink(),
    "empty folder": lambda attack: (attack.path / "empty").mkdir(),
    "upper case": move_file(lambda file: file.with_name(file.name.upper())),
    "moved": move_file(lambda file: file.parent / "sub" / file.name),
    "link in a file's place": link_file,
    "swapped files": swap_files,
    "signed without git's files": sign_git_way,
}


def tamperings(kind: str) -> Iterator[tuple[str, Tampering]]:
    """All that is done to a program or a folder, by name."""
    yield from {**CONTENT, **UNSIGNED, **VERSIONS, **(FOLDER if kind == "folder" else {})}.items()
    for index in range(SIGNATURE_BITS):
        yield f"bit {index} of the signature", lambda attack: flip_bit(attack, attack.signature)
    for index in range(CONTENT_BITS):
        yield f"bit {index}", lambda attack: flip_bit(attack, attack.draw_content())


def accepted(path: Path, key: PublicKey) -> bool:
    """Whether any door opens to it."""
    if verify_path(path, key).genuine:
        return True
    with suppress(NotGenuine, BadInput):
        if not path.is_dir():
            read_genuine(path, key)
            return True
        with genuine_copy(path, key):
            return True
    return False


def prepare(folder: Path, key: Path) -> list[Path]:
    """Signed programs, and two signed folders of them."""
    folder.mkdir()
    for name, network in PROGRAMS.items():
        graph = read_tosa(str(NETWORKS / f"{network}.tosa"))
        write_program(compile_network(graph, load_chip("nano-64")), folder / f"{name}.program")
    programs = sorted(folder.iterdir())
    folders = [folder / "digits-0", folder / "digits-1"]
    for index, run in enumerate(folders):
        run.mkdir()
        for program in programs:
            shutil.copy(program, run)
        (run / "result.json").write_text(json.dumps({"seed": index}))
        (run / "chip.yaml").write_text(load_chip("nano-64").to_yaml())
    for path in (*programs, *folders):
        sign_path(path, read_private_key(key, passphrase=None))
    return [*programs, folders[0]]


def tamper_all(subjects: Sequence[Path], *, own: Path, foreign: Path) -> Iterator[tuple[str, bool]]:
    """Each tampering with each subject, and whether it is accepted."""
    public = read_public_key(public_path_of(own))
    for subject in subjects:
        for index, (label, tamper) in enumerate(tamperings("folder" if subject.is_dir() else "program")):
            with tempfile.TemporaryDirectory(dir=own.parent) as place:
                path = Path(place) / subject.name
                copy_signed(subject, path)
                chance = random.Random(f"{subject.name} {index}")
                attack = _Attack(path=path, others=subject.parent, own=own, foreign=foreign, chance=chance)
                yield f"{subject.name}: {label}", accepted(tamper(attack) or path, public)


def measure() -> dict[str, Any]:
    """Tampered: how many ways, and how many were accepted; genuine: how many there are, and how many were accepted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own, foreign = (create_keys(folder / f"{key}.pem", passphrase=None).private_path for key in ("own", "foreign"))
        subjects = prepare(folder / "signed", own)
        genuine = [accepted(path, read_public_key(public_path_of(own))) for path in subjects]
        results = list(tamper_all(subjects, own=own, foreign=foreign))
    figures = {
        "tampered": len(results),
        "accepted": sum(passed for _, passed in results),
        "which": [label for label, passed in results if passed],
        "genuine": len(genuine),
        "genuine_accepted": sum(genuine),
    }
    return {"signatures": figures}
