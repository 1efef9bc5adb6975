"""How the trainer's benchmarks start programs."""
import subprocess
import sys


def run_child(command, **options):
    """The finished process; where it failed what it said goes to stderr, and this ends."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr}")
    return done
