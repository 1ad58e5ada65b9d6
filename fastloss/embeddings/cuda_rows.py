"""What a block of threads does with one row of a matrix, whose columns its threads share."""

import numba
import numpy as np
from numba import cuda

from fastloss.compile.templates import unbound
from fastloss.embeddings.tiles import better

WIDE, IDS = numba.float64, numba.int64

THREADS = unbound


def fill(matrix, r, number):
    for j in range(cuda.threadIdx.x, matrix.shape[1], THREADS):
        matrix[r, j] = number


def sum_row(matrix, r):
    """Sum a thread's columns."""
    total = 0.0
    for j in range(cuda.threadIdx.x, matrix.shape[1], THREADS):
        total += matrix[r, j]
    return total


def largest_magnitude(matrix, r):
    """Return the largest absolute value among a thread's columns; NaN if there is one."""
    largest = 0.0
    for j in range(cuda.threadIdx.x, matrix.shape[1], THREADS):
        v = abs(np.float64(matrix[r, j]))
        largest = v if (v > largest or v != v) else largest
    return largest


def block_largest(number):
    """Return the largest of all threads' numbers, to all of them; NaN if there is one."""
    numbers = cuda.shared.array(THREADS, WIDE)
    thread = cuda.threadIdx.x
    numbers[thread] = number
    half = THREADS // 2
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            one, other = numbers[thread], numbers[thread + half]
            numbers[thread] = one if (one > other or one != one) else other
        half //= 2
    cuda.syncthreads()
    return numbers[0]


def block_best(number, column):
    """Return the best of all threads' numbers with its column (see `better`), to all of them."""
    numbers = cuda.shared.array(THREADS, WIDE)
    columns = cuda.shared.array(THREADS, IDS)
    thread = cuda.threadIdx.x
    numbers[thread], columns[thread] = number, column
    half = THREADS // 2
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            one, other = thread, thread + half
            numbers[one], columns[one] = better(numbers[one], columns[one], numbers[other], columns[other])
        half //= 2
    cuda.syncthreads()
    number, column = numbers[0], columns[0]
    cuda.syncthreads()
    return number, column
