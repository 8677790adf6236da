# SPDX-License-Identifier: MIT
# why: lines of strace, in all the forms that it writes, explained from their text and from an address space.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	cat >saved.maps <<-'End'
		7f12e4000000-7f12e4001000 rw-p 00000000 00:00 0 
		7f12e4001000-7f12e4005000 r--p 00000000 08:01 1201                       /usr/lib/libc.so.6
		7f12e4100000-7f12e4102000 rw-s 00000000 00:01 7                          /dev/zero (deleted)
	End
}

# joined: the output as one line.
joined()
{
	printf '%s\n' "$output" | sed 's/^ *//' | tr '\n' ' ' | tr -s ' '
}

# says TEXT LINE [OPTION...]: the line, of a machine with pages of 4K, is explained so.
says()
{
	local text=$1
	shift
	mm why --page-size=4K "$@"
	assert_success
	[[ $(joined) == *"$text"* ]] || fail "no \"$text\" in: $output"
}

# rules LINE...: of each line on standard input the ids of its rules.
rules()
{
	"$MMTOOL" why --format=json "$@" | grep -o '"why_rules":\[[^]]*\]' | sed 's/"why_rules"://'
}

@test "a line by itself" {
	says 'why: EINVAL: MREMAP_FIXED is taken only together with MREMAP_MAYMOVE' \
		'mremap(0x7f12e4000000, 4096, 8192, MREMAP_FIXED, 0x7f12e4100000) = -1 EINVAL'
	says 'MREMAP_FIXED is taken only' 'mremap(0x7f12e4000000, 4096, 8192, MREMAP_FIXED, 0x7f12e4100000) = -1 EINVAL (Invalid argument) <0.000004>'
}

@test "several rules that are broken are all told, the kernel's first one first" {
	says 'addr is not a multiple of the page size: 0x7f0000000001 is 1 byte past a page'\''s start, 0x7f0000000000; besides, the length is 0' \
		'munmap(0x7f0000000001, 0) = -1 EINVAL'
}

@test "what the text does not tell is not guessed" {
	says 'only be this one: the name may have at most 249 bytes, and the line has only its first 4 (strace -s 300 shows all of it)' \
		'memfd_create("long"..., MFD_CLOEXEC) = -1 EINVAL (Invalid argument)'
	says 'one of: (1) ' 'mremap(0x7f12e4000000, 4096, 8192, 0) = -1 ENOMEM'
	[[ $(joined) == *'growing in place needs 0x7f12e4001000-0x7f12e4002000, and something is mapped there'* ]]
	[[ $(joined) == *'(with --maps it could be told which)'* ]]
}

@test "--maps with a saved file" {
	says 'growing in place needs 0x7f12e4001000-0x7f12e4002000, and 4K of it is taken by /usr/lib/libc.so.6 (r--p); MREMAP_MAYMOVE would let it move' \
		--maps=saved.maps 'mremap(0x7f12e4000000, 4096, 8192, 0) = -1 ENOMEM'
	says 'old_size 0 duplicates shared mappings only; an anonymous mapping (rw-p) is private' \
		--maps=saved.maps 'mremap(0x7f12e4000000, 0, 8192, MREMAP_MAYMOVE) = -1 EINVAL'
	says 'nothing is mapped at old_address, 0x7f12e4200000' \
		--maps=saved.maps 'mremap(0x7f12e4200000, 4096, 8192, MREMAP_MAYMOVE) = -1 EFAULT'
	says 'the range has a hole: nothing is mapped at 0x7f12e4005000' \
		--maps=saved.maps 'mprotect(0x7f12e4001000, 20480, PROT_READ) = -1 ENOMEM'
}

@test "--maps with an smaps tells of flags" {
	awk '{ print; print "Size:                  4 kB"; print "VmFlags: rd mr mw me sl" }' saved.maps >saved.smaps
	says '/usr/lib/libc.so.6 (r--p) is sealed (mseal)' --maps=saved.smaps 'munmap(0x7f12e4001000, 4096) = -1 EPERM'
	mm why --maps=saved.maps 'munmap(0x7f12e4001000, 4096) = -1 EPERM'
	assert_success
	[[ $(joined) == *'with --maps and an smaps file it could be told'* ]]
}

# An address space with one of each kind of mapping that some advice does not take.
save_flags()
{
	sed 's/^VmFlags/Size:                  4 kB\n&/' >saved.smaps <<-'End'
		7f12e4000000-7f12e4001000 rw-p 00000000 00:00 0 
		VmFlags: rd wr mr mw me lo ac 
		7f12e4200000-7f12e4600000 rw-p 00000000 00:0f 9   /anon_hugepage (deleted)
		VmFlags: rd wr mr mw me de ht 
		7f12e4700000-7f12e4701000 rw-s 00000000 00:06 5   /dev/mem
		VmFlags: rd wr sh mr mw me ms pf io de dd 
		7f12e4800000-7f12e4801000 r--s 00000000 fe:00 7   /etc/hosts
		VmFlags: rd mr me ms 
		7f12e4801000-7f12e4802000 rw-s 00000000 fe:00 8   /var/db
		VmFlags: rd wr sh mr mw me ms 
		7f12e4900000-7f12e4901000 r--p 00000000 00:00 0 
		VmFlags: rd mr mw me ac sl 
		7f12e4a00000-7f12e4a01000 ---p 00000000 00:00 0 
		VmFlags: mr mw me ac 
		7f12e4b00000-7f12e4b01000 rw-p 00000000 00:00 0 
		VmFlags: rd wr mr mw me ac dp 
	End
}

@test "madvise: what an advice does not take, by an smaps" {
	save_flags
	set -- --maps=saved.smaps
	says 'is locked, and MADV_DONTNEED does not take locked pages from memory; munlock comes first, or MADV_DONTNEED_LOCKED (Linux 5.18)' \
		"$@" 'madvise(0x7f12e4000000, 4096, MADV_DONTNEED) = -1 EINVAL'
	says 'is locked, and MADV_COLD does not take locked pages from memory; munlock comes first' \
		"$@" 'madvise(0x7f12e4000000, 4096, MADV_COLD) = -1 EINVAL'
	says 'is of huge pages, and MADV_FREE does not take such' \
		"$@" 'madvise(0x7f12e4200000, 2097152, MADV_FREE) = -1 EINVAL'
	says '/dev/mem (rw-s) was set up by the kernel or a driver and is no ordinary memory, which MADV_POPULATE_READ does not take' \
		"$@" 'madvise(0x7f12e4700000, 4096, MADV_POPULATE_READ) = -1 EINVAL'
	says 'no ordinary memory, which MADV_DODUMP does not take' "$@" 'madvise(0x7f12e4700000, 4096, MADV_DODUMP) = -1 EINVAL'
	says '/etc/hosts (r--s) is no private anonymous memory, and MADV_FREE takes nothing else' \
		"$@" 'madvise(0x7f12e4800000, 4096, MADV_FREE) = -1 EINVAL'
	says 'an anonymous mapping (---p) has no file behind it, in which MADV_REMOVE could punch a hole' \
		"$@" 'madvise(0x7f12e4a00000, 4096, MADV_REMOVE) = -1 EINVAL'
	says '/etc/hosts (r--s) is not shared and writable' "$@" 'madvise(0x7f12e4800000, 8192, MADV_REMOVE) = -1 EACCES'
	says 'an anonymous mapping (r--p) is not shared and writable' "$@" 'madvise(0x7f12e4900000, 4096, MADV_REMOVE) = -1 EACCES'
	says 'an anonymous mapping (r--p) does not allow the access that MADV_POPULATE_WRITE makes for each page' \
		"$@" 'madvise(0x7f12e4900000, 4096, MADV_POPULATE_WRITE) = -1 EINVAL'
	says 'an anonymous mapping (---p) does not allow the access that MADV_POPULATE_READ makes for each page' \
		"$@" 'madvise(0x7f12e4a00000, 4096, MADV_POPULATE_READ) = -1 EINVAL'
	says 'maps no file, and a kernel built without swap reads ahead in files only' \
		"$@" 'madvise(0x7f12e4000000, 4096, MADV_WILLNEED) = -1 EBADF'
	says 'is sealed (mseal) and not writable, so MADV_DONTNEED may not discard what it holds' \
		"$@" 'madvise(0x7f12e4900000, 4096, MADV_DONTNEED) = -1 EPERM'
	says 'is droppable memory (MAP_DROPPABLE), to which MADV_KEEPONFORK cannot be given' \
		"$@" 'madvise(0x7f12e4b00000, 4096, MADV_KEEPONFORK) = -1 EINVAL'
	says 'MADV_HWPOISON needs CAP_SYS_ADMIN, which the process lacks' "$@" 'madvise(0x7f12e4b00000, 4096, MADV_HWPOISON) = -1 EPERM'
}

@test "madvise: what is as it should be is no reason" {
	save_flags
	for line in 'madvise(0x7f12e4801000, 4096, MADV_REMOVE) = -1 EACCES' 'madvise(0x7f12e4800000, 4096, MADV_WILLNEED) = -1 EBADF' \
		'madvise(0x7f12e4800000, 4096, MADV_DONTNEED) = -1 EPERM' \
		'madvise(0x7f12e4801000, 4096, MADV_REMOVE) = -1 EINVAL' 'madvise(0x7f12e4b00000, 4096, MADV_DONTDUMP) = -1 EINVAL'; do
		run -1 "$MMTOOL" why --page-size=4K --maps=saved.smaps "$line"
		assert_output --partial 'no rule that mmtool knows explains it'
	done
	for advice in MADV_POPULATE_WRITE MADV_FREE MADV_HUGEPAGE; do
		says "it can only be this one: the kernel does not know $advice" \
			--maps=saved.smaps "madvise(0x7f12e4b00000, 4096, $advice) = -1 EINVAL"
	done
}

@test "madvise: the size of huge pages is not known of another machine, and that is said" {
	save_flags
	says 'it can only be this one: this advice is not for huge pages, or not at this address' \
		--maps=saved.smaps 'madvise(0x7f12e4201000, 4096, MADV_DONTNEED) = -1 EINVAL'
}

@test "madvise: without an address space all that may be it is told" {
	says 'one of: (1) the kernel does not know MADV_FREE: it is older, or was built without what it takes; (2) advice that takes pages from memory is not for locked mappings; (3) this advice is not for huge pages, or not at this address; (4) something in the range is no private anonymous memory, and MADV_FREE takes nothing else' \
		'madvise(0x7f12e4000000, 4096, MADV_FREE) = -1 EINVAL'
	says 'MADV_REMOVE is for mappings of files and shared memory' 'madvise(0x7f12e4000000, 4096, MADV_REMOVE) = -1 EINVAL'
	says 'it can only be this one: MADV_REMOVE needs a shared writable mapping' 'madvise(0x7f12e4000000, 4096, MADV_REMOVE) = -1 EACCES'
	says 'MADV_POPULATE_* needs permission for its accesses' 'madvise(0x7f12e4000000, 4096, MADV_POPULATE_WRITE) = -1 EINVAL'
	says 'it can only be this one: MADV_POPULATE_* meets a page that cannot be had' \
		'madvise(0x7f12e4000000, 4096, MADV_POPULATE_WRITE) = -1 EFAULT'
	says '; (2) MADV_COLLAPSE needs a whole aligned huge page in each mapping' \
		'madvise(0x7f12e4000000, 4096, MADV_COLLAPSE) = -1 EINVAL'
	says 'a kernel without swap takes MADV_WILLNEED for files only' 'madvise(0x7f12e4000000, 4096, MADV_WILLNEED) = -1 EBADF'
	says 'what is sealed and not writable may not be discarded' 'madvise(0x7f12e4000000, 4096, MADV_DONTNEED) = -1 EPERM'
	says 'this advice is not for droppable memory' 'madvise(0x7f12e4000000, 4096, MADV_KEEPONFORK) = -1 EINVAL'
}

@test "--maps with a process tells of its limits" {
	need prlimit
	sleep 60 &
	pid=$!
	prlimit --pid "$pid" --as=1073741824
	output=$("$MMTOOL" why --maps="$pid" 'mmap(NULL, 2147483648, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM')
	kill "$pid"
	[[ $(joined) == *'RLIMIT_AS is 1G, the process has '*' mapped already, and this asks for 2G more'* ]] || fail "$output"
}

@test "the forms of strace" {
	rules <<-'End' >got
		munmap(0x7f0000000000, 0) = -1 EINVAL (Invalid argument)
		[pid  4711] munmap(0x7f0000000000, 0) = -1 EINVAL (Invalid argument)
		4711  munmap(0x7f0000000000, 0)         = -1 EINVAL (Invalid argument)
		12:00:01 munmap(0x7f0000000000, 0) = -1 EINVAL (Invalid argument)
		12:00:01.000123 munmap(0x7f0000000000, 0) = -1 EINVAL (Invalid argument) <0.000007>
		1732190000.000123 munmap(0x7f0000000000, 0) = -1 EINVAL (Invalid argument)
		     0.000123 munmap(0x7f0000000000, 0) = -1 EINVAL (Invalid argument)
		4711  12:00:01 (+     0.000123) munmap(0x7f0000000000, 0) = -1 EINVAL (Invalid argument)
		[00007f12e4100000] munmap(0x7f0000000000, 0) = -1 EINVAL (Invalid argument)
		munmap(0x7f0000000000 /* here */, 0) = -1 EINVAL
		munmap(139637976727552, 0) = -1 EINVAL
	End
	[ "$(sort got | uniq -c | tr -s ' ')" = ' 11 ["munmap-length-zero"]' ] || fail "$(cat got)"
}

@test "flags by name, as numbers, and both" {
	for flags in 'MAP_ANONYMOUS' 0x20 040 32 '0x20 /* MAP_ANONYMOUS */' 'MAP_ANON' '0|MAP_ANONYMOUS'; do
		[ "$(rules "mmap(NULL, 4096, PROT_READ, $flags, -1, 0) = -1 EINVAL")" = '["mmap-no-type"]' ] || fail "$flags"
	done
	[ "$(rules 'mmap(NULL, 4096, 0x3 /* PROT_READ|PROT_WRITE */, 0x34000022 /* MAP_PRIVATE|MAP_ANONYMOUS|13<<MAP_HUGE_SHIFT */, -1, 1) = -1 EINVAL')" = '["mmap-offset-unaligned"]' ]
	[ "$(rules 'mmap(NULL, 4096, PROT_READ, MAP_SHARED|21<<MAP_HUGE_SHIFT, 3, 0x1) = -1 EINVAL')" = '["mmap-offset-unaligned"]' ]
	[ "$(rules 'madvise(0x7f0000000000, 4096, 0x3e7 /* MADV_??? */) = -1 EINVAL')" = '["madvise-unknown"]' ]
}

@test "a size that no address space has room for: ENOMEM before Linux 6.17, EINVAL since" {
	for flags in 0 MREMAP_MAYMOVE; do
		line="mremap(0x70000000, 4096, 0xfffffffffffff000, $flags)"
		[ "$(rules "$line = -1 EINVAL")" = '["mremap-too-long"]' ]
		run "$MMTOOL" why "$line = -1 ENOMEM"
		assert_line --partial 'ENOMEM: new_size reaches beyond the address space of a process'
		refute_line --partial 'let it move'
	done
}

@test "other names of the calls, and descriptors with paths" {
	[ "$(rules 'mmap2(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = -1 EBADF (Bad file descriptor)')" = '["mmap-no-fd"]' ]
	[ "$(rules 'mmap(NULL, 0, PROT_READ, MAP_PRIVATE, 3</tmp/a, (b)>, 0) = -1 EINVAL')" = '["mmap-length-zero"]' ] ||
		fail "$(rules 'mmap(NULL, 0, PROT_READ, MAP_PRIVATE, 3</tmp/a, (b)>, 0) = -1 EINVAL')"
	[ "$(rules 'ftruncate64(3</x>, -5) = -1 EINVAL')" = '["ftruncate-negative"]' ]
	[ "$(rules 'memfd_create("a\"b, (c\t\0\x41", MFD_CLOEXEC|0x100) = -1 EINVAL')" = '["memfd_create-unknown-flag"]' ]
}

@test "calls in two parts, of several processes" {
	rules <<-'End' >got
		[pid 2] munmap(0x7f0000000000, 0 <unfinished ...>
		[pid 3] mlockall(0 <unfinished ...>
		[pid 2] <... munmap resumed>) = -1 EINVAL (Invalid argument)
		[pid 3] <... mlockall resumed> ) = -1 EINVAL (Invalid argument)
		[pid 4] <... munmap resumed>) = -1 EINVAL (Invalid argument)
		mseal( <unfinished ...>
		<... mseal resumed>0x7f0000000000, 4096, 1) = -1 EINVAL (Invalid argument)
	End
	[ "$(tr '\n' ' ' <got)" = '["munmap-length-zero"] ["mlockall-no-target"] ["mseal-flags"] ' ] || fail "$(cat got)"
}

@test "other lines are passed over" {
	cat >trace <<-'End'
		execve("/bin/true", ["true"], 0x7ffd /* 20 vars */) = 0
		openat(AT_FDCWD, "munmap(0, 0) = -1 EINVAL", O_RDONLY) = -1 ENOENT (No such file or directory)
		hello, world (a program's own output) = -1
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f12e4100000
		munmap(0x7f12e4100000, 8192)            = ?
		mmap(NULL
		mmap(
		--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=1, si_uid=0, si_status=0} ---
		+++ exited with 0 +++

	End
	mm why trace
	assert_success
	assert_output '# There is no failed call among the lines, of those that mmtool explains.'
}

@test "faults, and what took the mapping away" {
	cat >trace <<-'End'
		munmap(0x7f12e4100000, 8192) = 0
		--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x7f12e4101010} ---
	End
	mm why trace
	assert_success
	[[ $(joined) == *'SEGV_MAPERR: no mapping holds this address'*'The munmap at line 1 left nothing mapped here.'* ]] || fail "$output"
	cat >trace <<-'End'
		[pid 1] munmap(0x7f12e4100000, 8192) = 0
		[pid 2] --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x7f12e4101010} ---
	End
	mm why trace
	assert_success
	refute_output --partial 'The munmap'
	says 'the permissions of /usr/lib/libc.so.6 (r--p) do not allow this access' --maps=saved.maps -- \
		'--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_ACCERR, si_addr=0x7f12e4001010} ---'
}

@test "a break that stays" {
	says 'the break stays where it is: one of: (1) the address lies below the start of the heap; (2) the part of the heap' 'brk(0x1000) = 0x555555559000'
	says 'The call succeeded' 'brk(0x555555579000) = 0x555555579000'
}

@test "errors that strace injected broke no rule" {
	says 'strace injected this error' 'munmap(0x7f0000000000, 4096) = -1 ENOMEM (Cannot allocate memory) (INJECTED)'
}

@test "--page-size is that of the lines" {
	says 'addr is not a multiple of the page size' --page-size=64K 'munmap(0x7f0000001000, 65536) = -1 EINVAL'
	mm why --page-size=3000 'munmap(0x7f0000001000, 65536) = -1 EINVAL'
	assert_failure 2
	assert_output --partial 'not a power of two'
}

@test "exit status" {
	mm why 'msync(0x7f0000000000, 4096, MS_SYNC) = -1 EACCES (Permission denied)'
	assert_failure 1
	assert_output --partial 'no rule that mmtool knows explains it'
	mm why 'close(3) = -1 EBADF (Bad file descriptor)'
	assert_failure 1
	mm why 'munmap(0x7f0000000000) = -1 EINVAL'
	assert_failure 1
	assert_output --partial 'not as many arguments'
	mm why 'mprotect(0x7f0000000000, ..., PROT_READ) = -1 EINVAL'
	assert_failure 1
	assert_output --partial 'cannot read the argument'
	mm why 'nothing of the kind()'
	assert_failure 2
	mm why ./missing
	assert_failure 3
	mm why --maps=./missing 'munmap(0x7f0000000000, 0) = -1 EINVAL'
	assert_failure 3
	mm why .
	assert_failure 3
	mm why 'mmap(NULL, 1, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000'
	assert_success
}

@test "lines of mmtool itself" {
	"$MMTOOL" run -e 'munmap(hole(1p), 0) = -1 EINVAL' >own
	mm why own
	assert_success
	assert_output --partial 'why: EINVAL: the length is 0'
	[ "$(grep -c why: <<<"$output")" = 1 ]
	[ "$(rules 'mremap(0x10000, 1p, 2p, MREMAP_FIXED, 0x10000000) = -1 EINVAL')" = '["mremap-fixed-alone"]' ]
}

@test "control characters of a line do not reach the terminal" {
	printf 'munmap(0x7f0000000000, 0) = -1 EINVAL \033[31m(oops)\n' | "$MMTOOL" why >got
	[ "$(grep -c $'\033' got)" = 0 ]
	grep -q '\\033' got
}

@test "what strace traces here" {
	need strace
	need python3
	strace -f -o trace -e trace=%memory python3 -c '
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.munmap(ctypes.c_void_p(4096 + 1), 4096)
libc.mmap(None, 0, 1, 0x22, -1, 0)' 2>/dev/null || skip 'strace may not trace here'
	[ "$(rules trace | tr '\n' ' ')" = '["munmap-unaligned"] ["mmap-length-zero"] ' ] || fail "$(tail -n 5 trace)"
}

@test "--list" {
	mm why --list
	assert_success
	assert_line --regexp '^mremap-fixed-alone +EINVAL +MREMAP_FIXED needs MREMAP_MAYMOVE$'
	[ "$("$MMTOOL" why --list | awk '{ print $1 }' | sort | uniq -d)" = '' ]
	"$MMTOOL" why --list >/dev/full || [ $? -eq 3 ]
}

@test "a signal ends it while it waits for lines" {
	for signal in INT TERM HUP; do
		dies_of "$signal" "$MMTOOL" why
	done
}

@test "what has lines without an end is none of strace's output" {
	mm why /dev/zero
	assert_failure 3
	assert_output --partial '/dev/zero: cannot be read: it has a line longer than '
	# One of 100K is.
	{
		printf 'write(1, "'
		head -c 100000 /dev/zero | tr '\0' x
		printf '", 100000) = 100000\nmunmap(0x7f0000000000, 0) = -1 EINVAL\n'
	} >long
	says 'the length is 0' long
	# Without a newline at its end, too.
	printf 'munmap(0x7f0000000000, 0) = -1 EINVAL' >short
	says 'the length is 0' short
}
