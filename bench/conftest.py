"""`pytest bench` runs every benchmark once at a small size; `--largest 1000000 --benchmark-enable` measures."""


def pytest_addoption(parser):
    group = parser.getgroup("fastloss benchmarks")
    group.addoption("--largest", type=int, default=1000, help="sizes are powers of ten from 1000 to this")
    group.addoption("--peers", default="quick", choices=("quick", "all", "none"), help="all: also those that compile")
