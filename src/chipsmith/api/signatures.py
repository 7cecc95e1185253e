"""The verbs of who vouches for a program: keygen, sign, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from chipsmith.api.forms import AnyPath, Passphrase, SignedPath
from chipsmith.api.parameter import Option
from chipsmith.api.values import as_file
from chipsmith.api.verb import Verb
from chipsmith.console import signatures as console

if TYPE_CHECKING:
    from chipsmith.deployment.signatures.keys import KeyPair
    from chipsmith.deployment.signatures.signature import Signed, Verification


def keygen(
    *,
    output: Annotated[
        AnyPath, Option(flags=("--output", "-o"), metavar="K.pem", help="The private key to write; K.pub.pem beside.")
    ],
    passphrase: Passphrase = None,
) -> "KeyPair":
    """Make a key that signs programs, and the public key that verifies them.

    An elliptic-curve key (P-256) goes to `output`, readable by its owner alone, and its public key beside it: K.pub.pem
    of K.pem. A `passphrase` encrypts the private key; the command takes it from CHIPSMITH_KEY_PASSPHRASE. Raises
    BadInput where either file exists or cannot be written.
    """
    from chipsmith.deployment.signatures.keys import create_keys

    return create_keys(Path(output), passphrase=passphrase)


def sign(
    path: SignedPath,
    *,
    key: Annotated[AnyPath, Option(metavar="K.pem", help="The private key, such as `chipsmith keygen` makes.")],
    passphrase: Passphrase = None,
) -> "Signed":
    """Sign a program, or all files of a run's folder, by OpenSSF model-signing.

    `path` may also be what `run` or `compile` returned, whose folder or file is signed.
    The signature of the file `path` stands beside it, as P.program.sig; that of a folder is its file run.sig and covers
    every other file in it. It covers the name too: a file that is renamed is signed again. `key` is on the curve P-256,
    P-384 or P-521; `passphrase` opens it, the command takes it from CHIPSMITH_KEY_PASSPHRASE. Raises BadInput.
    """
    from chipsmith.deployment.signatures.keys import read_private_key
    from chipsmith.deployment.signatures.signature import sign_path

    return sign_path(as_file(path), read_private_key(Path(key), passphrase=passphrase))


def verify(
    path: SignedPath,
    *,
    key: Annotated[AnyPath, Option(metavar="PUB.pem", help="The public key of who has to have signed it.")],
) -> "Verification":
    """Say whether a program or a run's folder is, byte for byte, what the owner of a key signed.

    What is not genuine is no exception: see `Verification.reason`. Raises BadInput where `path` is not there or `key`
    is no public key.
    """
    from chipsmith.deployment.signatures.keys import read_public_key
    from chipsmith.deployment.signatures.signature import verify_path

    return verify_path(as_file(path), read_public_key(Path(key)))


SIGNATURE_VERBS = (
    Verb(function=keygen, present=console.present_keys),
    Verb(function=sign, present=console.present_signed),
    Verb(function=verify, present=console.present_verification, fails="it is not what the owner of the key signed"),
)
