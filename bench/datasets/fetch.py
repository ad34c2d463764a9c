"""Where original files lie, that they are the right ones, and how they get there."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import textwrap
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import pooch

from bench.datasets.base import DataFile, Loader
from bench.datasets.sheet import to_csv
from bench.errors import BenchError

TIMEOUT_SECONDS = 60


def data_folder(data_dir: Path | str | None = None) -> Path:
    """`data_dir`, else the environment variable BENCH_DATA_DIR, else the cache folder of this user."""
    return Path(data_dir or os.environ.get("BENCH_DATA_DIR") or pooch.os_cache("difflm-bench"))


def sha256(path: Path) -> str:
    """Of a file, or of the names and contents of the JSON files of a folder."""
    if path.is_dir():
        state = hashlib.sha256()
        for part in sorted(path.rglob("*.json")):
            state.update(f"{part.relative_to(path).as_posix()} {sha256(part)}\n".encode())
        return state.hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wanted(loader: Loader, folder: Path) -> Sequence[DataFile]:
    """The files that the dataset is read from: its own, else other forms of them, else excerpts."""
    for files in (loader.files, loader.alternatives, loader.excerpts):
        if there := [file for file in files if (folder / file.path).exists()]:
            return loader.files if files is loader.files else there
    return loader.files


def fetch(loader: Loader, folder: Path) -> dict[str, str]:
    """Make sure that every file of a dataset is in `folder`; download what is missing.

    Returns:
        Path below the folder -> sha256 of the bytes that are there.

    Raises:
        BenchError: a file is there with other bytes, or is missing and cannot be had.
    """
    files = wanted(loader, folder)
    missing = [file for file in files if not (folder / file.path).exists()]
    for file in missing:
        if not file.archive and not file.hub:
            raise BenchError(
                f"dataset '{loader.name}' needs '{folder / file.path}', which cannot be downloaded: "
                f"{loader.how_to_get}, and put it there (or name another folder with --data-dir)"
            )
    for file in missing:
        if file.hub:
            download_from_hub(file, folder)
    for archive in dict.fromkeys(file.archive for file in missing if file.archive):
        download(archive, [file for file in missing if file.archive == archive], folder)
    return {file.path: check(folder / file.path, file.sha256) for file in files}


def check(path: Path, expected: str | None) -> str:
    """The sha256 of a file.

    Raises:
        BenchError: it is not the expected one.
    """
    actual = sha256(path)
    if expected not in (None, actual):
        raise BenchError(
            f"'{path}' is not the original file: its sha256 is {actual}, expected {expected}; "
            "remove it, then run 'bench data fetch'"
        )
    return actual


def download(archive: str, files: Sequence[DataFile], folder: Path) -> None:
    """Take `files` out of a zip on the web; a file appears in `folder` whole and verified, or not at all.

    Raises:
        BenchError: the zip cannot be had, is no zip, or holds other files than expected.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # beside the files, so that the last step is a rename within one file system
        with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
            package = get(archive, Path(scratch))
            for file in files:
                unpacked = Path(scratch) / "unpacked"
                with package.open(file.member) as source, unpacked.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
                if file.member.endswith(".xls"):
                    unpacked.write_text(to_csv(unpacked), encoding="utf-8", newline="")
                if file.sha256 not in (None, sha256(unpacked)):
                    raise BenchError(
                        f"{archive}: '{file.member}' has changed: its sha256 is {sha256(unpacked)}, "
                        f"expected {file.sha256}; name a folder that has the original with --data-dir"
                    )
                (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
                unpacked.replace(folder / file.path)
    except (zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise BenchError(f"{archive} does not hold what it should: {error}") from error
    except OSError as error:
        raise BenchError(
            f"{archive} cannot be downloaded to '{folder}': {textwrap.shorten(str(error), 120)}; "
            "where there is no network, name a folder that has the files with --data-dir"
        ) from error


def download_from_hub(file: DataFile, folder: Path) -> None:
    """Take a file from the Hugging Face hub; it appears in `folder` whole, or not at all.

    Raises:
        BenchError: it cannot be had.
    """
    from huggingface_hub import hf_hub_url  # noqa: PLC0415  (slow to import, and seldom needed)

    url = hf_hub_url(file.hub, file.member, repo_type="dataset", endpoint=os.environ.get("HF_ENDPOINT"))
    try:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
            retrieve(url, file.member, Path(scratch)).replace(folder / file.path)
    except OSError as error:
        raise BenchError(
            f"{url} cannot be downloaded: {textwrap.shorten(str(error), 120)}; where there is no network, put the "
            f"file at '{folder / file.path}' (or name another folder with --data-dir)"
        ) from error


def get(archive: str, scratch: Path) -> zipfile.ZipFile:
    # the zip is packed anew by its host from time to time: the checksum that counts is that of the member
    return zipfile.ZipFile(retrieve(archive, "archive.zip", scratch))


def retrieve(url: str, name: str, scratch: Path) -> Path:
    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=TIMEOUT_SECONDS)
    return Path(pooch.retrieve(url, None, name, scratch, downloader=downloader))
