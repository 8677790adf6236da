#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mmtool maps: what /proc/PID/maps says, complete, clear and byte for byte.

load ../helper/common

data=$top/tests/data

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

teardown()
{
	local pid

	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
}

# start COMMAND...: runs it in the background, and leaves its pid in $pid.
start()
{
	"$@" 3>&- &
	pid=$!
	started+=("$pid")
}

# stopped: a process that cannot change, in $pid.
stopped()
{
	start sleep 1000
	until grep -q sleep "/proc/$pid/comm" && grep -q '\[stack\]' "/proc/$pid/maps"; do sleep 0.01; done
	sleep 0.1
	kill -STOP "$pid"
}

# rows: of the table on standard input, "range perms".
rows()
{
	awk 'NR > 1 && /^$/ { exit } NR > 1 { print $1, $3 }'
}

# lines FILE...: of maps, likewise.
lines()
{
	awk '{ print $1, $2 }' "$@"
}

# exact: the fields of the JSON on standard input that say what the lines say.
exact()
{
	jq -r 'select(.type == "snapshot").maps[].line'
}

# adds_up: the totals of the JSON in the file events are those of its mappings.
adds_up()
{
	jq -es '[.[] | select(.type == "snapshot")] | (map(.maps[]) | length, (map(.size) | add)) ==
		(last.totals | (map(.mappings) | add), (map(.size) | add))' events >/dev/null
}

valid()
{
	need python3
	python3 -c 'from jsonschema import Draft202012Validator' 2>/dev/null ||
		skip 'no jsonschema for python3 here, or none that knows 2020-12'
	python3 - "$top/schema/mmtool-event.schema.json" "$@" <<'END2'
import json, sys
from jsonschema import Draft202012Validator as Validator
whole = Validator(json.load(open(sys.argv[1])))
for name in sys.argv[2:]:
    for line in open(name, encoding="utf-8", errors="strict"):
        whole.validate(json.loads(line))
END2
}

@test "without an argument it explains itself" {
	mm maps
	assert_success
	assert_line --index 0 --regexp '^The mappings of process [0-9]+ \(mmtool\), which is mmtool itself'
	assert_output --partial "    the program's code"
	assert_output --partial '    the stack of the first thread'
	assert_line --regexp '^ +[0-9]+ +[0-9]+[KMGT]  private file$'
}

@test "raw is the file, byte for byte" {
	stopped
	"$MMTOOL" maps --raw "$pid" | cmp - "/proc/$pid/maps"
	for file in "$data"/*.maps; do
		cp "$file" copy
		# The last line of one of them has no newline, which the kernel never leaves out.
		[ -z "$(tail -c 1 copy)" ] || echo >>copy
		"$MMTOOL" maps --raw "$file" | cmp - copy
		"$MMTOOL" maps --raw - <"$file" | cmp - copy
	done
}

@test "the table has every mapping, in order, and the totals are their sums" {
	need jq
	stopped
	for file in "/proc/$pid/maps" "$data"/*.maps; do
		case $file in
		*/hostile.maps) continue ;;
		esac
		diff <("$MMTOOL" maps "$file" | rows) <(lines "$file")
		"$MMTOOL" maps --format=json "$file" >events
		diff <(exact <events) "$file"
		adds_up
	done
}

@test "every process of the machine can be shown, or the reason is said" {
	need jq
	shown=0
	for directory in /proc/[0-9]*; do
		pid=${directory#/proc/}
		cat "$directory/maps" >before 2>/dev/null || true
		status=0
		"$MMTOOL" maps --gaps "$pid" >table 2>errors || status=$?
		"$MMTOOL" maps --format=json "$pid" >events 2>>errors || true
		cat "$directory/maps" >after 2>/dev/null || true
		if [ "$status" -ne 0 ]; then
			[ "$status" -eq 3 ]
			grep -q "^mmtool maps: process $pid" errors || fail "$pid: $(<errors)"
			continue
		fi
		# One that went on meanwhile cannot be compared.
		[ -s before ] && cmp -s before after || continue
		diff <(grep -v ' hole$' table | rows) <(lines before)
		diff <(exact <events) before
		adds_up
		shown=$((shown + 1))
	done
	[ "$shown" -gt 0 ]
}

@test "what is recorded is valid by the schema, with holes and figures" {
	need jq
	stopped
	"$MMTOOL" maps --format=json --gaps --detail "$pid" >live
	for name in browser hostile i386; do
		"$MMTOOL" maps --format=json --gaps "$data/$name.maps" >"$name"
	done
	jq -es 'map(select(.type == "snapshot")) | all(.[]; (.details | length) == (.maps | length)) and
		(map(.gaps[]?) | length) > 0' live >/dev/null
	"$MMTOOL" report live >text
	"$MMTOOL" report --format=json live | cmp - live
	valid live browser hostile i386
}

@test "a smaps file has the same mappings, and says what is resident" {
	grep -E '^[0-9a-f]+-' "$data/python3.smaps" >lines
	"$MMTOOL" maps --raw "$data/python3.smaps" | cmp - lines
	"$MMTOOL" maps --resident "$data/python3.smaps" >table
	diff <(awk 'NR > 1 && /^$/ { exit } NR > 1 { sub("K", "", $3); sub("M", "", $3) && $3 *= 1024; print $3 + 0 }' table) \
		<(awk '$1 == "Rss:" { print $2 }' "$data/python3.smaps")
	# In parts as whole.
	diff <("$MMTOOL" maps --resident --sort=address "$data/python3.smaps") \
		<("$MMTOOL" maps --resident - <"$data/python3.smaps")
	mm maps --detail --filter=name=[heap] "$data/python3.smaps"
	assert_success
	assert_output --partial 'Private_Dirty'
	mm maps --resident "$data/cat.maps"
	assert_failure 3
	assert_output --partial 'a maps file does not say what is resident'
}

@test "names cannot be taken for anything else" {
	mm maps "$data/hostile.maps"
	assert_success
	refute_output --partial $'\033'
	assert_line --partial '  /tmp/\033[31mred\033[0m'
	assert_line --partial '  /tmp/new\012line'
	assert_line --partial '  /tmp/bytes\377\300\200\342\200\256end'
	printf '%b\n' '1000-2000 r--p 00000000 fe:00 9 /tmp/a\xe2\x80\x8bb\xef\xbb\xbf' >unseen
	mm maps unseen
	assert_line --index 1 --regexp '  /tmp/a\\342\\200\\213b\\357\\273\\277$'
	printf '%s\n' '1000-2000 r--p 00000000 fe:00 9 /tmp/\033[31m\012\0' >escapes
	mm maps escapes
	assert_line --index 1 --regexp '  /tmp/\\134033\[31m\\012\\1340$'
}

@test "each kind of mapping has its words" {
	local range words unknown=0

	cat >kinds <<-'End'
		00400000-00401000 r--p 00000000 fe:00 1   /usr/bin/prog|a part of a file: may only be read
		00401000-00402000 r-xp 00001000 fe:00 1   /usr/bin/prog|code of a program
		00402000-00403000 rwxp 00002000 fe:00 1   /usr/bin/prog|code of a program
		00403000-00404000 rw-p 00003000 fe:00 1   /usr/bin/prog|a part of a file: what is written is the process's own
		00404000-00405000 ---p 00004000 fe:00 1   /usr/bin/prog|a part of a file: may not be used at all
		50000000-50001000 rw-p 00000000 00:00 0   [heap]|the heap
		60000000-60001000 rw-p 00000000 00:00 0   [anon:arena]|memory of no file, to which the program gave this name
		60002000-60003000 rwxp 00000000 00:00 0 |memory of no file that may be executed, as for code that is made while the program runs
		60004000-60005000 r--p 00000000 00:00 0 |memory of no file, which may only be read
		60005000-60006000 ---p 00000000 00:00 0 |addresses that are kept and may not be used: a guard, or room to grow
		60008000-60009000 ---p 00000000 00:00 0 |addresses that are kept free, and may not be used yet
		60200000-60400000 rw-p 00000000 00:0f 9   /anon_hugepage (deleted)|memory of no file, in huge pages of the pool (MAP_HUGETLB)
		60500000-60501000 rw-s 00000000 00:01 0   /SYSV00000000 (deleted)|a shared memory segment (shmget)
		60600000-60601000 rw-s 00000000 00:01 3   /SYSV0000000a (deleted)|a shared memory segment (shmget)
		60602000-60603000 rw-s 00000000 00:01 4   /memfd:m (deleted)|a file that is only memory (memfd_create)
		60604000-60605000 rw-s 00000000 00:01 5   /i915 (deleted)|shared memory that a driver of the kernel made
		60605000-60606000 rw-s 00000000 00:0e 6   anon_inode:[perf_event]|what a descriptor that is no file gives to be mapped
		60606000-60607000 rw-s 00000000 00:01 6   /dev/zero (deleted)|memory of no file that a child made by fork shares
		60610000-60611000 r--s 00000000 fe:00 7   /etc/hosts|a file, shared: may only be read
		60611000-60612000 r-xs 00000000 fe:00 7   /etc/hosts|a file, shared: code
		60612000-60613000 rw-s 00000000 fe:00 8   /var/db|a file, shared: what is written here, the file will hold
		60700000-60701000 r--p 00000000 fe:00 9   /lib/ld-musl-x86_64.so.1|the dynamic loader's headers
		60701000-60702000 r-xp 00001000 fe:00 9   /lib/ld-musl-x86_64.so.1|the dynamic loader's code
		60703000-60704000 r-xp 00001000 fe:00 9   /lib64/ld64.so.2|the dynamic loader's code
		60710000-60711000 r--p 00002000 fe:00 10   /lib/libz.so.1|a library's constants
		60711000-60712000 ---p 00003000 fe:00 10   /lib/libz.so.1|a part of a library's file that may not be used, between others
		60712000-60713000 rw-p 00003000 fe:00 10   /lib/libz.so.1|a library's variables: what is written is the process's own
		60713000-60714000 rw-p 00000000 00:00 0 |the rest of the variables above: those that begin as zero
		60715000-60716000 rwxp 00003000 fe:00 10   /lib/libz.so.1|a library's code
		60716000-60717000 rwxp 00000000 00:00 0 |the rest of the variables above: those that begin as zero
		60720000-60721000 r-xp 00000000 fe:00 11   /lib/libc-2.31.so|the C library's code
		7ffc0000-7ffc1000 rw-p 00000000 00:00 0   [stack]|the stack of the first thread
		7ffc2000-7ffc3000 r-xp 00000000 00:00 0   [uprobes]|instructions that the kernel runs out of line for a probe
		7ffc4000-7ffc5000 r-xp 00000000 00:00 0   [of a later kernel]|mapped by the kernel itself
	End
	sed 's/|.*//' kinds >saved.maps
	mm maps --explain saved.maps
	assert_success
	# A line a mapping: its range and its words.
	printf '%s\n' "$output" | awk '/^[0-9a-f]+-/ { printf "\n%s", $1; next } /^    / { sub(/^ +/, " "); printf "%s", $0 }' >said
	while IFS='|' read -r range words; do
		grep -F "${range%% *} $words" said || { echo "not: ${range%% *} $words" && unknown=1; }
	done <kinds
	[ "$unknown" = 0 ]
}

@test "of a saved file nobody knows which one was the program" {
	mm maps --explain "$data/cat.maps"
	assert_success
	assert_line --regexp '^    code of a program$'
	[ "$(grep -A1 '/usr/bin/cat$' <<<"$output" | grep -c -e library -e data)" -eq 0 ]
	grep -A1 'r-xp.*/libc\.so' <<<"$output" | grep -q "the C library's code"
	mm maps --explain
	assert_line --regexp "^    the program's code$"
}

@test "kinds are told by what a mapping is, and not by its name" {
	cat >named <<-'END2'
		1000-2000 rw-p 00000000 fe:00 9 /tmp/[stack]
		2000-3000 rw-p 00000000 fe:00 9 [heap]
		3000-4000 rw-s 00000000 fe:00 9 /memfd:x (deleted)
		4000-5000 rw-s 00000000 00:01 9 /memfd:x (deleted)
		5000-6000 rw-s 00000000 00:01 9 /dev/zero (deleted)
		6000-7000 rw-s 00000000 00:05 9 /dev/zero
		7000-8000 rw-p 00000000 00:00 0 [heap]
		8000-9000 rw-p 00000000 00:00 0 [anon:[stack]]
		9000-a000 r-xp 00000000 00:00 0 [vdso]
		a000-b000 rw-s 00000000 00:01 9 /drm mm object (deleted)
		b000-c000 rw-p 00000000 00:0f 9 /anon_hugepage (deleted)
		c000-d000 rw-p 00000000 fe:00 9 /anon_hugepage (deleted)
		d000-e000 rw-s 00000000 00:01 9 [anon_shmem:[heap]]
		e000-f000 rw-s 10000000 00:0e 9 anon_inode:[io_uring]
		f000-10000 rw-s 00000000 00:08 9 socket:[9]
		10000-11000 rw-s 00000000 fe:00 9 /tmp/anon_inode:[io_uring]
	END2
	run bash -c '"$MMTOOL" maps named | sed "1,/^mappings/d"'
	assert_output '       1         4K  private anonymous
       1         4K  heap
       2         8K  shared anonymous
       1         4K  anonymous huge pages
       1         4K  memfd
       3        12K  other shared memory
       3        12K  private file
       3        12K  shared file
       1         4K  special
      16        64K  all'
}

@test "live processes with hostile names" {
	need python3
	need jq
	cat >map.py <<-'END2'
		import mmap, os, sys, time
		kept = []
		for name in [b"[stack]", b"a (deleted)", b"a\nb", b"\x1b[31m", b"\xff\xfe", b"1000-2000 rw-p", b"b\\012c"]:
		    with open(name, "w+b") as file:
		        file.truncate(4096)
		        kept.append(mmap.mmap(file.fileno(), 4096))
		print("ready", flush=True)
		time.sleep(1000)
	END2
	python3 map.py >ready 3>&- &
	pid=$!
	started+=("$pid")
	until [ -s ready ]; do sleep 0.01; done
	kill -STOP "$pid"
	"$MMTOOL" maps --raw "$pid" | cmp - "/proc/$pid/maps"
	"$MMTOOL" maps "$pid" >table
	diff <(rows <table) <(lines "/proc/$pid/maps")
	run ! grep -q $'\033' table
	grep -q '/\[stack\]$' table
	grep -q '\\377\\376$' table
	grep -qE "^ +7 +$(($(getconf PAGESIZE) * 7 / 1024))K  shared file\$" <("$MMTOOL" maps --filter="name=$PWD" "$pid") || fail "$(<table)"
	"$MMTOOL" maps --format=json "$pid" >events
	python3 - "/proc/$pid/maps" <<'END2'
import json, sys
want = open(sys.argv[1], "rb").read()
got = b""
for line in open("events"):
    for mapping in json.loads(line).get("maps", []):
        got += bytes.fromhex(mapping["line_hex"]) if "line_hex" in mapping else mapping["line"].encode()
        got += b"\n"
assert got == want
END2
}

@test "sorted: the largest first, names last where there are none" {
	mm maps --raw --sort=size "$data/i386.maps"
	assert_success
	sizes=$(while IFS='- ' read -r from to _; do echo $((0x$to - 0x$from)); done <<<"$output")
	[ "$sizes" = "$(sort -rn <<<"$sizes")" ]
	mm maps --raw --sort=name "$data/i386.maps"
	[ "$(awk '$6 != "" { print $6 }' <<<"$output")" = "$(awk '$6 != "" { print $6 }' "$data/i386.maps" | sort)" ]
	[ -z "$(tail -n 1 <<<"$output" | awk '{ print $6 }')" ]
	diff <(sort <<<"$output") <(sort "$data/i386.maps")
	mm maps --raw --sort=perms "$data/i386.maps"
	[ "$(awk '{ print $2 }' <<<"$output")" = "$(awk '{ print $2 }' "$data/i386.maps" | sort)" ]
	mm maps --raw --sort=address "$data/i386.maps"
	[ "$output" = "$(<"$data/i386.maps")" ]
}

# matches COUNT FILTER...: so many mappings of the file below match.
matches()
{
	local want=$1 filter args=()

	shift
	for filter; do
		args+=("--filter=$filter")
	done
	run --separate-stderr "$MMTOOL" maps --raw "${args[@]}" some
	assert_success
	[ "${#lines[@]}" -eq "$want" ] || fail "$*: $output"
}

@test "filters" {
	cat >some <<-'END2'
		00400000-00401000 r-xp 00000000 08:01 7 /bin/a
		00600000-00620000 rw-p 00000000 00:00 0 [heap]
		f7000000-f7800000 rw-s 00000000 00:00 0
		f7800000-f7900000 ---p 00000000 00:00 0
		f7a00000-f7b00000 r--p 00000000 08:01 8 /lib/liba.so
	END2
	matches 2 perms=rw
	matches 4 perms=p
	matches 1 perms=s
	matches 3 'perms!=w'
	matches 1 perms=r-x
	matches 1 perms=---p
	matches 2 'perms=?w'
	matches 2 perms=rw-
	matches 1 name=liba
	matches 1 'name=[heap]'
	matches 1 'name=*.so'
	matches 2 'name=*a*' 'name!=[heap]'
	matches 2 'name=/*'
	matches 0 'name=*.s'
	matches 1 'name=/bin/?'
	matches 2 name=
	matches 3 name!=
	matches 2 'name=/' 'perms=r'
	matches 1 address=400000
	matches 1 address=0x400fff
	matches 0 address=401000
	matches 2 addr=F77FFFFF-f7800001
	matches 1 addr=f7000000-f7800000
	matches 3 'size>=1M'
	matches 1 'size>1M'
	matches 2 size=1M
	matches 3 size=1M-
	matches 2 size=-128K
	matches 3 size=128K-1M
	matches 1 'size<128K'
	matches 2 'size<=0x20000'
}

@test "filters that are none are refused" {
	for filter in '' size size=1M-1K 'size>' 'size=1X' size=- 'perms>r' perms= perms=z perms=rwxps address=xyz \
		address=2000-1000 address=11112222333344445 colour=red name 'name>a' 'size<0' resident 'PERMS=r'; do
		mm maps "--filter=$filter" "$data/cat.maps"
		assert_failure 2
		assert_line --index 0 --partial 'mmtool maps: --filter: '
	done
	mm maps --filter=size
	assert_line --index 0 --partial "quote it: --filter='size>1M'"
}

@test "holes, and the largest" {
	cat >holes <<-'END2'
		00400000-00401000 r-xp 00000000 08:01 7 /bin/a
		00402000-00403000 r--p 00001000 08:01 7 /bin/a
		00403000-00404000 rw-p 00002000 08:01 7 /bin/a
		00600000-00620000 rw-p 00000000 00:00 0 [heap]
	END2
	mm maps --gaps holes
	assert_success
	assert_line --index 2 --regexp '^00401000-00402000 +4K  hole$'
	assert_line --regexp '^00404000-00600000 +2032K  hole$'
	assert_line '2 holes, together 2036K; the largest is 00404000-00600000, 2032K'
	# What is left out is no hole.
	mm maps --gaps --filter=size=1M- holes
	refute_line --partial '/bin/a'
	assert_line '1 hole of 2032K'
	mm maps --gaps --filter=name=heap holes
	refute_output --partial hole
	# No process can have the addresses below [vsyscall].
	mm maps --gaps "$data/cat.maps"
	refute_line --regexp '^[0-9a-f]+-ffffffffff600000 .* hole$'
}

@test "holes that meet between two parts are told once" {
	need jq
	awk 'BEGIN { for (i = 1; i <= 3000; i++) printf "%08x-%08x r--p 00000000 00:00 0 \n", i * 8192, i * 8192 + 4096 }' >many
	"$MMTOOL" maps --gaps many >table
	[ "$(grep -c ' hole$' table)" -eq 2999 ]
	grep -q '^2999 holes, together 11996K; ' table
	"$MMTOOL" maps --gaps --format=json many >events
	[ "$(jq -s 'map(select(.type == "snapshot")) | length' events)" -gt 1 ]
	[ "$(jq -s '[.[].gaps[]?] | length' events)" -eq 2999 ]
	[ "$(jq -s '[.[].totals[]?.mappings] | add' events)" -eq 3000 ]
	jq -es 'map(select(.type == "snapshot")) | [.[].part] == [range(length)] and (last.more | not) and all(.[:-1][]; .more)' events
}

@test "a tree: each object once, with its total" {
	mm maps --tree "$data/i386.maps"
	assert_success
	[ "$(grep -c '^/' <<<"$output")" -eq "$(grep -o '/.*' "$data/i386.maps" | sort -u | wc -l)" ]
	[ "$(grep -cE '^[0-9a-f]+-' <<<"$output")" -eq "$(wc -l <"$data/i386.maps")" ]
	cat >two <<-'END2'
		00001000-00002000 r-xp 00000000 08:01 7 /bin/a
		00002000-00006000 r-xp 00000000 08:01 8 /bin/b
		00006000-00007000 rw-p 00000000 08:01 7 /bin/a
	END2
	run --separate-stderr "$MMTOOL" maps --tree two
	assert_output 'address range           size  perms  offset

/bin/a
00001000-00002000         4K  r-xp        0
00006000-00007000         4K  rw-p        0
2 mappings                8K

/bin/b
00002000-00006000        16K  r-xp        0
1 mapping                16K

mappings       size  kind
       3        24K  private file
       3        24K  all'
	mm maps --tree --sort=size two
	assert_line --index 1 /bin/b
	# An object whose mappings come in two parts is one.
	awk 'BEGIN { for (i = 1; i <= 2500; i++) printf "%08x-%08x r--p 00000000 08:01 7 /x\n", i * 4096, i * 4096 + 4096 }' >many
	mm maps --tree many
	[ "$(grep -c '^/x$' <<<"$output")" -eq 1 ]
	assert_line --regexp '^2500 mappings +10000K$'
}

@test "memory stays the same for any number of mappings" {
	not_sanitized 'it needs address space of its own'
	need awk
	awk 'BEGIN { for (i = 1; i <= 200000; i++) printf "%08x-%08x r--p 00000000 00:00 0 \n", i * 8192, i * 8192 + 4096 }' >many
	for option in --raw --color=never --gaps --format=json; do
		(ulimit -v 16384 && exec "$MMTOOL" maps "$option" - <many) >shown
		[ "$(wc -c <shown)" -gt 200000 ]
	done
	# What must be held does not fit there.
	run bash -c "ulimit -v 16384; exec '$MMTOOL' maps --sort=size - <many >/dev/null"
	assert_failure 3
	assert_output --partial 'memory'
}

@test "options that do not go together" {
	for options in '--raw --tree' '--tree --gaps' '--raw --gaps' '--gaps --sort=size' '--tree --sort=perms' '--raw --resident' \
		'--raw --detail' '--raw --explain' '--sort=colour' '1 2'; do
		# shellcheck disable=SC2086 # several words
		mm maps $options
		assert_failure 2
	done
}

@test "a process that is none" {
	for pid in 0 4194305 99999999999999999999; do
		mm maps "$pid"
		assert_failure 3
		assert_output --partial ': no '
	done
	mm maps -- -5
	assert_failure 3
	assert_output 'mmtool maps: -5: No such file or directory (a process is named by its number)'
	mm maps -5
	assert_failure 2
}

@test "a thread of the kernel has no mappings" {
	grep -qs kthreadd /proc/2/comm || skip 'no thread of the kernel can be seen here'
	mm maps 2
	assert_failure 3
	assert_output 'mmtool maps: process 2 (kthreadd) is a thread of the kernel: it has no address space of its own'
}

@test "a zombie has none any more" {
	leave_zombie
	started+=("$watcher")
	mm maps "$(<zombie)"
	assert_failure 3
	assert_output --partial "process $(<zombie) (sleep) has exited"
}

@test "another user's process may not be read" {
	need_root
	start sleep 1000
	as_nobody "$MMTOOL" maps "$pid"
	assert_failure 3
	assert_output --partial "may not be read: it is another user's (uid 0, you are 65534); root may"
}

@test "an ordinary user sees his own" {
	as_nobody "$MMTOOL" maps
	assert_success
	assert_output --partial '[stack]'
}

@test "a file that is no maps" {
	cp "$data/cat.maps" bad
	echo 'hello there' >>bad
	mm maps bad
	assert_failure 3
	assert_output "mmtool maps: bad: line $(wc -l <bad): not a line of maps: \"hello there\""
	tac "$data/cat.maps" >bad
	mm maps bad
	assert_failure 3
	assert_output --partial 'bad: line 2: out of order'
	: >bad
	mm maps bad
	assert_failure 3
	assert_output 'mmtool maps: bad: there are no mappings in it'
	mm maps .
	assert_failure 3
	assert_output 'mmtool maps: .: cannot be read: Is a directory'
	mm maps /dev/zero
	assert_failure 3
	mm maps --sort=size /dev/zero
	assert_failure 3
	mm maps "$MMTOOL"
	assert_failure 3
	mm maps nowhere
	assert_failure 3
	assert_output 'mmtool maps: nowhere: No such file or directory (a process is named by its number)'
}

@test "a bad line far on is told by its number, in parts and whole" {
	awk 'BEGIN { for (i = 1; i <= 3000; i++) printf "%08x-%08x r--p 00000000 00:00 0 \n", i * 8192, i * 8192 + 4096 }' >bad
	head -n 1 bad >first
	cat first >>bad
	for option in --sort=address --sort=size --gaps; do
		run --separate-stderr "$MMTOOL" maps "$option" bad
		assert_failure 3
		[ "$stderr" = 'mmtool maps: bad: line 3001: out of order: it begins below the end of the line before' ]
	done
}

@test "a process that maps and unmaps all the time" {
	need python3
	python3 -c '
import mmap
print("ready", flush=True)
while True:
    kept = [mmap.mmap(-1, 4096 * (1 + i % 3), prot=1 + 2 * (i % 2)) for i in range(300)]
' >ready 3>&- &
	pid=$!
	started+=("$pid")
	until [ -s ready ]; do sleep 0.01; done
	for _ in {1..30}; do
		"$MMTOOL" maps --raw "$pid" >snapshot 2>errors || fail "$(<errors)"
		LC_ALL=C sort -c <(cut -d- -f1 snapshot | sed 's/^/0000000000000000/; s/.*\(.\{16\}\)$/\1/')
	done
}

@test "a long path stays whole" {
	long=$(printf '/x%.0s' {1..200})
	echo "1000-2000 r--p 00000000 08:01 7 $long" >long
	mm maps long
	assert_line --partial "  $long"
	run script -qec "stty cols 80; '$MMTOOL' maps long" /dev/null
	assert_output --partial "$long"
}

@test "colour only on a terminal" {
	mm maps --color=always "$data/java.maps"
	assert_output --partial $'\033[31mrwxp\033[0m'
	mm maps "$data/java.maps"
	refute_output --partial $'\033'
}
