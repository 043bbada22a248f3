"""What workers weigh: memory of 1, 2 and 4 threads in one process, and of 1 and 2 processes, each with the models loaded.

    python benchmarks/worker_memory.py [--seconds 3]

Each worker verifies camera frames of the sample photographs in all its threads, then stays while its memory is read from
/proc/PID/smaps_rollup: Rss counts every page that it maps, Pss divides a page by the processes that share it, so that Pss of
several processes can be added. Prints one JSON object; MB of 10**6 bytes. Linux only.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

WORKER = """
import sys, threading, time
from importlib.resources import files
from idverify.api.app import load_recogniser
from idverify.config import load_settings
from idverify.evaluation.frames import upright_frame
from idverify.evaluation.paths import OurPath

threads, seconds = int(sys.argv[1]), float(sys.argv[2])
samples = [files("idverify.samples") / f"{name}.jpg" for name in ("obama", "obama2", "obama3", "biden")]
settings = load_settings(concurrency=threads)
recogniser = load_recogniser(settings)
frames = [upright_frame(sample.read_bytes(), lambda photo: recogniser.acquirer.acquire(photo).face) for sample in samples]
verify = OurPath(recogniser.acquirer, recogniser.policies[settings.default_policy]).against(frames[0])
ends = time.monotonic() + seconds

def work(turn):
    while time.monotonic() < ends:
        verify(frames[turn % len(frames)])
        turn += 1

started = [threading.Thread(target=work, args=(turn,)) for turn in range(threads)]
for one in started:
    one.start()
for one in started:
    one.join()
print("done", flush=True)
sys.stdin.readline()
"""


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=3.0)
    seconds = arguments.parse_args().seconds
    rows = [weighed(processes, threads, seconds) for processes, threads in ((1, 1), (1, 2), (1, 4), (2, 1), (2, 2))]
    print(json.dumps({"seconds": seconds, "workers": rows}, indent=2))


def weighed(processes: int, threads: int, seconds: float) -> dict[str, object]:
    """Rss and Pss of so many processes of so many threads at one time."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, "-c", WORKER, str(threads), str(seconds)]
    workers = [subprocess.Popen(command, text=True, env=os.environ, **pipes) for _ in range(processes)]
    try:
        for worker in workers:
            if worker.stdout.readline() != "done\n":
                raise SystemExit("a worker ended before its time")
        found = [rollup(worker.pid) for worker in workers]
    finally:
        for worker in workers:
            worker.communicate("\n")
    total = {name: round(sum(one[name] for one in found)) for name in found[0]}
    return {
        "processes": processes,
        "threads_each": threads,
        "rss_mb_each": round(found[0]["Rss"]),
        "pss_mb_of_all": total["Pss"],
    }


def rollup(pid: int) -> dict[str, float]:
    """Rss and Pss of a process in MB."""
    lines = [line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()]
    return {words[0].rstrip(":"): int(words[1]) * 1024 / 1e6 for words in lines if words[0] in {"Rss:", "Pss:"}}


if __name__ == "__main__":
    main()
