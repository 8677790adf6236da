# SPDX-License-Identifier: MIT
# Reading by queries around a call, and reading the text: the same answer from both.

load ../helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	# Without randomization both runs have the same addresses, and what is printed is the same byte for byte.
	fixed=(setarch -R)
	"${fixed[@]}" true 2>/dev/null || skip 'addresses cannot be fixed here'
}

# queries: skips the test where the kernel has none.
queries()
{
	mm run --observer=query -q -e 'expect 1'
	[ "$status" -ne 77 ] || skip 'this kernel has no PROCMAP_QUERY'
	assert_success
}

# plain: reads a report, without what differs from run to run: how the kernel calls unlinked files, notes in TAP.
plain()
{
	sed -e 's/#[0-9][0-9]*/#N/g' -e '/^# /d'
}

# normal: the same of JSON: numbers of processes and segments, inodes of memory, counts of the whole machine.
normal()
{
	plain |
		jq -cS 'walk(if type == "object" then del(.pid, .inode, .line, .text, .text_hex, .value, .value_text, .left, .right)
			| if .name == "shmget" or .name == "fork" then del(.result) else . end else . end)'
}

# once_more: whether to look once more: a script may ask whether what all processes were promised is more than the
# limit, and another process can have changed the answer.
once_more()
{
	! cmp -s text query && grep -q Committed_AS text
}

# both ARG...: runs mmtool in both ways; what is printed and the exit status are the same.
both()
{
	local way status=0

	policy_lock -s
	for _ in 1 2 3; do
		for way in text query; do
			status=0
			timeout 60 "${fixed[@]}" "$MMTOOL" "$@" --observer=$way >out 2>&1 || status=$?
			plain <out >"$way"
			printf 'status %d\n' "$status" >>"$way"
		done
		once_more || break
	done
	policy_unlock
	diff text query || fail "not the same: $*"
}

# both_events ARG...: the same of the events.
both_events()
{
	local way

	policy_lock -s
	for _ in 1 2 3; do
		for way in text query; do
			timeout 60 "${fixed[@]}" "$MMTOOL" "$@" --format=json --observer=$way 2>/dev/null | normal >"$way"
			[ -s "$way" ] || fail "no events: $*"
		done
		once_more || break
	done
	policy_unlock
	cmp text query || fail "not the same events: $*"
}

@test "scripts of every kind print the same, with the whole maps and with why" {
	queries
	not_sanitized 'AddressSanitizer maps memory of its own in the middle of a script'
	for script in "$top"/tests/run/*.mmt "$top"/tests/program/*.mmt; do
		both run --symbolic --explain "$script"
		both run --symbolic --full "$script"
	done
}

@test "the examples print the same" {
	queries
	not_sanitized 'AddressSanitizer maps memory of its own in the middle of a script'
	for script in "$top"/examples/*.mmt; do
		both run --symbolic --explain "$script"
		both run --symbolic --full "$script"
	done
}

@test "the events are the same" {
	need jq
	queries
	not_sanitized 'AddressSanitizer maps memory of its own in the middle of a script'
	for script in "$top"/tests/run/*.mmt "$top"/examples/*.mmt; do
		both_events run "$script"
	done
}

@test "the experiments print the same, and tell the same events" {
	queries
	not_sanitized 'AddressSanitizer maps memory of its own in the middle of a script'
	for experiment in grow shrink move-fixed reserve-fill noreserve overcommit; do
		both "$experiment" --symbolic --explain --full
		both "$experiment" --format=tap
		! command -v jq >/dev/null || both_events "$experiment"
	done
}

@test "a script that goes wrong goes wrong in the same way" {
	queries
	both run --symbolic --keep-going -e 'a = mmap(NULL, 4p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
munmap(a + 1, 1p); munmap(a, 0); mprotect(a, 8p, PROT_WRITE); mremap(a, 1p, 2p, 0); mremap(a + 9p, 1p, 2p, MREMAP_MAYMOVE)
mmap(a, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0)
mmap(a, 1p, PROT_READ, MAP_PRIVATE|MAP_FIXED, -1, 0); mmap(NULL, -1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
munmap(a, -1p); madvise(a, 99p, MADV_DONTFORK); mlock(a, 9p); brk(1); expect vma(a, 4p)
a[0] = 1'
}

@test "stacks that grow: below a load, a store, a call's buffer" {
	queries
	both run --symbolic --full -e 'at = hole(64p)
s = mmap(at + 32p, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE|MAP_GROWSDOWN, -1, 0)
repeat 5 as i { s[-1p * (i + 1)] = 1 }
expect start(s) == s - 5p
expect fault(at[27p - 1]) == 0
fd = open("/dev/zero", O_RDONLY)
read(fd, at + 20p, 3p) = 3p
memset(at + 14p, 1, 6p)
mincore(s, 2p, at + 13p)
expect mapped(at, 34p) == 21p
child = fork()
in child { s[-20p] = 1; expect start(s) == at + 12p }
expect start(s) == at + 13p'
	grep -q 'all as expected' query
}

@test "the break moves, alone and beside what it meets" {
	queries
	both run --symbolic --full -e 'now = brk(0); end = (now + 1p - 1) / 1p * 1p
brk(now + 1); brk(end + 4p); mprotect(end + 1p, 1p, PROT_READ); brk(end + 3p); brk(end + 8p)
mprotect(end + 1p, 1p, PROT_READ|PROT_WRITE)
m = mmap(end + 9p, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0)
brk(end + 9p); brk(end + 1p); brk(end); brk(now); munmap(m, 2p)'
}

@test "segments, also in parts, and what replaces them" {
	queries
	both run --symbolic --full -e 'id = shmget(IPC_PRIVATE, 6p, IPC_CREAT|0600); at = hole(32p)
x = shmat(id, at, 0); mprotect(x + 1p, 1p, PROT_READ); munmap(x + 3p, 1p)
y = shmat(id, at + 8p, SHM_RDONLY); shmdt(x)
z = mmap(at, 20p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
w = shmat(id, at + 2p, SHM_REMAP); shmctl(id, IPC_RMID, NULL); shmdt(w)'
}

@test "passes that are summed up" {
	queries
	both run --symbolic --full -e 'a = mmap(NULL, 64p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
repeat 30 as i { mprotect(a + 2 * i * 1p, 1p, PROT_READ|PROT_WRITE) }
repeat 20 as i { munmap(a + 3 * i * 1p, 1p); expect mapped(a + 3 * i * 1p, 1p) == 0 }
repeat 10 { x = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); munmap(x, 1p) }
expect mapped(a, 64p) == 44p'
}

@test "a name with a newline, a backslash or spaces, a long one, and one that was unlinked" {
	queries
	long=$(printf 'x%.0s' {1..250})
	mkdir -p "$long/$long"
	for name in $'new\nline' 'back\slash \012' '  spaces  (deleted)' "$long/$long/$long"; do
		printf '%8192s' x >"$name"
		both run --symbolic --full "-DNAME=\"$(printf '%s' "$name" | sed -z 's/\\/\\\\/g; s/\n/\\n/g')\"" \
			-e 'fd = open(NAME, O_RDONLY)
m = mmap(NULL, 2p, PROT_READ, MAP_PRIVATE, fd, 0); munmap(m, 1p); note pathname(m + 1p)'
		grep -q 'all as expected' query
	done
	both run --symbolic --full -e 'm = memfd_create("a\nb \\ c", 0); ftruncate(m, 2p)
x = mmap(NULL, 2p, PROT_READ, MAP_SHARED, m, 0); munmap(x, 1p)'
}

@test "--observer=query: a query that fails, or that is refused, is not told as a kernel that has none" {
	need strace
	not_sanitized 'strace and LeakSanitizer exclude each other'
	queries
	# Without the shell that MMTOOL_OBSERVER puts before it: its calls would be counted, too.
	direct=${MMTOOL_OBSERVED-$MMTOOL}
	# fails ERROR: all the ioctls of the tool.
	fails()
	{
		run strace -qq -o /dev/null -e trace=ioctl -e inject="ioctl:error=$1" "$direct" run --format=json --observer=query \
			-e 'note 1'
		[[ $output != *'strace: '* ]] || skip 'strace traces nothing here'
	}
	for error in ENOMEM EIO; do
		fails "$error"
		assert_failure 3
		assert_line --regexp '^mmtool run: ioctl, PROCMAP_QUERY: .*: (Cannot allocate memory|Input/output error)$'
		assert_line --regexp '"verdict":"broken".*"reason":"ioctl, PROCMAP_QUERY: '
	done
	for error in EPERM ENOSYS; do
		fails "$error"
		assert_failure 77
		assert_output --regexp 'PROCMAP_QUERY: it is refused here: (Operation not permitted|Function not implemented)'
	done
	fails EINVAL
	assert_failure 77
	assert_output --partial 'this kernel has no PROCMAP_QUERY'

	# One of them: the first query, and the two that are compared with the text.
	told=0
	for ((n = 1; n <= 8; n++)); do
		fails "EIO:when=$n"
		[ "$status" -ne 0 ] || continue
		assert_failure 3
		assert_line --regexp '^mmtool run: ioctl, PROCMAP_QUERY: .*: Input/output error$'
		told=$((told + 1))
	done
	assert_equal "$told" 3
}

@test "--observer=text asks nothing, --observer=query says it where the kernel has no queries, auto reads the text there" {
	need strace
	not_sanitized 'strace and LeakSanitizer exclude each other'
	strace -o calls -e trace=ioctl "$MMTOOL" grow --observer=text >/dev/null 2>&1 || skip 'strace traces nothing here'
	run grep 0x66 calls
	refute_output
	run strace -o /dev/null -e trace=ioctl -e inject=ioctl:error=ENOTTY "$MMTOOL" grow --observer=query
	assert_failure 77
	assert_output --partial 'PROCMAP_QUERY'
	run strace -o /dev/null -e trace=ioctl -e inject=ioctl:error=ENOTTY "$MMTOOL" grow --symbolic --observer=auto
	assert_success
	auto=$output
	mm grow --symbolic --observer=text
	assert_output "$auto"
}

@test "where queries stop working in the middle, the text is read" {
	need strace
	queries
	not_sanitized 'strace and LeakSanitizer exclude each other'
	run strace -o /dev/null -e trace=ioctl -e inject=ioctl:error=EIO:when=6+2 "${MMTOOL_OBSERVED-$MMTOOL}" grow --symbolic \
		--observer=query
	assert_success
	injected=$output
	mm grow --symbolic --observer=text
	assert_output "$injected"
}

@test "--observer is one of three words" {
	mm grow --observer=smaps
	assert_failure 2
	assert_output --partial '--observer: smaps: not a choice (try auto, text or query)'
}

@test "scripts of calls chosen at random print the same" {
	need python3
	queries
	not_sanitized 'AddressSanitizer maps memory of its own in the middle of a script'
	for ((seed = 1; seed <= ${MMTOOL_SEEDS:-25}; seed++)); do
		python3 "$top/tests/helper/random-script.py" "$seed" >"random-$seed.mmt"
		both run --symbolic --full --keep-going "random-$seed.mmt"
		! grep -q '^status [23]' query || fail "seed $seed: $(tail -n 3 query)"
	done
}
