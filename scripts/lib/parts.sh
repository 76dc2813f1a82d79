# Sourced by scripts that run several parts in one folder DIR: DIR/ports, DIR/pids, DIR/logs. Such a script sets DIR,
# PARTS, START_SECONDS and STOP_SECONDS, and has for each part PART
#
#   choose_ports PART   puts its port (and what else it needs) into DIR/ports; it has none yet
#   run_PART            prepares what it needs and ends in `start_process PART COMMAND…`
#   ask_PART            succeeds when it answers as it should
#
# and may have stop_signal PART and after_kill PART.

PORTS=
open_folder() {
    DIR=$(readlink -m "$1")
    PORTS=$DIR/ports
}

is_part() { [[ " ${PARTS[*]} " == *" $1 "* ]] || die "unknown part $1: ${PARTS[*]}"; }
port() { port_of "$PORTS" "$1"; }
pidfile() { echo "$DIR/pids/$1"; }
running() { pid_of "$(pidfile "$1")" >/dev/null; }
stop_signal() { echo TERM; }
after_kill() { :; }

# exclusively PART VERB: two callers never start or stop the same part of a folder at once.
exclusively() (
    mkdir -p "$DIR/pids" "$DIR/logs"
    exec 9>"$DIR/pids/.$1.lock"
    flock 9
    "$2_part" "$1"
)

# all_at_once VERB PART…: fails when one of them does.
all_at_once() {
    local verb=$1 part job jobs=() failed=0
    shift
    for part in "$@"; do
        (trap - INT TERM HUP; exclusively "$part" "$verb") &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" || failed=1; done
    return $failed
}

# Started in the background, those who start and stop parts, and what they run, don't hear Ctrl-C themselves.
end_jobs() {
    local job
    # shellcheck disable=SC2046
    for job in $(jobs -p); do kill $(family "$job") 2>/dev/null || true; done
    wait
}

stop_part() {
    # Somebody else may have killed it.
    running "$1" || { kill_part "$1"; return; }
    end "$(pidfile "$1")" "$(stop_signal "$1")" $STOP_SECONDS
}

kill_part() {
    end "$(pidfile "$1")" KILL 0
    after_kill "$1"
}

restart_part() {
    stop_part "$1"
    start_part "$1"
}

# A port found free may be somebody else's a moment later. A part that has never answered may choose again; one that
# has keeps its port for ever, for others were told.
start_part() {
    local part=$1 log="$DIR/logs/$1.log" try from
    ! running "$part" || return 0
    for try in 1 2 3 4 5; do
        [ -n "$(port "$part")" ] || choose_ports "$part"
        from=$(stat -c %s "$log" 2>/dev/null || echo 0)
        if "run_$part" && wait_until $START_SECONDS ready_or_dead "$part" && running "$part"; then
            touch "$DIR/pids/.$part.answered"
            return 0
        fi
        end "$(pidfile "$part")" KILL 0
        [ ! -e "$DIR/pids/.$part.answered" ] || break
        tail -c +$((from + 1)) "$log" | grep -qiE 'in use|failed to bind|cannot bind|could not bind|BindException' || break
        set_port "$PORTS" "$part" ""
    done
    say "$part did not start (try $try); the end of $log:"
    tail -c +$((from + 1)) "$log" | tail -n 25 >&2
    return 1
}

ready_or_dead() {
    local pid
    pid=$(pid_of "$(pidfile "$1")") || return 0
    listens "$pid" "$(port "$1")" && "ask_$1" >/dev/null 2>&1
}

start_process() {
    local part=$1
    shift
    mkdir -p "$DIR/$part"
    (cd "$DIR/$part" && launch "$(pidfile "$part")" "$DIR/logs/$part.log" "$@")
}

# taken_ports: those this folder has chosen already.
taken_ports() { cut -d= -f2 "$PORTS" 2>/dev/null; }

part_status() {
    local part all=0
    for part in "${PARTS[@]}"; do
        if running "$part"; then
            echo "$part: process $(pid_of "$(pidfile "$part")"), 127.0.0.1:$(port "$part")"
        else
            echo "$part: stopped"
            all=3
        fi
    done
    return $all
}
