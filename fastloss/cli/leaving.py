"""How the process ends when a signal asks it to: at any moment, with nothing left behind, and not a word.

What would be left is noted with its undoing by `Undoing`. A signal undoes all of it and ends the process; nothing is
raised. Rejected: KeyboardInterrupt, which becomes an ImportError within an import, is printed and lost within a
callback, and leaves a file between its making and the `try` that would remove it.

Python runs its handlers between two steps of the main thread, and so not before a long call of another language's code
has returned. Therefore a thread, which the signal wakes too, does the same after PATIENCE.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn, Self

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # not all are everywhere
PATIENCE = 0.3  # seconds until another thread ends the process
LONG = 30.0  # the same where others have to be told first: see `raising`
BY_SIGNAL = 128  # what is added to a signal's number to make an exit code, as shells do
CLOSED_PIPE = BY_SIGNAL + 13

_undoings: dict[object, Callable[[], object]] = {}
_armed: list[signal.Signals] = []
_sent: int | None = None  # the first signal
_is_held = _is_waiting = False  # whether signals have to wait, and one does
_is_raised = False


def arm() -> None:
    """Answer the signals that end processes, but for those that whoever started this one lets it ignore."""
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            _armed.append(number)
            signal.signal(number, _handle)
    if os.name != "posix":  # where only a socket would wake a thread, and signals are few
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), name="fastloss signals", daemon=True).start()


def disarm() -> None:
    """Ignore the signals from now on: all is done, and what is left is to end."""
    for number in _armed:
        signal.signal(number, signal.SIG_IGN)


class Undoing:
    """Inside, a signal that ends the process calls `action` first: it may be called twice, and in the middle."""

    def __init__(self, action: Callable[[], object]):
        self._action = action

    def __enter__(self) -> Self:
        _undoings[self] = self._action
        return self

    def __exit__(self, *about: object) -> None:
        _undoings.pop(self, None)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let signals wait until a few steps are done that must not be parted."""
    global _is_held, _is_waiting
    _is_held = True
    try:
        yield
    finally:
        _is_held = False
        if _is_waiting:
            _is_waiting = False
            _answer()


@contextlib.contextmanager
def raising() -> Iterator[None]:
    """Let a signal raise SystemExit, where others on the network are told to stop as the blocks are left."""
    global _is_raised
    _is_raised = True
    try:
        yield
    finally:
        _is_raised = False


@contextlib.contextmanager
def blocked() -> Iterator[None]:
    """Let processes that are started inside, or by threads that are, never see what a terminal sends to all of them.

    This process still does: its threads of before are there.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP,))
    try:
        resource_tracker.ensure_running()  # as the first process does otherwise: it unblocks SIGINT in the end
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _handle(number: int, frame: FrameType | None) -> None:
    global _sent, _is_waiting
    if _sent is not None:
        return
    _sent = number
    if _is_held:
        _is_waiting = True
    else:
        _answer()


def _answer() -> None:
    code = BY_SIGNAL + (_sent or 0)
    if _is_raised:
        raise SystemExit(code)
    _end(code)


def _end(code: int) -> NoReturn:
    """Undo everything, the earliest first (processes before the folders that they are given), and end the process."""
    for action in list(_undoings.values()):
        with contextlib.suppress(BaseException):
            action()
    os._exit(code)


def _watch(reader: int) -> None:
    """Wait for the first signal, and for the main thread's answer."""
    while (number := os.read(reader, 1)[0]) not in _armed:
        pass
    time.sleep(LONG if _is_raised else PATIENCE)
    _end(BY_SIGNAL + number)
