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

teardown()
{
	[ -z "${subject-}" ] || kill -KILL "$subject" 2>/dev/null || true
}

# lives SCRIPT [COMMAND...]: COMMAND, such as unshare with its options, starts a shell, which does what SCRIPT says and sleeps
# from then on.  Its number, among those of this namespace, becomes $subject.
lives()
{
	local script=$1
	shift

	rm -f number
	"$@" sh -c "here=\$PWD; cd -P /proc/self; number=\${PWD##*/}; cd \"\$here\"; $script
		echo \$number >number; exec sleep 60" 3>&- &
	subject=$!
	disown
	while [ ! -s number ]; do
		kill -0 "$subject" || fail 'it did not live'
		sleep 0.05
	done
	subject=$(<number)
	while [ "$(readlink "/proc/$subject/exe")" != "$(readlink -f "$(command -v sleep)")" ]; do sleep 0.05; done
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

# lines_say [OPTION...]: of each pair of lines on standard input the second, a line of strace, is explained by the first.
lines_say()
{
	local text line expected

	while IFS= read -r text && IFS= read -r line; do
		mm why --page-size=4K "$@" -- "$line"
		[[ $(joined) == *"$text"* ]] || fail "no \"$text\" in: $output"
		expected=0
		[ "$text" != 'no rule that mmtool knows' ] || expected=1
		[ "$status" -eq "$expected" ] || fail "status $status of: $line"
	done
}

@test "what an address space would settle is told, and asked for" {
	lines_say <<-'End'
		it can only be this one: locked memory must stay within RLIMIT_MEMLOCK (with --maps it could be told whether it is)
		mremap(0x7f12e4000000, 4096, 12288, 0) = -1 EAGAIN
		(1) addresses of huge pages must be multiples of their size; (2) a mapping of huge pages cannot grow; (3) old_size 0 is for shared mappings
		mremap(0x7f12e4000000, 0, 8192, MREMAP_MAYMOVE) = -1 EINVAL
		(2) MREMAP_DONTUNMAP takes no huge pages, nor what the kernel or a driver set up
		mremap(0x7f12e4000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0) = -1 EINVAL
		(1) old_address must be mapped; (2) the old range must have no hole; (3) the old range must lie in one mapping; (4) a mapping that the kernel or a driver set up keeps its size
		mremap(0x7f12e4000000, 8192, 12288, 0) = -1 EFAULT
		it can only be this one: vm.max_map_count leaves too few for what it may split
		mremap(0x7f12e4000000, 16384, 4096, 0) = -1 ENOMEM
		(3) a mapping that moves needs a free range as long as new_size; (4) vm.max_map_count leaves too few for what it may split; (5) the overcommit policy must allow the growth
		mremap(0x7f12e4000000, 4096, 8192, MREMAP_MAYMOVE) = -1 ENOMEM
		(1) the old mapping must not be sealed; (2) what MREMAP_FIXED replaces must not be sealed
		mremap(0x7f12e4000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f12e4900000) = -1 EPERM
		(1) a fixed addr for huge pages must be a multiple of their size; (2) [vdso] and the like can be replaced whole only (since Linux 6.12); (3) huge pages can be replaced whole only (since Linux 6.12); (4) memfd_secret can be mapped shared only
		mmap(0x7f12e4001000, 8192, PROT_READ, MAP_PRIVATE|MAP_FIXED, 3, 0) = -1 EINVAL
		(1) MAP_HUGETLB is for anonymous memory and files of hugetlbfs; (2) the offset into huge pages must be a multiple of their size; (3) memfd_secret can be mapped shared only
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_HUGETLB, 3, 4096) = -1 EINVAL
		(1) no file is open as descriptor 3; (2) descriptor 3 was opened with O_PATH: it names a file, and gives no access to it
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0) = -1 EBADF
		(1) descriptor 3 was opened for reading only, and stores into a shared mapping go to the file
		mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = -1 EACCES
		PROT_EXEC needs a file system from which programs may run
		mmap(NULL, 8192, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3, 0) = -1 EPERM
		a memfd sealed against writing is not mapped shared and writable
		mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = -1 EPERM
		(1) addr below vm.mmap_min_addr needs CAP_SYS_RAWIO; (2) what MAP_FIXED replaces must not be sealed
		mmap(0x1000, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = -1 EPERM
		MAP_LOCKED needs a RLIMIT_MEMLOCK other than 0, or CAP_IPC_LOCK
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -1 EPERM
		(1) the pool must have enough free huge pages; (2) the process must have at most vm.max_map_count mappings; (3) a free range of that length must exist; (4) the address space must stay within RLIMIT_AS (with
		mmap(NULL, 2097152, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0) = -1 ENOMEM
		(4) private writable memory must stay within RLIMIT_DATA (with
		mmap(NULL, 2097152, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|MAP_NORESERVE, -1, 0) = -1 ENOMEM
		(3) the address space must stay within RLIMIT_AS; (4) the overcommit policy must allow the length
		mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
		it can only be this one: splitting a mapping must stay within vm.max_map_count
		munmap(0x7f12e4801000, 4096) = -1 ENOMEM
		(1) a mapping that the kernel set up, [vdso] and the like, cannot be cut; (2) huge pages are cut at multiples of their size
		munmap(0x7f12e4201000, 4096) = -1 EINVAL
		(1) something in the range is not mapped; (2) private writable memory must stay within RLIMIT_DATA; (3) the overcommit policy must allow what becomes writable; (4) splitting a mapping
		mprotect(0x7f12e4804000, 8192, PROT_READ|PROT_WRITE) = -1 ENOMEM
		(1) PROT_GROWSDOWN is for mappings made with MAP_GROWSDOWN
		mprotect(0x7f12e4000000, 4096, PROT_READ|PROT_GROWSDOWN) = -1 EINVAL
		and the one at addr does not grow upwards
		mprotect(0x7f12e4000000, 4096, PROT_READ|PROT_GROWSUP) = -1 EINVAL
		(1) what a mapping may ever allow was settled when it was mapped; (2) the process has forbidden itself
		mprotect(0x7f12e4000000, 4096, PROT_READ|PROT_EXEC) = -1 EACCES
		(1) locked memory must stay within RLIMIT_MEMLOCK; (2) something in the range is not mapped; (3) splitting a mapping must stay within vm.max_map_count; (4) memory of memfd_secret
		mlock(0x7f12e4a00000, 4096) = -1 ENOMEM
		a RLIMIT_MEMLOCK of 0 needs CAP_IPC_LOCK
		mlock(0x7f12e4000000, 8192) = -1 EPERM
		with MCL_CURRENT all that is mapped must be within RLIMIT_MEMLOCK
		mlockall(MCL_CURRENT|MCL_FUTURE) = -1 ENOMEM
		MS_INVALIDATE is not for locked mappings
		msync(0x7f12e4000000, 4096, MS_SYNC|MS_INVALIDATE) = -1 EBUSY
		vec must be writable, a byte for each page
		mincore(0x7f12e4000000, 8192, 0x7f12e4801000) = -1 EFAULT
		(1) something in the range is not mapped; (2) splitting a mapping
		mseal(0x7f12e4000000, 16384, 0) = -1 ENOMEM
		the size must be within kernel.shmmax, and within the segment that the key has
		shmget(0x1234, 8192, 0) = -1 EINVAL
		(1) the range must be free, or SHM_REMAP be given; (2) there is no segment of the number 77
		shmat(77, 0x7f12e4000000, 0) = -1 EINVAL
		(1) the address space must stay within RLIMIT_AS; (2) the process must have at most vm.max_map_count mappings
		shmat(77, 0x7f12e4001000, SHM_REMAP) = -1 ENOMEM
		the segment's mode must allow reading, without SHM_RDONLY writing, and with SHM_EXEC executing
		shmat(77, NULL, SHM_EXEC) = -1 EACCES
		no segment is attached at exactly that address
		shmdt(0x7f12e4001000) = -1 EINVAL
		(1) the heap must stay within RLIMIT_DATA; (2) the pages up to the new break, and one behind it, must be free
		brk(0x7f12e4001000) = 0x555555559000
	End
}

@test "what the arguments alone settle needs no address space" {
	lines_say <<-'End'
		MAP_HUGETLB asks for huge pages of 2^9 bytes, and this machine has none of that size
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|9<<MAP_HUGE_SHIFT, -1, 0) = -1 EINVAL
		MAP_HUGETLB asks for huge pages of 2^23 bytes
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|23<<MAP_HUGE_SHIFT, -1, 0) = -1 EINVAL
		MAP_GROWSDOWN is for private anonymous memory (MAP_PRIVATE)
		mmap(NULL, 8192, PROT_READ, MAP_SHARED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = -1 EINVAL
		a mapping of a file does not grow by being touched
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_GROWSDOWN, 3, 0) = -1 EINVAL
		MAP_SHARED_VALIDATE is for files only
		mmap(NULL, 8192, PROT_READ, MAP_SHARED_VALIDATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
		so it cannot be locked (MAP_LOCKED)
		mmap(NULL, 8192, PROT_READ, MAP_DROPPABLE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -1 EINVAL
		so it cannot be of huge pages (MAP_HUGETLB)
		mmap(NULL, 8192, PROT_READ, MAP_DROPPABLE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0) = -1 EINVAL
		so it cannot be a stack (MAP_GROWSDOWN)
		mmap(NULL, 8192, PROT_READ, MAP_DROPPABLE|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = -1 EINVAL
		MAP_DROPPABLE is for anonymous memory
		mmap(NULL, 8192, PROT_READ, MAP_DROPPABLE, 3, 0) = -1 EINVAL
		the low four bits of the flags, is 0x5
		mmap(NULL, 8192, PROT_READ, 0x5|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
		fd is -1, and without MAP_ANONYMOUS a file is to be mapped
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = -1 EBADF
		is in use as swap space
		mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = -1 ETXTBSY
		cannot be mapped: not every kind of file can
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0) = -1 ENODEV
		something is mapped in 0x7f12e4901000-0x7f12e4903000
		mmap(0x7f12e4901000, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST
		reach beyond the largest file
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0x7ffffffffffff000) = -1 EOVERFLOW
		MAP_SHARED would have ignored them
		mmap(NULL, 8192, PROT_READ, MAP_SHARED_VALIDATE|0x800000, 3, 0) = -1 EOPNOTSUPP
		no rule that mmtool knows
		mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0) = -1 EOPNOTSUPP
		no rule that mmtool knows
		mlockall(MCL_FUTURE) = -1 ENOMEM
		no rule that mmtool knows
		msync(0x7f12e4001000, 4096, MS_SYNC) = -1 EBUSY
		IPC_CREAT|IPC_EXCL needs a key that no segment has
		shmget(0x1234, 8192, IPC_CREAT|IPC_EXCL|0600) = -1 EEXIST
		no segment has that key, and IPC_CREAT was not given
		shmget(0x1234, 8192, 0) = -1 ENOENT
		SHM_REMAP replaces what is at an address, and none was given
		shmat(77, NULL, SHM_REMAP) = -1 EINVAL
		the segment of that number was removed
		shmat(77, NULL, 0) = -1 EIDRM
	End
}

@test "MAP_SYNC, where there is one" {
	mm run -q -e 'require MAP_SYNC'
	[ "$status" -ne 77 ] || skip "$output"
	lines_say <<-'End'
		MAP_SYNC is for files in persistent memory (DAX)
		mmap(NULL, 8192, PROT_READ, MAP_SHARED_VALIDATE|MAP_SYNC, 3, 0) = -1 EOPNOTSUPP
	End
}

@test "a saved smaps settles what it can" {
	save_flags
	lines_say --maps=saved.smaps <<-'End'
		/anon_hugepage (deleted) (rw-p) is of huge pages, and such a mapping cannot grow; map a new one
		mremap(0x7f12e4200000, 2097152, 8388608, MREMAP_MAYMOVE) = -1 EINVAL
		addresses of huge pages must be multiples of their size (the limits of the process are not known: with --maps PID it could be told whether it is)
		mremap(0x7f12e4201000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f12e5000000) = -1 EINVAL
		(VmFlags de or pf): it may be moved and not be given another size
		mremap(0x7f12e4700000, 4096, 8192, MREMAP_MAYMOVE) = -1 EFAULT
		(VmFlags de or pf), and MREMAP_DONTUNMAP takes no such mapping
		mremap(0x7f12e4700000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0) = -1 EINVAL
		no rule that mmtool knows
		mremap(0x7f12e4800000, 0, 4096, MREMAP_MAYMOVE) = -1 EINVAL
		no rule that mmtool knows
		mremap(0x7f12e4c00000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0) = -1 EINVAL
		an anonymous mapping (r--p) is sealed (mseal)
		mremap(0x7f12e4900000, 0, 4096, MREMAP_MAYMOVE) = -1 EPERM
		an anonymous mapping (r--p) is sealed (mseal)
		mremap(0x7f12e4b00000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f12e4900000) = -1 EPERM
		vm.max_map_count leaves too few for what it may split
		mremap(0x7f12e4200000, 2097152, 1048576, 0) = -1 ENOMEM
		no rule that mmtool knows
		mremap(0x7f12e4200000, 4194304, 2097152, 0) = -1 ENOMEM
		(2) private writable memory must stay within RLIMIT_DATA; (3) the overcommit policy must allow the growth
		mremap(0x7f12e4000000, 4096, 8192, MREMAP_MAYMOVE) = -1 ENOMEM
		4M of it is taken by /anon_hugepage (deleted) (rw-p); MREMAP_MAYMOVE would let it move
		mremap(0x7f12e4000000, 4096, 0x7ffff0000000, 0) = -1 ENOMEM
		no rule that mmtool knows
		mmap(0x7f12e4c00000, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST
		the range is taken by an anonymous mapping (---p); MAP_FIXED would replace it
		mmap(0x7f12e49ff000, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST
		(1) the process must have at most vm.max_map_count mappings; (2) the address space must stay within RLIMIT_AS; (3) private writable memory must stay within RLIMIT_DATA; (4) the overcommit policy must allow the length
		mmap(0x7f12e4200000, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = -1 ENOMEM
		it can only be this one: huge pages are cut at multiples of their size
		munmap(0x7f12e4201000, 4096) = -1 EINVAL
		no rule that mmtool knows
		munmap(0x7f12e4c00000, 4096) = -1 ENOMEM
		no rule that mmtool knows
		munmap(0x7f12e4800000, 4096) = -1 ENOMEM
		nothing is mapped in the range
		mprotect(0x7f12e4c00000, 8192, PROT_READ|PROT_WRITE) = -1 ENOMEM
		an anonymous mapping (rw-p) was not made to grow (MAP_GROWSDOWN)
		mprotect(0x7f12e4000000, 4096, PROT_READ|PROT_GROWSDOWN) = -1 EINVAL
		an anonymous mapping (rw-p) does not grow upwards
		mprotect(0x7f12e4000000, 4096, PROT_READ|PROT_GROWSUP) = -1 EINVAL
		no rule that mmtool knows
		mprotect(0x7f12e4c00000, 4096, PROT_READ|PROT_GROWSUP) = -1 EINVAL
		is locked, and MS_INVALIDATE does not take locked pages
		msync(0x7f12e4000000, 4096, MS_SYNC|MS_INVALIDATE) = -1 EBUSY
		no rule that mmtool knows
		msync(0x7f12e4b00000, 4096, MS_SYNC|MS_INVALIDATE) = -1 EBUSY
		and 0x7f12e4800000, of /etc/hosts (r--s), cannot be written
		mincore(0x7f12e4000000, 8192, 0x7f12e4800000) = -1 EFAULT
		and 0x7f12e4c01000 is not mapped
		mincore(0x7f12e4000000, 8192, 0x7f12e4c01000) = -1 EFAULT
		no rule that mmtool knows
		mincore(0x7f12e4000000, 8192, 0x7f12e4000000) = -1 EFAULT
		the range is taken by an anonymous mapping (rw-p); SHM_REMAP would replace it
		shmat(77, 0x7f12e4000000, 0) = -1 EINVAL
		no segment begins there: the address is of an anonymous mapping (rw-p)
		shmdt(0x7f12e4000000) = -1 EINVAL
		and there is an anonymous mapping (rw-p)
		brk(0x7f12e4001000) = 0x555555559000
	End
	# On other processors it is no flag.
	{ [ "$(uname -m)" = x86_64 ] && [ "$(word_bits)" -eq 64 ]; } || return 0
	lines_say --maps=saved.smaps <<-'End'
		no free range of the second GiB, to which MAP_32BIT confines it, is that long: the widest has 1G
		mmap(NULL, 0x40001000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0) = -1 ENOMEM
		has 1G, and of that the kernel keeps up to 32M free at the start of that GiB, by chance
		mmap(NULL, 0x3f000000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0) = -1 ENOMEM
	End
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

@test "--maps with a process tells of its limits, capabilities and descriptors" {
	need setpriv
	mkfifo fifo
	echo content >file
	chmod 666 fifo file
	(
		ulimit -l 0 -d 102400 -f 1 -v 4000000 -n 64
		exec 3>&- 5>file 6</ 7<>fifo 8<file
		[ "$(id -u)" -ne 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all sleep 60
		exec sleep 60
	) &
	pid=$!
	while [ "$(readlink "/proc/$pid/exe")" != "$(readlink -f "$(command -v sleep)")" ]; do sleep 0.05; done
	failed=no
	lines_say --maps="$pid" <<-'End' || failed=yes
		RLIMIT_MEMLOCK is 0 and the process lacks CAP_IPC_LOCK: it may lock nothing
		mlock(0x70000000, 8192) = -1 EPERM
		RLIMIT_MEMLOCK is 0 and the process lacks CAP_IPC_LOCK: it may lock nothing
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -1 EPERM
		RLIMIT_MEMLOCK is 0 and the process lacks CAP_IPC_LOCK: it may lock nothing
		mlockall(MCL_FUTURE) = -1 EPERM
		RLIMIT_DATA is 100M, the process has
		mmap(NULL, 209715200, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
		no rule that mmtool knows
		mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = -1 ENOMEM
		descriptor 5 was opened for writing only, and every mapping of a file reads it; O_RDWR is needed
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 5, 0) = -1 EACCES
		what is open as descriptor 6 cannot be mapped: it is a directory
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 6, 0) = -1 ENODEV
		what is open as descriptor 7 cannot be mapped: it is a pipe
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 7, 0) = -1 ENODEV
		what is open as descriptor 8 cannot be mapped: it is a file of a file system that does not map it
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 8, 0) = -1 ENODEV
		descriptor 8 was opened for reading only, and stores into a shared mapping go to the file
		mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 8, 0) = -1 EACCES
		no rule that mmtool knows
		mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 8, 0) = -1 EPERM
		no file is open as descriptor 99
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 99, 0) = -1 EBADF
		no rule that mmtool knows
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 8, 0) = -1 EBADF
		MAP_HUGETLB is for anonymous memory and for files of hugetlbfs, and descriptor 8 is neither
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_HUGETLB, 8, 0) = -1 EINVAL
		no rule that mmtool knows
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 8, 4096) = -1 EINVAL
		RLIMIT_FSIZE is 1K, and a file of 1M is more (the process gets SIGXFSZ, too)
		ftruncate(5, 1048576) = -1 EFBIG
		descriptor 8 was opened for reading only
		ftruncate(8, 1) = -1 EINVAL
		descriptor 7 is no regular file, and nothing else has a length to set
		ftruncate(7, 1) = -1 EINVAL
		no file is open as descriptor 99
		ftruncate(99, 1) = -1 EBADF
		no rule that mmtool knows
		ftruncate(5, 1) = -1 EBADF
		no rule that mmtool knows
		ftruncate(5, 1) = -1 EPERM
		the process had as many descriptors open as RLIMIT_NOFILE allows
		memfd_create("x", MFD_CLOEXEC) = -1 EMFILE
		0x1000 lies below the start of the heap
		brk(0x1000) = 0x555555559000
		the size is 0, and a new segment needs at least 1 byte
		shmget(0x7777, 0, 0) = -1 EINVAL
		no mapping holds this address
		--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10} ---
		no rule that mmtool knows
		--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_ACCERR, si_addr=0x10} ---
		no rule that mmtool knows
		--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x10} ---
	End
	kill "$pid"
	[ "$failed" = no ]
}

@test "--maps with a process in another IPC namespace: mmtool's segments and limits are not those" {
	unshare -i sh -c 'echo 100 >/proc/sys/kernel/shmmax' 2>/dev/null || skip 'no namespace for System V objects can be made, with limits'
	need nsenter
	lives 'echo 100 >/proc/sys/kernel/shmmax' unshare -i
	cat >trace <<-'End'
		shmget(IPC_PRIVATE, 8192, IPC_CREAT|0600) = -1 EINVAL
		shmat(2147483647, NULL, 0) = -1 EINVAL
	End
	mm why --maps="$subject" trace
	assert_success
	[[ $(joined) == *'it can only be this one: the size must be within kernel.shmmax'*', it could tell whether it is)'* ]] || fail "$output"
	[[ $(joined) == *'it can only be this one: there is no segment of the number 2147483647 (mmtool is not in the IPC or PID namespace'* ]] ||
		fail "$output"
	run nsenter -i -t "$subject" "$MMTOOL" why --maps="$subject" trace
	assert_success
	[[ $(joined) == *'why: EINVAL: the size, 8192, is more than kernel.shmmax, 100'* ]] || fail "$output"
	[[ $(joined) == *'why: EINVAL: there is no segment of the number 2147483647'* ]] || fail "$output"
}

@test "--maps with a process in another PID namespace: vm.memfd_noexec is that one's" {
	[ -e /proc/sys/vm/memfd_noexec ] || skip 'this kernel has no vm.memfd_noexec'
	[ "$(</proc/sys/vm/memfd_noexec)" -lt 2 ] || skip 'vm.memfd_noexec is 2 for all'
	unshare -pf sh -c 'echo 2 >/proc/sys/vm/memfd_noexec' 2>/dev/null || skip 'no namespace for processes can be made, with a policy'
	need nsenter
	lives 'echo 2 >/proc/sys/vm/memfd_noexec' unshare -pf
	says 'it can only be this one: vm.memfd_noexec is 2, under which every memfd must have MFD_NOEXEC_SEAL (mmtool is not in' \
		--maps="$subject" 'memfd_create("x", MFD_EXEC) = -1 EACCES'
	run nsenter -p -t "$subject" "$MMTOOL" why --maps="$subject" 'memfd_create("x", MFD_EXEC) = -1 EACCES'
	assert_success
	assert_output --partial 'why: EACCES: vm.memfd_noexec is 2: every memfd must have MFD_NOEXEC_SEAL'
}

@test "--maps with a process that has all capabilities in its user namespace, and none outside" {
	unshare -r true 2>/dev/null || skip 'no namespace for users can be made'
	lives 'ulimit -l 4' unshare -r
	lines_say --maps="$subject" <<-'End'
		only CAP_IPC_LOCK, which it lacks outside its user namespace, passes that limit; besides, nothing is mapped
		mlock(0x70000000, 8192) = -1 ENOMEM
		passes that limit; MCL_CURRENT counts
		mlockall(MCL_CURRENT) = -1 ENOMEM
		only CAP_IPC_LOCK, which it lacks outside its user namespace, passes that limit
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -1 EAGAIN
		0 is below vm.mmap_min_addr
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = -1 EPERM
		where only CAP_SYS_RAWIO, which the process lacks outside its user namespace, lets one map
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = -1 EPERM
		MADV_HWPOISON needs CAP_SYS_ADMIN, which the process lacks outside its user namespace
		madvise(0x70000000, 4096, MADV_HWPOISON) = -1 EPERM
	End
	kill -KILL "$subject"
	lives 'ulimit -l 0' unshare -r
	lines_say --maps="$subject" <<-'End'
		RLIMIT_MEMLOCK is 0 and the process lacks CAP_IPC_LOCK outside its user namespace: it may lock nothing
		mlock(0x70000000, 8192) = -1 EPERM
	End
}

@test "--maps: of RLIMIT_DATA the hard limit counts where the soft one is 0, save for the heap" {
	lives 'ulimit -S -d 0'
	lines_say --maps="$subject" <<-'End'
		no rule that mmtool knows
		mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = -1 ENOMEM
		RLIMIT_DATA is 0 bytes, and the heap would have
		brk(0x7fffffff0000) = 0x7ffffffe0000
	End
	kill -KILL "$subject"
	lives 'ulimit -S -d 0; ulimit -H -d 102400'
	lines_say --maps="$subject" <<-'End'
		the hard limit of RLIMIT_DATA, which counts where the soft one is 0, is 100M, the process has
		mmap(NULL, 209715200, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = -1 ENOMEM
		no rule that mmtool knows
		mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = -1 ENOMEM
	End
	# As it is, and with the kernel's parameter that lets all pass.
	data=$(ulimit -S -d 0 && "$MMTOOL" run -e 'mmap(NULL, 1M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		setrlimit(RLIMIT_AS, status("VmSize")); mmap(NULL, 1M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM')
	[[ $data == *'why: ENOMEM: RLIMIT_AS is '* ]] && [[ $data != *RLIMIT_DATA* ]] || fail "$data"
	parameter=/sys/module/kernel/parameters/ignore_rlimit_data
	echo Y >yes
	unshare -m mount --bind yes "$parameter" 2>/dev/null || skip 'no file of /sys can be covered here, to say that the limit is ignored'
	run -1 unshare -m sh -c "mount --bind yes $parameter && exec \"\$0\" why --maps=$subject \"\$1\"" "$MMTOOL" \
		'mmap(NULL, 209715200, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = -1 ENOMEM'
	assert_output --partial 'no rule that mmtool knows'
}

@test "what stands in place of /proc/meminfo and of /sys in a container is not the machine" {
	unshare -m mount --bind /proc/uptime /proc/meminfo 2>/dev/null || skip 'no file of /proc can be covered here'
	policy_lock -s
	[ "$(</proc/sys/vm/overcommit_memory)" = 0 ] || skip 'another overcommit policy'
	echo 'MemTotal:        4 kB' >meminfo
	line='mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM'
	run -1 unshare -m sh -c 'mount --bind meminfo /proc/meminfo && exec "$0" why --maps="$1" "$2"' "$MMTOOL" "$$" "$line"
	assert_output --partial 'no rule that mmtool knows'
	line='mmap(NULL, 2097152, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, 0) = -1 EINVAL'
	run unshare -m sh -c 'mount -t tmpfs none /sys && exec "$0" why --maps="$1" "$2"' "$MMTOOL" "$$" "$line"
	assert_success
	assert_output --partial 'it can only be this one'
}

@test "of files and segments, what their state would settle is told" {
	lines_say <<-'End'
		the process had as many descriptors open as RLIMIT_NOFILE allows
		memfd_create("x", MFD_CLOEXEC) = -1 EMFILE
		vm.memfd_noexec is 2, under which every memfd must have MFD_NOEXEC_SEAL (with --maps it could be told whether it is)
		memfd_create("x", MFD_CLOEXEC) = -1 EACCES
		MFD_HUGETLB needs a kernel with huge pages (hugetlbfs), and this one has none
		memfd_create("x", MFD_CLOEXEC|MFD_HUGETLB) = -1 ENODEV
		the name is to be read at 0x1000, and cannot be read there
		memfd_create(0x1000, MFD_CLOEXEC) = -1 EFAULT
		(1) length must stay within RLIMIT_FSIZE; (2) 1M is more than a file of the file system of descriptor 11 can have
		ftruncate(11, 1048576) = -1 EFBIG
		(1) descriptor 14 is no regular file, and nothing else has a length to set; (2) descriptor 14 was opened for reading only; O_RDWR or O_WRONLY lets one set the length; (3) memfd_secret takes a length once; (4) of a file of huge pages
		ftruncate(14, 1) = -1 EINVAL
		(1) no file is open as descriptor 99; (2) descriptor 99 was opened with O_PATH
		ftruncate(99, 1) = -1 EBADF
		(1) the file must not be append-only; (2) the memfd must not be sealed against that change of size
		ftruncate(11, 1) = -1 EPERM
		no mapping holds this address, or only a guard region does
		--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10} ---
		the page lies past the end of the file, or other object, that is mapped there, or could not be had (with --maps
		--- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x10} ---
	End
	save_flags
	lines_say --maps=saved.smaps <<-'End'
		the name is to be read at 0x7f12e4a00000, where nothing can be read
		memfd_create(0x7f12e4a00000, MFD_CLOEXEC) = -1 EFAULT
		no rule that mmtool knows
		memfd_create(0x7f12e4801000, MFD_CLOEXEC) = -1 EFAULT
		the address lies below the start of the heap (the limits of the process are not known
		brk(0x1000) = 0x555555559000
	End
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
	! all_addresses || skip 'a process may use all addresses here'
	for flags in 0 MREMAP_MAYMOVE; do
		line="mremap(0x70000000, 4096, $(printf '0x%x' $((-$(getconf PAGESIZE)))), $flags)"
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
	says 'the permissions of /usr/lib/libc.so.6 (r--p) do not allow this access; it is not known whether mprotect can change them.' --maps=saved.maps -- \
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
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
libc.munmap(ctypes.c_void_p(4096 + 1), 4096)
libc.mmap(None, 0, mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)' 2>/dev/null || skip 'strace may not trace here'
	[ "$(rules trace | tr '\n' ' ')" = '["munmap-unaligned"] ["mmap-length-zero"] ' ] || fail "$(tail -n 5 trace)"
}

@test "--list" {
	mm why --list
	assert_success
	assert_line --regexp '^mremap-fixed-alone +EINVAL +MREMAP_FIXED needs MREMAP_MAYMOVE$'
	[ "$("$MMTOOL" why --list | awk '{ print $1 }' | sort | uniq -d)" = '' ]
}

@test "--list goes where the output goes, and is text" {
	"$MMTOOL" why --list >list
	mm why --list -o file
	assert_success
	assert_output ''
	cmp list file
	mm why --list -o /dev/full
	assert_failure 3
	assert_output 'mmtool why: /dev/full: write: No space left on device'
	mm why --list -o .
	assert_failure 3
	assert_output 'mmtool why: .: cannot be opened for writing: Is a directory'
	mm why --list --format=json
	assert_failure 2
	assert_output --partial 'mmtool why: --format: text here'
	mm why --list --format=text
	assert_success
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
