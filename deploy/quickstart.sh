#!/usr/bin/env bash
# From a fresh Debian 12 to a comparison: installs, builds, starts a server and a worker on this
# machine, trains two small models on movie reviews, and shows the table.
#
#   deploy/quickstart.sh [OPTION]...
#
#   --imdb DIR_OR_TAR   real IMDB reviews: a folder in the aclImdb layout, or a tar of one
#   --download-imdb     fetch the public archive (84 MB) from $XP_IMDB_URL
#   --epochs N          how often each model sees all reviews (default 3; 8 for under 10,000 real ones)
#   --stop              stop what this script started; what it stored stays
#   --state DIR         where it keeps everything (default .quickstart in the repository)
#   --bin DIR           use the programs in DIR instead of building them
#   -h, --help          this
#
# Without an option it uses the short reviews in deploy/sample-reviews. A second run stands beside
# the first and takes seconds to build. Needs root or sudo only while something is not installed.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
[ -t 1 ] || say() { printf '==> %s\n' "$*"; }
fail() {
  printf 'quickstart: %s\n' "$*" >&2
  exit 1
}
usage() { sed -n '2,/^set -/s/^# \{0,1\}//p' "$root/deploy/quickstart.sh"; }
value_of() { [ $# -ge 2 ] && [ -n "$2" ] || { echo "quickstart: $1 needs a value; try --help" >&2; exit 2; }; }

source_of_reviews=sample epochs= action=run state=$root/.quickstart bin=
while [ $# -gt 0 ]; do
  case $1 in
    --imdb) value_of "$@"; source_of_reviews=$2; shift ;;
    --imdb=*) source_of_reviews=${1#*=} ;;
    --download-imdb) source_of_reviews=download ;;
    --epochs) value_of "$@"; epochs=$2; shift ;;
    --state) value_of "$@"; state=$2; shift ;;
    --bin) value_of "$@"; bin=$2; shift ;;
    --stop) action=stop ;;
    -h | --help) usage; exit 0 ;;
    *) echo "quickstart: unknown option '$1'; try --help" >&2; exit 2 ;;
  esac
  shift
done
[[ -z $epochs || $epochs =~ ^[1-9][0-9]*$ ]] || { echo "quickstart: --epochs: '$epochs' is no whole number above 0" >&2; exit 2; }
mkdir -p "$state/logs"
state=$(cd "$state" && pwd)

. "$root/deploy/quickstart/processes.sh"
. "$root/deploy/quickstart/imdb.sh"
. "$root/deploy/quickstart/build.sh"
. "$root/deploy/quickstart/cluster.sh"
. "$root/deploy/quickstart/experiment.sh"

# One at a time: a second one would build and start over the first.
exec 9>"$state/lock"
flock -n 9 || fail "another quickstart runs in $state; wait for it"

if [ $action = stop ]; then
  stop_cluster
  exit 0
fi
choose_reviews "$source_of_reviews"
build_programs
start_cluster
prepare_reviews
run_experiment
tell_what_next
