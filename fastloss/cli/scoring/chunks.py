"""Rows of the stream, cut where its chunks begin: losses are added up chunk by chunk, whatever the batches are."""

from collections.abc import Iterator

from fastloss.cli.reading.batches import Batch
from fastloss.core.summation import CHUNK

OF_CLASSES = 1 << 16  # within which losses and weights are added up by chunks of different lengths


def chunk_of(batch: Batch) -> int:
    """Return how many rows a chunk has; of classes, what a state is given at a time."""
    return CHUNK if next(iter(batch.scores.values())).ndim == 1 else OF_CLASSES


class Aligned:
    """Rows of a part, which begins at row `start` of the stream, cut where chunks of the whole stream begin."""

    def __init__(self, start: int = 0):
        self._start = start
        self.head: list[Batch] = []  # of a chunk that began in another part
        self.tail: list[Batch] = []  # of one that is not full yet

    def feed(self, batch: Batch) -> Iterator[Batch]:
        """Add a batch; return the rows that fill chunks."""
        chunk = chunk_of(batch)
        first = -(-self._start // chunk) * chunk
        begins = min(max(first - batch.start, 0), batch.size)
        if begins:
            self.head.append(batch.part(0, begins))
        ends = max((batch.start + batch.size) // chunk * chunk - batch.start, begins)
        if ends > begins:
            yield from self.tail
            yield batch.part(begins, ends)
            self.tail = []
        if ends < batch.size:
            self.tail.append(batch.part(ends, batch.size))
