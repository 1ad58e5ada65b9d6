"""Make the next item of an iteration in a thread while the caller works on one."""

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Return the items, of which a thread makes one in advance; its errors are raised where their item would come.

    When the caller stops early, by an error or Ctrl-C, the item in the making is waited for, and no thread is left.
    """
    maker = _Maker(items)
    del items  # which ends with the thread, and closes its files there
    maker.start()
    try:
        while True:
            item, error = maker.made.get()
            if error is not None:
                raise error
            if item is None:
                return
            maker.wanted.release()
            yield item
            del item  # before the next one is waited for
    finally:
        maker.stopped = True
        maker.wanted.release()
        maker.join()


class _Maker(threading.Thread, Generic[T]):
    """Makes an item whenever one is wanted; None is made at the end."""

    def __init__(self, items: Iterator[T]):
        super().__init__(name="fastloss reading", daemon=True)
        self._items = items
        self.made: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
        self.wanted = threading.Semaphore(1)
        self.stopped = False

    def run(self) -> None:
        item: T | None = None
        error: BaseException | None = None
        while error is None:
            self.wanted.acquire()
            if self.stopped:
                break
            try:
                item = next(self._items, None)
            except BaseException as raised:
                item, error = None, raised
            self.made.put((item, error))
            if item is None:
                break
            item = None
        self._items = iter(())
