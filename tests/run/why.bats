# SPDX-License-Identifier: MIT
# Why a call failed: each test breaks one rule on the running kernel, and the explanation is that rule.

load ../helper/common

anon='NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0'
rw='PROT_READ|PROT_WRITE'
new='MAP_PRIVATE|MAP_ANONYMOUS, -1, 0'

# why ERRNO TEXT STATEMENTS: they end in a call that fails with ERRNO, and TEXT is part of the explanation.
why()
{
	mm run -e "$3 = -1 $1"
	[[ $status -ne 77 || $output != *tmpfile:* ]] || skip 'no file can be made on a disk here'
	assert_success
	assert_output_joined "why: $1: " "$2"
}

# The report folds long lines: compares without its line ends and marks.
assert_output_joined()
{
	local joined

	joined=$(printf '%s\n' "$output" | sed 's/^[ |]*//' | tr '\n' ' ' | tr -s ' ')
	for text; do
		[[ $joined == *"$text"* ]] || fail "no \"$text\" in: $joined"
	done
}

@test "SIGBUS: past the end of the object, or within it where the file system is full" {
	mm run -e 'f = memfd_create("f", 0); ftruncate(f, 1p + 1); a = mmap(NULL, 4p, PROT_READ, MAP_SHARED, f, 0); read_pages(a, 4p)'
	assert_failure 1
	assert_output_joined "This page begins $(($(getconf PAGESIZE) * 2 / 1024))K into the object, at or past its end (it has $(($(getconf PAGESIZE) + 1)) bytes)"
	need_root
	need unshare
	unshare -m mount -t tmpfs none /run 2>/dev/null || skip 'no file system may be mounted here'
	run unshare -m bash -c 'mount -t tmpfs -o size=64k none /run && exec "$MMTOOL" run --allow-write -e "
		f = open(\"/run/f\", O_RDWR|O_CREAT, 0600); ftruncate(f, 4M)
		a = mmap(NULL, 4M, PROT_READ|PROT_WRITE, MAP_SHARED, f, 0); memset(a, 1, 4M)"'
	assert_failure 1
	assert_output_joined 'the page is within the object behind the mapping (which has 4M), and the kernel could not provide it'
	refute_output --partial 'at or past its end'
}

@test "mremap: EINVAL" {
	why EINVAL 'new_size is 0: a mapping cannot become empty' "a = mmap($anon); mremap(a, 4p, 0, MREMAP_MAYMOVE)"
	why EINVAL "new_size rounds up, in whole pages, to 2^$(word_bits), and so to 0" \
		"a = mmap($anon); mremap(a, 4p, -1, MREMAP_MAYMOVE)"
	refute_output --partial 'new_size is 0'
	why EINVAL 'old_address is not a multiple' "a = mmap($anon); mremap(a + 1, 1p, 2p, MREMAP_MAYMOVE)"
	why EINVAL 'MREMAP_FIXED is taken only together' "a = mmap($anon); mremap(a, 4p, 4p, MREMAP_FIXED, hole(4p))"
}

@test "mremap: a range beyond the address space" {
	why EINVAL 'the new range reaches beyond the address space' \
		"a = mmap($anon); mremap(a, 4p, 4p, MREMAP_MAYMOVE|MREMAP_FIXED, -4p)"
	! all_addresses || return 0
	mm run -e "a = mmap($anon); mremap(a, 4p, -1p, MREMAP_MAYMOVE) = -1"
	assert_success
	# Older kernels find first that there is not so much memory.
	[[ $output == *'= -1 ENOMEM'* ]] || assert_output_joined 'new_size reaches beyond the address space'
}

@test "mremap: an old range over two mappings" {
	why EFAULT 'the old range crosses from one mapping into another' \
		"a = mmap($anon); mprotect(a, 1p, PROT_READ); mremap(a, 4p, 8p, MREMAP_MAYMOVE)"
	why EFAULT 'nothing is mapped at old_address' "mremap(hole(4p), 4p, 8p, MREMAP_MAYMOVE)"
}

@test "mremap: several mappings in one call, old_size that becomes 0, huge pages" {
	on='u = userfaultfd(O_CLOEXEC|UFFD_USER_MODE_ONLY); words(scratch, 0xaa, 0, 0); ioctl(u, UFFDIO_API, scratch)'
	if "$MMTOOL" run -q -e "$on" >/dev/null 2>&1; then
		on="$on; a = mmap($anon); words(scratch, a, 4p, 1, 0); ioctl(u, UFFDIO_REGISTER, scratch)"
		why EFAULT 'and none of them registered with userfaultfd)' \
			"$on; mprotect(a, 1p, PROT_READ); mremap(a, 4p, 4p, MREMAP_MAYMOVE|MREMAP_FIXED, hole(4p))"
		why EFAULT 'the old range has a hole' "$on; munmap(a + 1p, 1p); mremap(a, 4p, 4p, MREMAP_MAYMOVE|MREMAP_FIXED, hole(4p))"
	fi
	why EINVAL 'rounds up, in whole pages, to 0, which duplicates shared mappings only' "a = mmap($anon); mremap(a, -1, 4p, MREMAP_MAYMOVE)"
	why EINVAL 'why: EINVAL: old_size 0 duplicates shared mappings only' "a = mmap($anon); mremap(a, 0, 4p, MREMAP_MAYMOVE)"
	"$MMTOOL" run -q -e "s = mmap(NULL, 1p, $rw, MAP_SHARED|MAP_ANONYMOUS, -1, 0); mremap(s, 1p, 1p, MREMAP_MAYMOVE|MREMAP_DONTUNMAP)" >/dev/null 2>&1 &&
		[ -d /sys/kernel/mm/hugepages ] || skip 'no MREMAP_DONTUNMAP of objects, or no hugetlbfs'
	why EINVAL 'is of huge pages, and MREMAP_DONTUNMAP takes no such mapping' "h = mmap(NULL, hugepage, $rw, MAP_HUGETLB|MAP_NORESERVE|$new)
		mremap(h, hugepage, hugepage, MREMAP_MAYMOVE|MREMAP_DONTUNMAP)"
}

@test "mremap: under an overcommit policy only the growth counts" {
	[ "$(word_bits)" -gt 32 ] || skip 'no mapping is larger than all memory where addresses have 32 bits'
	[ "$(cat /proc/sys/vm/overcommit_memory)" = 0 ] || skip 'another overcommit policy'
	why ENOMEM 'RLIMIT_AS is ' "all = meminfo(\"MemTotal\") + meminfo(\"SwapTotal\"); a = mmap(NULL, all / 2, $rw, $new)
		setrlimit(RLIMIT_AS, status(\"VmSize\") + 64p); mremap(a, all / 2, all + 1p, MREMAP_MAYMOVE)"
	refute_output --partial 'overcommit policy'
}

@test "a sealed mapping" {
	mm run -q -e 'require mseal'
	[ "$status" -eq 0 ] || skip 'no mseal'
	seal="a = mmap($anon); mseal(a, 4p, 0)"
	why EPERM 'mapping a (rw-p) is sealed' "$seal; mremap(a, 4p, 8p, MREMAP_MAYMOVE)"
	why EPERM 'mapping a (rw-p) is sealed' "$seal; munmap(a, 4p)"
	why EPERM 'mapping a (rw-p) is sealed' "$seal; mprotect(a, 4p, PROT_READ)"
	why EPERM 'mapping a (rw-p) is sealed' "$seal; mmap(a, 4p, PROT_READ, MAP_FIXED|$new)"
}

@test "policy 0: more than RAM and swap" {
	[ "$(cat /proc/sys/vm/overcommit_memory)" = 0 ] || skip 'another overcommit policy'
	[ "$(word_bits)" -gt 32 ] || skip 'no mapping is larger than all memory where addresses have 32 bits'
	heuristic='one request larger than all RAM and swap is refused'
	huge=$(quarter 32T)
	why ENOMEM "$heuristic" "mmap(NULL, $huge, $rw, $new)"
	why ENOMEM "$heuristic" "a = mmap($anon); mremap(a, 4p, $huge, MREMAP_MAYMOVE)"
	why ENOMEM "$heuristic" "a = mmap(NULL, $huge, PROT_NONE, $new); mprotect(a, $huge, $rw)"
}

@test "mmap: EINVAL, EBADF, ENODEV" {
	why EINVAL 'one of MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE and MAP_DROPPABLE must be' "mmap(NULL, 1p, $rw, MAP_ANONYMOUS, -1, 0)"
	why EINVAL 'the low four bits of the flags, is 0x5' "mmap(NULL, 1p, $rw, MAP_ANONYMOUS|5, -1, 0)"
	[ "$(kernel_name mmap)" = mmap2 ] && [ "$(uname -m)" != i686 ] ||
		why EINVAL 'the offset is not a multiple of the page size' "f = tmpfile(4p); mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, f, 1)"
	why EINVAL 'the length is 0' "mmap(NULL, 0, $rw, $new)"
	why EBADF 'fd is -1, and without MAP_ANONYMOUS' "mmap(NULL, 1p, $rw, MAP_PRIVATE, -1, 0)"
	why EBADF 'no file is open as descriptor 77' "mmap(NULL, 1p, $rw, MAP_PRIVATE, 77, 0)"
	why ENODEV 'cannot be mapped' "f = userfaultfd(UFFD_USER_MODE_ONLY) = ?
		if f == -1 { f = userfaultfd(0) }    # before Linux 5.11
		mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, f, 0)"
}

@test "mmap: how the file was opened" {
	why EACCES 'was opened for reading only' "f = tmpfile(1p, O_RDONLY); mmap(NULL, 1p, $rw, MAP_SHARED, f, 0)"
	why EACCES 'was opened for writing only' "f = tmpfile(1p, O_WRONLY); mmap(NULL, 1p, PROT_READ, MAP_SHARED, f, 0)"
	why EACCES 'may never have PROT_WRITE' \
		"f = tmpfile(1p, O_RDONLY); a = mmap(NULL, 1p, PROT_READ, MAP_SHARED, f, 0); mprotect(a, 1p, $rw)"
}

@test "ftruncate: what was opened with O_PATH was not opened for reading" {
	why EINVAL 'the length is negative: -1' 'fd = open("/etc/passwd", O_PATH); ftruncate(fd, -1)'
	refute_output --partial O_WRONLY
	why EBADF 'descriptor 3 was opened with O_PATH' 'fd = open("/etc/passwd", O_PATH); ftruncate(fd, 4096)'
	why EINVAL 'descriptor 3 was opened for reading only' 'fd = open("/etc/passwd", O_RDONLY); ftruncate(fd, 4096)'
}

@test "mprotect: what settled that a mapping may never be written" {
	why EACCES 'by how its file was opened (shmat: SHM_RDONLY)' \
		"f = tmpfile(1p, O_RDONLY); a = mmap(NULL, 1p, PROT_READ, MAP_SHARED, f, 0); mprotect(a, 1p, $rw)"
	why EACCES 'by how its file was opened (shmat: SHM_RDONLY)' \
		"s = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0600); a = shmat(s, NULL, SHM_RDONLY); mprotect(a, 1p, $rw)"
	vvar=$(setarch -R "$MMTOOL" run --format=json -e "note 1" | head -n 1 | grep -o "\"line\":\"[^\"]*\"" | sed -n 's/.*"line":"\([0-9a-f]*\)-[^"]*\[vvar\].*/0x\1/p')
	[ -z "$vvar" ] || {
		run setarch -R "$MMTOOL" run -e "mprotect($vvar, 1p, PROT_READ|PROT_WRITE) = -1 EACCES"
		assert_success
		assert_output_joined 'may never have PROT_WRITE: the kernel settled that when it set the mapping up'
	}
	sealed='m = memfd_create("m", MFD_ALLOW_SEALING); ftruncate(m, 1p); fcntl(m, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)'
	"$MMTOOL" run -q -e "$sealed" >/dev/null || skip 'no F_SEAL_FUTURE_WRITE'
	why EACCES 'by a seal (the file has F_SEAL_FUTURE_WRITE)' \
		"$sealed; a = mmap(NULL, 1p, PROT_READ, MAP_SHARED, m, 0); mprotect(a, 1p, $rw)"
}

@test "mprotect: what does not grow, what was done before the refusal, and where a range ends" {
	why EINVAL 'mapping g (rw-p) does not grow upwards' "g = mmap(NULL, 4p, $rw, MAP_GROWSDOWN|$new); mprotect(g, 4p, PROT_READ|0x2000000)"
	refute_output --partial 'was not made to grow'
	why ENOMEM "and this asks for $(($(getconf PAGESIZE) * 12 / 1024))K more" "a = mmap(NULL, 20p, PROT_READ, $new)
		madvise(a, 8p, MADV_DONTFORK); setrlimit(RLIMIT_DATA, status(\"VmData\") + 10p); mprotect(a, 20p, $rw)"
	[ "$(word_bits)" -gt 32 ] || return 0
	why EINVAL "the range's end, rounded up to whole pages, is 2^64 or more" 'munlock(-1p, 1p)'
}

@test "mmap: no room" {
	why ENOMEM "the length rounds up, in whole pages, to 2^$(word_bits)" "mmap(NULL, -1, PROT_NONE, $new)"
	why "$(beyond_error)" 'the range reaches beyond' "mmap(-1p, 1p, PROT_NONE, MAP_FIXED|$new)"
	why EINVAL 'the range reaches beyond' 'munmap(-1p, 1p)'
	! all_addresses || return 0
	why ENOMEM 'the length reaches beyond the address space' "mmap(NULL, -1p, PROT_NONE, $new)"
}

@test "mremap: what the new range replaces of what the kernel set up must be the whole" {
	vdso=$(setarch -R "$MMTOOL" run --format=json -e 'note 1' | head -n 1 | grep -o '"line":"[^"]*\[vdso\]' | tail -n 1) || true
	vdso=${vdso##*'"line":"'}
	range=${vdso%% *}
	[ -n "$range" ] && ((16#${range#*-} - 16#${range%-*} > $(getconf PAGESIZE))) || skip 'no [vdso] of several pages'
	run setarch -R "$MMTOOL" run -e "a = mmap($anon); mremap(a, 1p, 1p, MREMAP_MAYMOVE|MREMAP_FIXED, 0x${range%-*}) = -1 EINVAL"
	# Before Linux 5.11 it could be cut.
	[ "$status" -eq 0 ] || { grep -q 'MREMAP_FIXED, 0x[0-9a-f]*) = 0x' <<<"$output" && skip 'this kernel cuts it'; }
	assert_success
	assert_output_joined '[vdso] (r-xp) was set up by the kernel and cannot be cut in two'
}

@test "mmap and shmat: over a limit already, where what is replaced is not counted" {
	for limit in RLIMIT_AS RLIMIT_DATA; do
		why ENOMEM "$limit is " "a = mmap($anon); setrlimit($limit, 1p); mmap(a, 4p, $rw, MAP_FIXED|$new)"
		assert_output_joined 'and over it no mapping can be made, not even in the place of another'
	done
	why ENOMEM 'RLIMIT_AS is ' 's = shmget(IPC_PRIVATE, 4p, IPC_CREAT|0600); a = shmat(s, NULL, 0); setrlimit(RLIMIT_AS, 1p); shmat(s, a, SHM_REMAP)'
}

@test "shmat: SHM_EXEC, which the segment's mode must allow" {
	drop=''
	[ "$(id -u)" != 0 ] || drop='setuid(65534); '
	why EACCES 'without SHM_RDONLY writing, and with SHM_EXEC executing; (2) the process has forbidden itself' \
		"s = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0600); ${drop}shmat(s, NULL, SHM_EXEC)"
	why EACCES 'without SHM_RDONLY writing, and with SHM_EXEC executing' \
		"${drop}s = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0600); shmat(s, NULL, SHM_EXEC|SHM_RDONLY)"
}

@test "mmap: MAP_32BIT, whose place begins anywhere in 32 MiB" {
	[ "$(uname -m)" = x86_64 ] && [ "$(word_bits)" -eq 64 ] || skip 'no MAP_32BIT'
	why ENOMEM 'no free range of the second GiB, to which MAP_32BIT confines it, is that long' \
		"mmap(NULL, 1025M, PROT_NONE, MAP_32BIT|$new)"
	# By chance there is room for it, once in 32 times; always, where addresses are not randomized.
	for ((tries = 0; tries < 10; tries++)); do
		mm run -e "mmap(NULL, 1023M, PROT_NONE, MAP_32BIT|$new) = ?"
		assert_success
		[[ $output != *'-1 ENOMEM'* ]] || break
	done
	[ "$tries" -lt 10 ] || skip 'there was room for it'
	assert_output_joined 'the widest free range of the second GiB,' 'the kernel keeps up to 32M free at the start'
	refute_output --partial 'no free range'
}

@test "mmap: no huge pages" {
	free=$(awk '/^HugePages_Free:/ { print $2 }' /proc/meminfo)
	[ "$free" = 0 ] && [ "$(cat /proc/sys/vm/nr_overcommit_hugepages)" = 0 ] || skip 'there are huge pages'
	why ENOMEM 'MAP_HUGETLB needs 1 huge page of ' "mmap(NULL, 1, $rw, MAP_HUGETLB|$new)"
}

@test "mprotect, madvise, msync: bad arguments" {
	why EINVAL 'addr is not a multiple' "a = mmap($anon); mprotect(a + 1, 1p, PROT_READ)"
	why EINVAL '0x800000 is no protection bit' "a = mmap($anon); mprotect(a, 1p, 0x800000)"
	why EINVAL 'addr is not a multiple' "a = mmap($anon); madvise(a + 1, 1p, MADV_DONTNEED)"
	why EINVAL '999 is no advice of madvise' "a = mmap($anon); madvise(a, 1p, 999)"
	why EINVAL 'is locked, and MADV_DONTNEED' "a = mmap($anon); mlock(a, 1p); madvise(a, 1p, MADV_DONTNEED)"
	why EINVAL 'MADV_FREE takes nothing else' \
		"a = mmap(NULL, 1p, $rw, MAP_SHARED|MAP_ANONYMOUS, -1, 0); madvise(a, 1p, MADV_FREE)"
	why EINVAL 'addr is not a multiple' "a = mmap($anon); msync(a + 1, 1p, MS_SYNC)"
	why EINVAL 'MS_SYNC (wait) and MS_ASYNC' "a = mmap($anon); msync(a, 1p, MS_SYNC|MS_ASYNC)"
	why EINVAL '0x8 is no flag of msync' "a = mmap($anon); msync(a, 1p, 8)"
	why EBUSY 'is locked, and MS_INVALIDATE' "a = mmap($anon); mlock(a, 1p); msync(a, 1p, MS_INVALIDATE)"
	why EINVAL '0x8 is no flag of mlock2' "a = mmap($anon); mlock2(a, 1p, 8)"
	why EINVAL 'one of MCL_CURRENT and MCL_FUTURE' 'mlockall(MCL_ONFAULT)'
}

@test "madvise: which mapping MADV_FREE does not take, and which MADV_WIPEONFORK" {
	two="z = open(\"/dev/zero\", O_RDWR); m = memfd_create(\"m\", 0); ftruncate(m, 4p); r = mmap(NULL, 8p, PROT_NONE, $new)
		p = mmap(r, 4p, $rw, MAP_PRIVATE|MAP_FIXED, z, 0); s = mmap(r + 4p, 4p, $rw, MAP_SHARED|MAP_FIXED, m, 0)"
	mm run -q -e "$two; madvise(p, 4p, MADV_FREE)"
	assert_success
	why EINVAL 'mapping s (rw-s) is no private anonymous memory, and MADV_FREE takes nothing else' "$two; madvise(p, 8p, MADV_FREE)"
	why EINVAL 'mapping p (rw-p) is no private anonymous memory, and MADV_WIPEONFORK takes nothing else' "$two; madvise(p, 4p, MADV_WIPEONFORK)"
	[ -d /sys/kernel/mm/hugepages ] || skip 'no hugetlbfs'
	huge="h = mmap(NULL, hugepage, $rw, MAP_HUGETLB|MAP_NORESERVE|$new)"
	why EINVAL "is of the pool's huge pages, and MADV_WIPEONFORK takes ordinary private anonymous memory only" "$huge; madvise(h, hugepage, MADV_WIPEONFORK)"
	"$MMTOOL" run -q -e 'require MADV_GUARD_INSTALL' || skip 'no guard regions'
	why EINVAL 'is of huge pages, and MADV_GUARD_INSTALL does not take such' "$huge; madvise(h, hugepage, MADV_GUARD_INSTALL)"
	refute_output --partial 'set up by'
}

@test "a hole in the range" {
	holed="a = mmap($anon); munmap(a + 1p, 1p)"
	for call in 'mprotect(a, 4p, PROT_READ)' 'madvise(a, 4p, MADV_DONTNEED)' 'msync(a, 4p, MS_SYNC)' 'mlock(a, 4p)' \
		'munlock(a, 4p)'; do
		why ENOMEM 'the range has a hole: nothing is mapped at a+' "$holed; $call"
	done
}

@test "[vsyscall] is in maps, and no mapping" {
	grep -q vsyscall /proc/self/maps || skip 'maps shows no [vsyscall]'
	none='[vsyscall] is a page of the kernel'"'"'s own, which maps shows in every process and which is a mapping of none'
	at=0xffffffffff600000
	why EFAULT "$none" "mremap($at, 1p, 2p, MREMAP_MAYMOVE)"
	why EFAULT "$none" "mremap($at, 3p, 8p, MREMAP_MAYMOVE)"
	refute_output --partial hole
	why ENOMEM "$none" "mprotect($at, 2p, PROT_READ)"
	why ENOMEM "$none" "munlock($at + 8, 1p)"
	why ENOMEM 'the range has a hole: nothing is mapped at' "mprotect($at - 1p, 2p, PROT_READ)"
	mm run --explain -e "expect fault(($at)[0] = 1) == SEGV_MAPERR"
	assert_success
	assert_output_joined "why: SEGV_MAPERR: $none."
}

@test "locking over RLIMIT_MEMLOCK" {
	drop=''
	[ "$(id -u)" != 0 ] || drop='setuid(65534); '
	why ENOMEM 'RLIMIT_MEMLOCK is ' "a = mmap($anon); setrlimit(RLIMIT_MEMLOCK, 1p); ${drop}mlock(a, 4p)"
	why EPERM 'RLIMIT_MEMLOCK is 0' "a = mmap($anon); setrlimit(RLIMIT_MEMLOCK, 0); ${drop}mlock(a, 4p)"
	why EAGAIN 'RLIMIT_MEMLOCK is ' "setrlimit(RLIMIT_MEMLOCK, 1p); ${drop}mmap(NULL, 4p, $rw, MAP_LOCKED|$new)"
}

@test "mlock: a range is locked nevertheless only where it is" {
	drop=''
	[ "$(id -u)" != 0 ] || drop='setuid(65534); '
	why ENOMEM 'passes that limit nothing changed' "r = mmap(NULL, 8p, $rw, $new); mprotect(r, 1p, PROT_NONE)
		setrlimit(RLIMIT_MEMLOCK, 4p); ${drop}mlock(r, 8p)"
	refute_output --partial nevertheless
	why ENOMEM '; the range is locked nevertheless' "r = mmap(NULL, 1p, PROT_NONE, $new); mlock(r, 1p)"
	"$MMTOOL" run -q -e 'require MAP_DROPPABLE' && "$MMTOOL" run -q -e 'require MADV_GUARD_INSTALL' || skip 'no droppable memory or no guard regions'
	why ENOMEM 'is of a guard region' "d = mmap(NULL, 4p, $rw, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0)
		madvise(d, 1p, MADV_GUARD_INSTALL); mlock(d, 4p)"
	refute_output --partial nevertheless
}

@test "names of regions do not read as articles, and frames are kept only by pages that have some" {
	mm run --explain -e "a = mmap($anon); b = mmap(a - 4p, 4p, $rw, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
		c = mremap(b, 4p, 8p, MREMAP_MAYMOVE)"
	assert_success
	assert_output_joined 'is taken by mapping a (rw-p)' 'pages that are in memory keep their page frames'
}

# went TEXT STATEMENTS: they end in a fault of nothing mapped, and the last explanation ends in TEXT, or has no more than the rule.
went()
{
	mm run --explain -e "$2"
	assert_success
	assert_output_joined "${1:-and no page to bring in. ok}"
}

@test "a fault: where the byte went from there, and that nothing was unmapped where nothing was" {
	page=$(($(getconf PAGESIZE) / 1024))K
	moved="d = hole(8p); a = mmap($anon); b = mremap(a, 4p, 4p, MREMAP_MAYMOVE|MREMAP_FIXED, d + 1p)"
	# Not every processor tells the byte of a page (s390x).
	went "The mremap at line 1 moved what was there: this byte of it went to b+$page. ok" "$moved
		expect fault(a[1p]) == SEGV_MAPERR"
	went ', and the munmap at line 2 unmapped it there. ok' "
		$moved; munmap(b, 4p)
		expect fault(a[1]) == SEGV_MAPERR"
	went ', and the mmap at line 2 mapped something else there. ok' "
		$moved; q = mmap(b, 1p, $rw, MAP_FIXED|$new)
		expect fault(a[1]) == SEGV_MAPERR"
	went ", and the mremap at line 2 moved it on to c+$page. ok" "
		$moved; c = mremap(b, 4p, 4p, MREMAP_MAYMOVE|MREMAP_FIXED, hole(4p))
		expect fault(a[1p]) == SEGV_MAPERR"
	went '' "h = hole(2p); munmap(h, 2p); expect fault(h[0]) == SEGV_MAPERR"
	went 'The munmap at line 1 unmapped it. ok' "h = hole(2p); mmap(h, 1p, $rw, MAP_FIXED|$new); munmap(h, 2p); expect fault(h[0]) == SEGV_MAPERR"
	went '' "h = hole(2p); mmap(h, 1p, $rw, MAP_FIXED|$new); munmap(h, 2p); expect fault(h[1p]) == SEGV_MAPERR"
}

# denied TEXT STATEMENTS: they end in an access that the permissions deny, and TEXT is said of what mprotect can do about it.
denied()
{
	mm run --explain -e "$2"
	assert_success
	assert_output_joined 'SEGV_ACCERR: the address is mapped, and the permissions of' "$1"
}

@test "a fault: whether mprotect can change the permissions" {
	store='expect fault(a[0] = 1) == SEGV_ACCERR'
	can='do not allow this access; mprotect can change them.' never='mprotect can never allow stores'
	denied "$can" "a = mmap(NULL, 1p, PROT_READ, $new); $store; mprotect(a, 1p, $rw)"
	denied 'nor any other; mprotect can change them.' "a = mmap(NULL, 1p, PROT_NONE, $new); $store; mprotect(a, 1p, $rw)"
	open='f = open("/etc/passwd", O_RDONLY); a = mmap(NULL, 1p, PROT_READ'
	denied "$can" "$open, MAP_PRIVATE, f, 0); $store; mprotect(a, 1p, $rw)"
	denied "$never" "$open, MAP_SHARED, f, 0); $store; mprotect(a, 1p, $rw) = -1 EACCES"
	denied "$never" "s = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0600); a = shmat(s, NULL, SHM_RDONLY); shmctl(s, IPC_RMID, NULL)
		$store; mprotect(a, 1p, $rw) = -1 EACCES"
	mm run -e 'require mseal'
	[ "$status" -ne 77 ] || skip 'this kernel has no mseal'
	denied 'mprotect cannot change them, for the mapping is sealed (mseal)' \
		"a = mmap(NULL, 1p, PROT_READ, $new); mseal(a, 1p, 0); $store; mprotect(a, 1p, $rw) = -1 EPERM"
}

@test "a fault: what kept a mapping that grows down from growing" {
	grows='MAP_GROWSDOWN|MAP_FIXED|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'
	# The gap is of 256 pages; of 64K they are more than the usual RLIMIT_STACK.
	stack="setrlimit(RLIMIT_STACK, 8M + 1024p); d = hole(520p); a = mmap(d + 519p, 1p, $rw, $grows"
	went 'by default) above an anonymous mapping (r--p): this page begins 0 bytes past its end. ok' "$stack
		mmap(d, 400p, PROT_READ, MAP_FIXED|$new); munmap(d + 1p, 399p); expect fault(d[1p] = 1) == SEGV_MAPERR"
	went "and this asks for $(($(getconf PAGESIZE) * 9 / 1024))K more. ok" "$stack
		setrlimit(RLIMIT_AS, status(\"VmSize\")); expect fault(a[-9p] = 1) == SEGV_MAPERR"
}

@test "a fault: a guard page is in a mapping, and a userfaultfd is no end of an object" {
	if "$MMTOOL" run -q -e 'require MADV_GUARD_INSTALL'; then
		mm run --explain -e "a = mmap($anon); madvise(a, 1p, MADV_GUARD_INSTALL); expect fault(a[0]) == SEGV_MAPERR"
		assert_success
		assert_output_joined ': a mapping is there, but no page may be (a guard page)'
		refute_output --partial 'nothing is mapped there'
		mm run -e "a = mmap($anon); madvise(a, 1p, MADV_GUARD_INSTALL); memset(a, 1, 1)"
		assert_failure 1
		assert_output_joined ': a mapping is there, but no page may be (a guard page)'
	fi
	on='u = userfaultfd(O_CLOEXEC|UFFD_USER_MODE_ONLY); words(scratch, 0xaa, UFFD_FEATURE_SIGBUS, 0); ioctl(u, UFFDIO_API, scratch)'
	"$MMTOOL" run -q -e "$on" >/dev/null 2>&1 || skip 'no userfaultfd with UFFD_FEATURE_SIGBUS'
	mm run -e "$on; a = mmap($anon); words(scratch, a, 4p, 1, 0); ioctl(u, UFFDIO_REGISTER, scratch); memset(a, 1, 1)"
	assert_failure 1
	assert_output_joined 'behind that page (a userfaultfd has its accesses fail)' 'mapping a (rw-p) is registered with a userfaultfd'
	refute_output --partial 'past the end'
	registered="$on; a = mmap($anon); words(scratch, a, 4p, 1, 0); ioctl(u, UFFDIO_REGISTER, scratch)"
	why ENOMEM 'can only be this one: mapping a (rw-p) is registered with a userfaultfd, which can have' "$registered; mlock(a, 1p)"
	"$MMTOOL" run -q -e 'require MADV_POPULATE_READ' || skip 'no MADV_POPULATE_READ'
	why EFAULT 'mapping a (rw-p) is registered with a userfaultfd, which can have' "$registered; madvise(a, 1p, MADV_POPULATE_READ)"
}
