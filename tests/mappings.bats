# SPDX-License-Identifier: MIT
# More mappings than a machine usually lets a process have: the tool's memory is in proportion to them.  The limit,
# vm.max_map_count, is the whole machine's, so a million is tried in a guest only (tests/kernels), where root raises it.

load helper/common

# Bytes of memory that a mapping may cost the tool that lists it, shows it, saves it or compares it, and what it has besides.
per_mapping=640 besides=$((32 << 20))

setup()
{
	cd "$BATS_TEST_TMPDIR"
	before=
	holder=
	many=$(($(</proc/sys/vm/max_map_count) * 9 / 10))
	[ "$many" -le 50000 ] || many=50000
	[ -z "${MMTOOL_GUEST-}" ] || [ "$(id -u)" -ne 0 ] || [ "$(word_bits)" -le 32 ] || {
		before=$(</proc/sys/vm/max_map_count)
		many=1000000
		echo 1100000 >/proc/sys/vm/max_map_count
	}
}

teardown()
{
	[ -z "$holder" ] || kill -9 "$holder" 2>/dev/null || true
	[ -z "$before" ] || echo "$before" >/proc/sys/vm/max_map_count
	exec 5>&- 6<&-
}

# hold: a process with that many mappings; its ID is in holder.
hold()
{
	local answer

	helper puppet puppet -pthread
	mkfifo strings answers
	./puppet <./strings >./answers 3>&- &
	holder=$!
	exec 5>./strings 6<./answers
	read -r answer <&6
	[ "$answer" = ok ]
	echo "pieces $many" >&5
	read -r answer <&6
	[ "$answer" = ok ] || fail "$answer"
}

# measured STATUS ARG...: runs mmtool, which must end so, and tells how much memory it had at most.
measured()
{
	local wanted=$1 tool most=0 now status=0

	shift
	[ -p pause ] || mkfifo pause
	"$MMTOOL" "$@" >out 2>err 3>&- 5>&- 6<&- &
	tool=$!
	# Without a process of its own for each look: an emulated machine has one processor.
	while :; do
		now=
		{ read -r -d '' now <"/proc/$tool/status"; } 2>/dev/null || true
		[[ $now =~ VmHWM:[[:space:]]*([0-9]+) ]] || break
		most=${BASH_REMATCH[1]}
		read -r -t 0.05 <>pause || true
	done
	wait "$tool" || status=$?
	[ "$status" -eq "$wanted" ] || fail "mmtool $*: status $status: $(head -c 1000 err)"
	echo "# $many mappings: mmtool $1: $((most >> 10)) MiB" >&3
	[ $((most << 10)) -le $((per_mapping * many + besides)) ] || fail "mmtool $*: $most KiB for $many mappings"
}

@test "a process of very many mappings is listed, saved and compared" {
	not_sanitized 'its memory is several times as much'
	hold
	measured 0 maps "$holder"
	[ "$(wc -l <out)" -gt "$many" ]
	measured 0 maps --format=json "$holder"
	[ "$(grep -o '"start"' out | wc -l)" -ge "$many" ]
	measured 0 snapshot "$holder" -o a.json
	measured 0 diff a.json "$holder"
	grep -q 'nothing\|same' out
	measured 0 report a.json
}

@test "a subject of very many mappings: each call costs the same" {
	not_sanitized 'the memory of its runtime grows'
	"$MMTOOL" run -q --observer=query -e 'note 1' 2>err || skip 'this kernel has no PROCMAP_QUERY: each call reads the whole maps'
	measured 0 run -q --timeout=3000 -e "
		m = mmap(NULL, $((many + 1))p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		k = 0
		repeat $((many / 2)) {
			k = k + 2
			mprotect(m + k * 1p, 1p, PROT_NONE)
		}
		expect vmas(m, $((many + 1))p) >= $((many - 10))
		mprotect(m, 1p, PROT_READ|PROT_WRITE)
		m[0] = 1
		munmap(m, 1p)"
}
