# Sourced by the scripts beside it: words they share for folders, ports and processes.
#
# A part is one server process. It leads a process group of its own, so that it outlives the shell that started it and
# can be ended as a whole. Its number is kept with its start time: a number that the kernel has given to somebody
# else since is never signalled.

COMMON=$(readlink -f "${BASH_SOURCE[0]}")
CACHE=$(readlink -m "${ROOMLOG_CACHE:-$HOME/.cache/roomlog}")
KAFKA_VERSION=4.4.0
REGISTRY_VERSION=3.0.9
SCHEMATHESIS_VERSION=4.32.5
# Its number is in scripts/lib/jaeger/go.mod too.
JAEGER_VERSION=1.76.0
# Fetched where this machine's own is missing or older than the least.
NODE_VERSION=20.20.2
NODE_LEAST=20.19.0
NODE="$CACHE/node-$NODE_VERSION"
KAFKA_LIBS="$CACHE/kafka-$KAFKA_VERSION"
REGISTRY_HOME="$CACHE/apicurio-registry-$REGISTRY_VERSION"
TOOLS="$CACHE/tools"
PEERS="$CACHE/peers"
JAEGER="$TOOLS/bin/jaeger-$JAEGER_VERSION"
SCHEMATHESIS="$CACHE/schemathesis-$SCHEMATHESIS_VERSION"
# Named by what is in it: another list is another folder.
DEPLOY="$CACHE/deploy-$(sha256sum "${COMMON%/*}/deploy.txt" | cut -c1-12)"
MAVEN=(mvn -B -q -Dstyle.color=never "-Dmaven.repo.local=$CACHE/maven")

# Below the range from which the kernel takes the ports of outgoing connections, so that none of those is in the way.
FIRST_PORT=10000
LAST_PORT=31999

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# The folder of the newest PostgreSQL server on this machine; Debian keeps it out of PATH.
postgres_bin() {
    local found
    found=$(find /usr/lib/postgresql -maxdepth 3 -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1)
    [ -n "$found" ] || found=$(command -v postgres) || return 1
    dirname "$(readlink -f "$found")"
}

# The folder of the Node to use: this machine's if it is new enough, else the one that was fetched.
node_bin() {
    local own
    if own=$(command -v node) && new_enough "$("$own" --version 2>/dev/null)"; then
        dirname "$own"
    else
        [ -x "$NODE/node_modules/node/bin/node" ] && echo "$NODE/node_modules/node/bin"
    fi
}

# new_enough VERSION, as in v20.20.2
new_enough() { [ "$(printf '%s\n' "$NODE_LEAST" "${1#v}" | sort -V | head -n 1)" = "$NODE_LEAST" ]; }

# --- ports ---------------------------------------------------------------------------------------------------------

# Socket inodes that listen on port $1, one a line.
listeners() {
    local hex
    hex=$(printf ':%04X' "$1")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" '$4 == "0A" && $2 ~ port "$" { print $10 }'
}

port_is_free() { [ -z "$(listeners "$1")" ]; }

# Prints a port nobody listens on that is not among the arguments. Two callers may still be told the same one, which is
# why whoever starts a server must be ready to choose again.
free_port() {
    local port taken=" $* "
    while :; do
        port=$((FIRST_PORT + (RANDOM * 32768 + RANDOM) % (LAST_PORT - FIRST_PORT + 1)))
        [[ $taken == *" $port "* ]] || ! port_is_free "$port" || { echo "$port"; return; }
    done
}

# Does process $1 itself listen on port $2? Somebody else's server there must not pass for ours.
listens() {
    local inode
    for inode in $(listeners "$2"); do
        find "/proc/$1/fd" -lname "socket:\[$inode\]" 2>/dev/null | grep -q . && return 0
    done
    return 1
}

# Keeps `name=port` lines in a file, one per part: port_of FILE NAME, set_port FILE NAME PORT.
port_of() { sed -n "s/^$2=//p" "$1" 2>/dev/null | tail -n 1; }

set_port() {
    (
        flock 8
        { grep -v "^$2=" "$1" 2>/dev/null || true; echo "$2=$3"; } >"$1.new"
        mv "$1.new" "$1"
    ) 8>"$1.lock"
}

# --- processes -----------------------------------------------------------------------------------------------------

# When process $1 started, in clock ticks since boot; fails when there is none, or only its remains.
started_at() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    [[ $stat != [ZX]* ]] || return 1
    set -- $stat
    echo "${20}"
}

# Prints the number of the live process a pid file names.
pid_of() {
    local pid start
    read -r pid start 2>/dev/null <"$1" || return 1
    [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && echo "$pid"
}

# launch PIDFILE LOG COMMAND…: starts it detached, in a session of its own, without our terminal, descriptors or the
# signals that background jobs and nohup ignore.
launch() {
    local pidfile=$1 log=$2
    shift 2
    rm -f "$pidfile"
    # shellcheck disable=SC2016
    setsid bash -c '. "$1"; file=$2; shift 2
        echo "$$ $(started_at $$)" >"$file.new"; mv "$file.new" "$file"
        exec env --default-signal=HUP,INT,TERM,QUIT,PIPE "$@"' launch "$COMMON" "$pidfile" "$@" </dev/null >>"$log" 2>&1 8>&- 9>&- &
    wait_until 60 test -s "$pidfile"
}

# Every process below process $1, itself first.
family() {
    local pid=$1 child
    echo "$pid"
    for child in $(cat "/proc/$pid/task/"*/children 2>/dev/null); do family "$child"; done
}

# end PIDFILE SIGNAL SECONDS: asks with SIGNAL, and after SECONDS ends the process and all it started by force. A child
# may have left the process group (PostgreSQL's do), hence the family.
end() {
    local pidfile=$1 signal=$2 patience=$3 pid all
    pid=$(pid_of "$pidfile") || { rm -f "$pidfile"; return 0; }
    # shellcheck disable=SC2046
    all=$(dated $(family "$pid"))
    if [ "$signal" != KILL ]; then
        kill -"$signal" "$pid" 2>/dev/null || true
        wait_until "$patience" gone "$pid" || say "${pidfile##*/} did not end within $patience s of SIG$signal: killed"
    fi
    kill_all "$all"
    wait_until 10 nobody_of "$all" || die "process $pid (${pidfile##*/}) can't be killed"
    rm -f "$pidfile"
}

# Those of some processes that live, each with its start time.
dated() {
    local pid start
    for pid in "$@"; do
        if start=$(started_at "$pid"); then echo "$pid $start"; fi
    done
}

# kill_all DATED: the first of them leads a group, which is killed too. While any of a group lives its number is nobody else's.
kill_all() {
    local leader pid start now
    leader=${1%% *}
    while read -r pid start; do
        now=$(started_at "$pid") || now=
        [ -z "$now" ] || [ "$now" = "$start" ] || continue
        [ -z "$now" ] || kill -KILL "$pid" 2>/dev/null || true
        [ "$pid" != "$leader" ] || kill -KILL -- "-$pid" 2>/dev/null || true
    done <<<"$1"
}

nobody_of() {
    local pid start
    while read -r pid start; do
        [ "$(started_at "$pid")" != "$start" ] || return 1
    done <<<"$1"
}

gone() {
    local pid
    for pid in "$@"; do ! started_at "$pid" >/dev/null || return 1; done
}

# Every process that belongs to folder $1: it was started with ROOMLOG_RUN=$1, or is a server (which may have written
# its title over its environment) working in that folder.
inhabitants() (
    unset ROOMLOG_RUN # or the tools below would find themselves
    {
        grep -lsxzF -f - /proc/[0-9]*/environ <<<"ROOMLOG_RUN=$1" || true
        find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$1" -o -lname "$1/*" \) 2>/dev/null | while read -r link; do
            case $(cat "${link%cwd}comm" 2>/dev/null) in
                postgres | redis-server | java | haproxy | jaeger* | prometheus | roomlog) echo "$link" ;;
            esac
        done
    } | cut -d/ -f3 | sort -nu
)

# wait_until SECONDS COMMAND…: polls; fails when the time is over.
wait_until() {
    local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
    shift
    until "$@"; do
        [ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}
