"""Small files that claim or unfold to much: a message or a few megabytes, and no other program is started."""

from __future__ import annotations

import io
import struct
import tracemalloc
import wave
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chipsmith.errors import BadInput
from chipsmith.learn.preprocessing import ImageReader, SoundReader
from chipsmith.learn.preprocessing.images import MOST_IMAGE_PIXELS, image_traits

READER = ImageReader(height=4, width=4, channels=3, resize=True)
SOUND = SoundReader(rate_hz=8_000, samples=8_000)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of grey pixels, of which it holds none."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), *chunks, (b"IDAT", zlib.compress(b"\0")), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 9_000), (MOST_IMAGE_PIXELS + 1, 1), (1, 200_000_000)])
def test_an_image_that_claims_too_many_pixels_is_refused_before_it_is_decoded(size):
    with pytest.raises(BadInput, match="has more than 89,478,485 pixels, the most of an image"):
        READER.read(png(*size))


def test_text_in_an_image_that_unfolds_to_a_hundred_megabytes_is_not_unfolded():
    bomb = (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9))
    tracemalloc.start()
    with pytest.raises(BadInput, match="is no image that can be read"):
        READER.read(png(4, 4, bomb))
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_of_an_animation_the_first_picture_alone_is_decoded():
    """What follows it is no picture, and is not looked at."""
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), (50 * number, 0, 0)) for number in range(3)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    first = io.BytesIO()
    frames[0].save(first, "GIF")
    assert np.array_equal(READER.read(buffer.getvalue()), READER.read(first.getvalue()))
    assert np.array_equal(
        READER.read(first.getvalue()[:-1] + b"," + bytes(50) * 1_000_000), READER.read(first.getvalue())
    )


def test_a_program_in_postscript_is_no_image_whatever_its_file_is_called(tmp_path):
    """Pillow would hand it to Ghostscript."""
    file = tmp_path / "cat.png"
    file.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\nshowpage\n%%EOF\n")
    with Image.open(file) as opened:
        assert opened.format == "EPS"
    for read in (READER.read, image_traits):
        with pytest.raises(BadInput, match=r"cat\.png is no image of a known format \(BMP, GIF, JPEG, PNG, PPM"):
            read(file)


def write_sparse_wave(file: Path, *, rate_hz: int, channels: int, frames: int, start: np.ndarray) -> None:
    """A WAV file that begins with these samples (n, channels) of 16 bits, and goes on with silence on no disk."""
    data = frames * channels * 2
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, (rate_hz * channels * 2) % 2**32, (channels * 2) % 2**16, 16)
    head = b"RIFF" + struct.pack("<I", 36 + data) + b"WAVEfmt " + struct.pack("<I", 16) + form
    with file.open("wb") as opened:
        opened.write(head + b"data" + struct.pack("<I", data) + start.astype("<i2").tobytes())
        opened.truncate(len(head) + 8 + data)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
def test_a_sound_of_hours_takes_the_memory_of_a_second_and_gives_the_same_samples(tmp_path, rate_hz):
    start = np.random.default_rng(0).integers(-9000, 9000, (3 * rate_hz, 2))
    file, short = tmp_path / "long.wav", tmp_path / "short.wav"
    write_sparse_wave(file, rate_hz=rate_hz, channels=2, frames=6 * 3600 * rate_hz, start=start)
    with wave.open(str(short), "wb") as opened:
        opened.setparams((2, 2, rate_hz, 0, "NONE", ""))
        opened.writeframes(start.astype("<i2").tobytes())
    expected = SOUND.read(short)
    tracemalloc.start()
    assert np.array_equal(SOUND.read(file), expected)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("rate_hz", [11_025, 22_050, 44_100, 48_000])
def test_what_is_not_read_would_not_have_changed_what_is_kept(tmp_path, rate_hz):
    """The witness resamples the whole sound by librosa, then cuts it."""
    import librosa

    samples = np.random.default_rng(1).integers(-9000, 9000, (12 * rate_hz, 1))
    write_sparse_wave(tmp_path / "s.wav", rate_hz=rate_hz, channels=1, frames=len(samples), start=samples)
    whole = samples[:, 0].astype(np.float32) / 32768
    resampled = librosa.resample(whole, orig_sr=rate_hz, target_sr=8_000)
    assert np.array_equal(SOUND.read(tmp_path / "s.wav"), resampled[:8_000])


@pytest.mark.parametrize("rate_hz", [1, 99, 1_000_001, 2**31 - 1])
def test_a_rate_that_no_sound_has_is_refused(tmp_path, rate_hz):
    write_sparse_wave(tmp_path / "s.wav", rate_hz=rate_hz, channels=1, frames=100, start=np.ones((100, 1)))
    with pytest.raises(BadInput, match=r"s\.wav has .* samples a second; 100 to 1,000,000 are read"):
        SOUND.read(tmp_path / "s.wav")


def test_a_thousand_channels_are_averaged_block_by_block(tmp_path):
    start = np.tile(np.arange(-500, 500), (20_000, 1))
    write_sparse_wave(tmp_path / "s.wav", rate_hz=8_000, channels=1_000, frames=1_000_000, start=start)
    tracemalloc.start()
    assert SOUND.read(tmp_path / "s.wav") == pytest.approx(np.full(8_000, -0.5 / 32768), abs=1e-9)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
