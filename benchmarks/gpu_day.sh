#!/usr/bin/env bash
# A GPU day: every test marked gpu and the kernels' benchmark, in under four minutes, on a machine that has
# CUDA's libraries, Python 3.11 or newer, NumPy, CuPy, PyTorch and pytest, and need have nothing else: no
# network, no Git, no other package, no home that can be written to, and the course is not installed.
#
#     benchmarks/gpu_day.sh [RESULTS]     the folder for the results; otherwise $OUT, otherwise build/gpu-day
#
# Into that folder go summary.txt (one line a step), machine.txt, tests.xml, tests.log, benchmark.log and
# kernels-<GPU>.json, and nothing is written elsewhere. A step that fails or runs out of time does not keep
# the next from running. The status is 0 when every step succeeded, 1 when one did not, and 2 when nothing
# could be tried. Afterwards kernels-<GPU>.json may be moved into benchmarks/results/.
#
# PYTHON names another Python; GPU_DAY_SECONDS changes how long all of it may take.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

python=${PYTHON:-python3}
called_from=$OLDPWD
results=${1:-${OUT:-build/gpu-day}}
# A relative folder is one of the caller's, the default is one of the course's.
[[ -z ${1:-${OUT:-}} || $results == /* ]] || results=$called_from/$results

stop() {
    echo "gpu_day: $1" >&2
    exit 2
}

# What is lacking is said before anything is written.
lacking=$("$python" - 2>/dev/null <<'PYTHON'
import importlib.util, sys

lacking = [name for name in ("numpy", "cupy", "torch", "pytest") if not importlib.util.find_spec(name)]
if sys.version_info < (3, 11):
    print(f"this is Python {sys.version.split()[0]}; name one of 3.11 or newer with PYTHON=")
elif lacking:
    print(f"{sys.executable} lacks {', '.join(lacking)}; name another Python with PYTHON=")
else:
    try:
        import cupy
    except ImportError as error:
        print("CuPy cannot be imported:", str(error).strip().splitlines()[0])
    else:
        if not cupy.cuda.is_available():
            print("CuPy sees no GPU here; a GPU day needs a machine with an NVIDIA GPU and its driver.")
PYTHON
) || stop "$python does not run; name a Python of 3.11 or newer with PYTHON="
[[ -z $lacking ]] || stop "$lacking"

mkdir -p "$results" && results=$(cd "$results" && pwd) && [[ -w $results ]] ||
    stop "the folder $results cannot be written to; name another."
rm -f "$results"/{summary.txt,machine.txt,tests.xml,tests.log,benchmark.log} "$results"/kernels-*.json

# What is compiled on the way is kept for this run only: the home may be read-only, and the tree stays as it is.
scratch=$(mktemp -d) || stop "no temporary folder can be made; set TMPDIR to one that can be written to."
trap 'rm -rf "$scratch"' EXIT
export CUPY_CACHE_DIR=$scratch/cupy CUDA_CACHE_PATH=$scratch/cuda COURSE_CACHE=$scratch/course
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Only this course's tests, without the plugins that the machine happens to have; a GPU test that does not
# run for want of a GPU fails.
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 COURSE_REQUIRE=gpu

# The tests get at most five eighths of the time, the benchmark what they leave.
seconds=${GPU_DAY_SECONDS:-225}
failed=0
report() { # STEP STATUS DETAILS
    printf '%-10s %-22s %s\n' "$1" "$2" "$3" | tee -a "$results/summary.txt"
}
ended() { # STATUS LIMIT: the outcome of a step in words
    case $1 in
        0) echo ok ;;
        124 | 137) echo "out of time ($2 s)" ;;
        *) echo "failed (status $1)" ;;
    esac
}

{
    date -u
    uname -a
    nproc
    nvidia-smi
    "$python" - <<'PYTHON'
import importlib.metadata as metadata, sys
from course_lib.notebook.machine import machine, machine_line

print("Python", sys.version, "at", sys.executable)
for package in sorted(metadata.distributions(), key=lambda found: found.name.lower()):
    if package.name.lower().startswith(("numpy", "cupy", "torch", "pytest", "nvidia-", "cuda-")):
        print(package.name, package.version)
print(machine())
print(machine_line())
PYTHON
} >"$results/machine.txt" 2>&1
status=$?
((status == 0)) || failed=1
report machine "$(ended $status 0)" "$(tail -n 1 "$results/machine.txt")"

# The files and folders with tests marked gpu, found by their text: importing the others may need packages
# that are not here. A conftest.py marks the tests of its folder.
mapfile -t paths < <(grep -rl --include='*.py' 'pytest\.mark\.gpu' tests | sed 's|/conftest\.py$||' | sort)
limit=$((seconds * 5 / 8))
timeout -s INT -k 10 "$limit" "$python" -m pytest -m gpu --all -q --no-header -p no:cacheprovider \
    --continue-on-collection-errors --durations=10 --junitxml="$results/tests.xml" "${paths[@]}" \
    >"$results/tests.log" 2>&1
status=$?
# A file that cannot be imported hides its tests: it is named, and pytest's status is then not 0.
hidden=$(sed -n 's|^ERROR \(tests/[^ :]*\.py\)\( .*\)\?$|\1|p' "$results/tests.log" | sort -u | tr '\n' ' ')
# Nor does a test that could not run count as a pass; tests/conftest.py lists it with its reason.
left_out=$(grep -A 1 '= what this machine could not run =' "$results/tests.log" | tail -n 1)
if ((status == 0)) && [[ -n $left_out ]]; then status=1; fi
((status == 0)) || failed=1
report tests "$(ended $status "$limit")" \
    "$(tail -n 1 "$results/tests.log"); not collected: ${hidden:-none}${left_out:+; not run: $left_out}"

limit=$((seconds - SECONDS))
((limit > 0)) || limit=1
timeout -k 5 "$limit" "$python" -m benchmarks.kernels --only gpu --results "$results" \
    >"$results/benchmark.log" 2>&1
status=$?
((status == 0)) || failed=1
report benchmark "$(ended $status "$limit")" "$(tail -n 1 "$results/benchmark.log")"

exit $failed
