"""What bills of materials are made of: installed distributions with all that they need, and files by their hashes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

_LONGEST_LICENCE = 100
"""A longer field is the licence's text, and not its name."""
_CLASSIFIER = "License :: "


@dataclass(frozen=True, kw_only=True)
class InstalledLibrary:
    """A distribution that is installed, and the names of those that it needs."""

    name: str
    installed: Distribution
    needs: tuple[str, ...]


def installed_libraries(names: Iterable[str], *, extras: Mapping[str, Iterable[str]]) -> tuple[InstalledLibrary, ...]:
    """These distributions and all that they need, by name; `extras` are those asked of each.

    What is not installed is left out.
    """
    reached: dict[str, set[str]] = {}
    waiting = [(canonicalize_name(name), frozenset(extras.get(name, ()))) for name in names]
    needs: dict[str, set[str]] = {}
    while waiting:
        name, wanted = waiting.pop()
        installed = _installed(name)
        if installed is None or (name in reached and wanted <= reached[name]):
            continue
        reached.setdefault(name, set()).update(wanted)
        for requirement in _requirements(installed, reached[name]):
            other = canonicalize_name(requirement.name)
            needs.setdefault(name, set()).add(other)
            waiting.append((other, frozenset(requirement.extras)))
    return tuple(_library(name, needs.get(name, set()) & reached.keys() - {name}) for name in sorted(reached))


def _library(name: str, needs: Iterable[str]) -> InstalledLibrary:
    return InstalledLibrary(name=name, installed=distribution(name), needs=tuple(sorted(needs)))


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _requirements(installed: Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
    """Those that apply here with these extras."""
    for requirement in map(Requirement, installed.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def library_component(library: InstalledLibrary) -> Component:
    """With its version, licence and name in the registry; with the hash of its archive, where pip knows that."""
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    version = library.installed.version
    return Component(
        type=ComponentType.LIBRARY,
        name=library.name,
        version=version,
        bom_ref=library.name,
        purl=PackageURL(type="pypi", name=library.name, version=version),
        licenses=_licences(library.installed),
        hashes=[sha256_hash(digest) for digest in _archive_hashes(library.installed)],
    )


def _licences(installed: Distribution) -> list[Any]:
    """By the distribution's own words: an SPDX expression or a name, else its classifiers, else the licence's title."""
    from cyclonedx.contrib.license.factories import LicenseFactory

    factory = LicenseFactory()
    named = (_field(installed, "License-Expression") or _field(installed, "License")).strip()
    title = named.partition("\n")[0].strip()[:_LONGEST_LICENCE]
    if named and named == title:
        return [factory.make_from_string(named)]
    classifiers = installed.metadata.get_all("Classifier") or ()
    classified = {text.rpartition("::")[2].strip() for text in classifiers if text.startswith(_CLASSIFIER)}
    return [factory.make_with_name(name) for name in sorted(classified) or ([title] if title else [])]


def _field(installed: Distribution, name: str) -> str:
    """A field of its metadata; '' where it has none."""
    return str((installed.metadata.get_all(name) or ("",))[0])


def _archive_hashes(installed: Distribution) -> Iterator[str]:
    """The SHA-256 of the file that it was installed from, which pip keeps of those that were named by their place."""
    try:
        place = json.loads(installed.read_text("direct_url.json") or "{}")
        digest = place["archive_info"]["hashes"]["sha256"]
    except (ValueError, KeyError, TypeError):
        return
    if re.fullmatch("[0-9a-f]{64}", str(digest)):
        yield digest


def sha256_hash(digest: str) -> Any:
    """A SHA-256, in hexadecimal digits, as a bill of materials has it."""
    from cyclonedx.model import HashAlgorithm, HashType

    return HashType(alg=HashAlgorithm.SHA_256, content=digest)
