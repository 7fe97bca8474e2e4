import errno
import os
import threading
from pathlib import Path

import pytest

from eqt_theory.core import files
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import (
    append_line,
    locked,
    read_json,
    replace_file,
    try_file,
    try_folder,
    write_text,
)


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_is_written_as_a_whole_and_keeps_its_mode(tmp_path: Path):
    file = tmp_path / "x.json"
    assert write_text(file, "old") == file
    file.chmod(0o640)
    write_text(file, "new, with half a pair \ud800")
    assert file.read_text("utf-8") == "new, with half a pair \\ud800"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [f.name for f in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.parametrize("place", ["os.fsync", "_fill"])
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str):
    file = tmp_path / "judgements.json"
    write_text(file, "old" * 10_000)
    if place == "os.fsync":
        monkeypatch.setattr(files.os, "fsync", _full)
    else:
        monkeypatch.setattr(files, place, _full)
    with pytest.raises(OSError, match="No space left"):
        write_text(file, "new" * 10_000)
    assert file.read_text() == "old" * 10_000
    assert [f.name for f in tmp_path.iterdir()] == ["judgements.json"], "nothing half written stays"


def test_an_interrupt_while_writing_leaves_the_old_file_whole(tmp_path: Path):
    file = tmp_path / "x"
    write_text(file, "old")

    def write(fresh: Path) -> None:
        fresh.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_file(file, write)
    assert (file.read_text(), len(list(tmp_path.iterdir()))) == ("old", 1)


def test_links_are_followed_and_devices_written_to(tmp_path: Path):
    (tmp_path / "far").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "far" / "x")
    write_text(link, "first")
    write_text(link, "second")
    assert link.is_symlink() and (tmp_path / "far" / "x").read_text() == "second"
    write_text(Path(os.devnull), "nothing")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    heard: list[str] = []
    reader.start()
    write_text(pipe, "through a pipe")
    reader.join(10)
    assert heard == ["through a pipe"]


def test_a_line_that_cannot_be_added_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "runs.jsonl"
    append_line(file, "one")
    monkeypatch.setattr(files.os, "fsync", _full)
    with pytest.raises(OSError, match="No space left"):
        append_line(file, "two" * 10_000)
    assert file.read_text() == "one\n"
    monkeypatch.undo()
    append_line(file, "three")
    assert file.read_text() == "one\nthree\n"


def test_a_second_writer_waits_or_is_told(tmp_path: Path):
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path):
            order.append("second")

    with locked(tmp_path):
        with pytest.raises(UsageError, match="another process is writing"), locked(tmp_path, wait=False):
            pass
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.05)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"{", b"\xff\xfe{}", b"[" * 100_000, b"1" * 5_000, b'{"a": ' * 50_000, b"", b"\x00"],
    ids=["cut", "not UTF-8", "deep", "long number", "deep object", "empty", "null"],
)
def test_json_of_anybody_is_read_or_refused(tmp_path: Path, content: bytes):
    file = tmp_path / "x.json"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="^the record .*x.json is not JSON"):
        read_json(file, "the record")
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(file, "the record") == {"a": 1}


def test_files_that_cannot_be_written_are_told_beforehand(tmp_path: Path):
    there = tmp_path / "there"
    there.write_text("x")
    for file, said in [
        (tmp_path, "must name a file, got the folder"),
        (tmp_path / "no" / "x", "does not exist"),
        (there / "x", "does not exist"),
        (tmp_path / ("x" * 300), "File name too long"),
        (Path("a\0b"), "no usable name"),
    ]:
        with pytest.raises(UsageError, match=said):
            try_file("--json", file)
    for file in (None, Path("-"), there, tmp_path / "new", Path(os.devnull)):
        try_file("--json", file)
    assert [f.name for f in tmp_path.iterdir()] == ["there"] and there.read_text() == "x"


def test_folders_that_cannot_be_made_are_told_beforehand(tmp_path: Path):
    there = tmp_path / "there"
    there.write_text("x")
    for folder, said in [
        (there, "must name a folder, got the file"),
        (there / "x", "Not a directory"),
        (Path("-"), "stands for standard output"),
        (tmp_path / "a" / ("x" * 300), "File name too long"),
        (Path("/proc/x/y"), "cannot be written"),
    ]:
        with pytest.raises(UsageError, match=said):
            try_folder("--html", folder)
    for folder in (None, tmp_path, tmp_path / "a" / "b"):
        try_folder("--html", folder)
    assert [f.name for f in tmp_path.iterdir()] == ["there"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is write-protected for root")
def test_what_is_write_protected_is_told_beforehand(tmp_path: Path):
    file = tmp_path / "x"
    file.write_text("x")
    file.chmod(0o400)
    with pytest.raises(UsageError, match="write-protected"):
        try_file("--json", file)
    tmp_path.chmod(0o500)
    for attempt in (lambda: try_file("--json", tmp_path / "y"), lambda: try_folder("--html", tmp_path / "z")):
        with pytest.raises(UsageError, match="Permission denied"):
            attempt()
    tmp_path.chmod(0o700)
