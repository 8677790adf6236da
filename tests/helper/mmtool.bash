# SPDX-License-Identifier: MIT
# mmtool in your own bats tests: see mmtool-bats(7).  Needs bash 4, jq, and bats; uses bats-support where it is loaded.
#
#	bats_load_library mmtool        # or: load /usr/lib/bats/mmtool/load
#
#	@test "growing by more than the next mapping leaves has to move" {
#		mmtool_run grow --from=4K --to=16K
#		assert_change moved a
#	}

# mmtool_run COMMAND [ARG...]: runs mmtool and keeps what happened for the asserts below.  Like bats' run it never fails
# and sets status, output and lines; output is the events as JSON, a line each, and what went to standard error.
mmtool_run()
{
	local errors said

	errors=$(mktemp "${BATS_TEST_TMPDIR:-${TMPDIR:-/tmp}}/mmtool.XXXXXX") || return
	status=0
	mmtool_events=$("${MMTOOL:-mmtool}" "${1:?mmtool_run: which command?}" --format=json "${@:2}" 2>"$errors") || status=$?
	said=$(<"$errors")
	rm -f "$errors"
	_mmtool_command="mmtool $*"
	output=$mmtool_events
	[ -z "$said" ] || output+=${output:+$'\n'}$said
	lines=()
	# shellcheck disable=SC2034 # as bats' run sets them
	[ -z "$output" ] || mapfile -t lines <<<"$output"
}

# mmtool_jq FILTER [JQ-ARG...]: what jq makes of the last run's events, which are the elements of one array.
mmtool_jq()
{
	local filter=$1

	command -v jq >/dev/null || {
		_mmtool_fail 'jq is not installed' 'try' 'apt-get install jq (or your system'"'"'s own)'
		return
	}
	[ -n "${mmtool_events-}" ] || {
		_mmtool_fail 'there are no events of mmtool' 'run' "${_mmtool_command-none: call mmtool_run first}" \
			'status' "${status-}" 'output' "${output-}"
		return
	}
	shift
	jq -rs "$@" "$filter" <<<"$mmtool_events"
}

# assert_change KIND [NAME] [--from SIZE] [--to SIZE]: something of that kind (added, removed, grown, shrunk, moved, split,
# merged, protected, replaced, flagged) happened to the region NAME; its size was or became SIZE (4096, 4K, 3p).
assert_change()
{
	_mmtool_change "$@" || return
	[ "$_mmtool_count" -gt 0 ] ||
		_mmtool_fail 'no such change' 'wanted' "$*" 'changes' "$_mmtool_found"
}

# refute_change KIND [NAME] [--from SIZE] [--to SIZE]: nothing of that kind happened.
refute_change()
{
	_mmtool_change "$@" || return
	[ "$_mmtool_count" -eq 0 ] ||
		_mmtool_fail 'there is such a change' 'unwanted' "$*" 'changes' "$_mmtool_found"
}

# assert_perms NAME PERMS [--process PROCESS]: the mappings of the region NAME all had these permissions, as in maps (rw-p),
# when the maps were last looked at, in the script's main process or in the one that it calls PROCESS.
assert_perms()
{
	local name=${1:?assert_perms: which region?} want=${2:?assert_perms: which permissions?} process='' found

	shift 2
	[ "${1-}" != --process ] || process=${2:?--process: which?}
	# shellcheck disable=SC2016 # jq's own variables
	found=$(mmtool_jq '
		(map(select(.type == "start")) | last.pid) as $main
		| map(select(.delta and .regions and if $process == "" then .pid == $main else .process == $process end)) as $steps
		| [$steps | last.regions[]? | select(.name == $name)] as $regions
		| if $regions == [] then "no region of that name"
		  # A step tells only the mappings of regions that it did not leave alone.
		  else [$regions[] as $region | [$steps[].regions[]
			| select(.mappings and .id == $region.id and .start == $region.start and .size == $region.size)]
			| last.mappings[]?.perms] | unique | if . == [] then "unmapped" else join(" ") end end' \
		--arg name "$name" --arg process "$process") || return
	[ "$found" = "$want" ] ||
		_mmtool_fail 'other permissions' 'region' "$name" 'wanted' "$want" 'found' "$found"
}

# assert_errno [CALL] ERRNO: the last call that failed (the last CALL that failed) did so with ERRNO.
assert_errno()
{
	local call='' want found

	[ $# -lt 2 ] || { call=$1 && shift; }
	want=${1:?assert_errno: which error?}
	# shellcheck disable=SC2016
	found=$(mmtool_jq 'map(.call | select(.errno and ($call == "" or .name == $call))) | last
		| if . then "\(.errno) (\(.name))" else "no call failed" end' --arg call "$call") ||
		return
	[ "${found%% *}" = "$want" ] ||
		_mmtool_fail 'another error' 'wanted' "$want${call:+ ($call)}" 'found' "$found"
}

# assert_fault CODE: an access faulted so: SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR, ….
assert_fault()
{
	_mmtool_among 'no such fault' "${1:?assert_fault: which code?}" '.[].faults[]?.code'
}

# assert_note TEXT, assert_note --partial TEXT, assert_note --regexp REGEXP: the script remarked it.
assert_note()
{
	local how='='

	case ${1-} in
	--partial) how=partial && shift ;;
	--regexp) how=regexp && shift ;;
	esac
	_mmtool_among 'no such note' "${1?assert_note: which text?}" '.[] | select(.type == "note").text' "$how"
}

# assert_verdict VERDICT: each script of the run came out so: passed, failed, unsupported or broken.
assert_verdict()
{
	local want=${1:?assert_verdict: which?} found

	# shellcheck disable=SC2016
	found=$(mmtool_jq 'map(select(.type == "verdict")) | (. != [] and all(.verdict == $want)), (.[] | .verdict
		+ if .source then " at " + .source.file + ":\(.source.line)" else "" end
		+ if .reason then ": " + .reason else "" end)' --arg want "$want") || return
	[ "${found%%$'\n'*}" = true ] ||
		_mmtool_fail 'another verdict' 'run' "$_mmtool_command" 'wanted' "$want" 'found' "$(sed 1d <<<"$found")"
}

# The rest is the helper's own.

# _mmtool_change KIND [NAME] [--from SIZE] [--to SIZE]: counts such changes, and tells what there was.
_mmtool_change()
{
	local kind='' name='' from=null to=null answer

	while [ $# -gt 0 ]; do
		case $1 in
		--from) from=$(_mmtool_size "$2") && shift ;;
		--to) to=$(_mmtool_size "$2") && shift ;;
		*) if [ -z "$kind" ]; then kind=$1; else name=$1; fi ;;
		esac || return
		shift
	done
	case $kind in
	added | removed | grown | shrunk | moved | split | merged | protected | replaced | flagged) ;;
	*)
		_mmtool_fail 'no kind of change' 'kind' "$kind" \
			'known' 'added removed grown shrunk moved split merged protected replaced flagged'
		return
		;;
	esac
	# shellcheck disable=SC2016
	answer=$(mmtool_jq 'map(.delta.changes[]?)
		| (map(select(.kind == $kind and ($name == "" or any(.names[]; . == $name))
			and ($from == null or .old.size == $from) and ($to == null or .new.size == $to))) | length),
		(map([.kind] + .names + [if .old then "--from \(.old.size)" else empty end,
			if .new then "--to \(.new.size)" else empty end] | join(" ")) | if . == [] then "none" else .[] end)' \
		--arg kind "$kind" --arg name "$name" --argjson from "$from" --argjson to "$to") ||
		return
	_mmtool_count=${answer%%$'\n'*}
	_mmtool_found=${answer#*$'\n'}
}

# _mmtool_size SIZE: bytes.
_mmtool_size()
{
	local digits=${1%[KMGTp]}

	[[ $digits =~ ^[0-9]+$ ]] || {
		_mmtool_fail 'not a size' 'size' "$1" 'try' '4096, 4K, 10G or 3p'
		return
	}
	case $1 in
	*K) echo $((digits << 10)) ;;
	*M) echo $((digits << 20)) ;;
	*G) echo $((digits << 30)) ;;
	*T) echo $((digits << 40)) ;;
	*p) echo $((digits * $(getconf PAGESIZE))) ;;
	*) echo "$digits" ;;
	esac
}

# _mmtool_among TITLE WANT FILTER [HOW]: one of the texts that FILTER gives is, holds or matches WANT.
_mmtool_among()
{
	local found

	# shellcheck disable=SC2016
	found=$(mmtool_jq "[$3]"' | (any(.[]; if $how == "partial" then contains($want)
		elif $how == "regexp" then test($want) else . == $want end) | tostring), .[]' \
		--arg want "$2" --arg how "${4-=}") || return
	[ "${found%%$'\n'*}" = true ] ||
		_mmtool_fail "$1" 'wanted' "$2" 'found' "$(sed 1d <<<"$found")"
}

# _mmtool_fail TITLE [KEY VALUE]...: says so, as bats-support says it where that is loaded, and fails.
_mmtool_fail()
{
	local title=$1

	shift
	if declare -F batslib_print_kv_single_or_multi batslib_decorate fail >/dev/null; then
		batslib_print_kv_single_or_multi 8 "$@" | batslib_decorate "$title" | fail
	else
		printf -- '-- %s --\n' "$title" >&2
		printf '%s: %s\n' "$@" >&2
		return 1
	fi
}
