# SPDX-License-Identifier: MIT
# run's options: -D, --inject, --limit, --timeout, --max-touch, --allow-write.

load ../helper/common

anon='MAP_PRIVATE|MAP_ANONYMOUS'
big="a = mmap(NULL, 2G, PROT_READ|PROT_WRITE, $anon|MAP_NORESERVE, -1, 0)"

@test "-D defines a name, of literals and constants" {
	mm run -q -D n=4K -D 's="a b"' -D 'f=PROT_READ|PROT_WRITE' -D 'm=-1p' -D 'l=3*page' \
		-e 'expect n == 4096; expect s == "a b"; expect f == 3; expect m == -page; expect l == 3p'
	assert_success
	mm run -q -D n=1 -D n=2 -e 'expect n == 2; n = 3; expect n == 3' -e 'expect n == 2'
	assert_success
}

@test "-D refuses what it cannot take" {
	for bad in 'n' '=1' 'n=' 'PROT_READ=1' 'page=1' 'repeat=1' 'n=m' 'n=getpid()' 'n=errno' 'n=scratch' 'n=1/0' 'n=1; m=2' 'n=brk(0)' 'n=scratch[0]'; do
		mm run -D "$bad" -e 'note "ran"'
		assert_failure 2
		refute_output --partial '# ran'
	done
}

@test "--inject: the N-th call fails and is not made" {
	mm run --inject=mmap:ENOMEM:2 -e "a = mmap(NULL, 1p, PROT_READ, $anon, -1, 0)
		n = vmas(0, 0x7ffffffffffff000)
		b = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
		expect b == -1; expect errno == ENOMEM; expect vmas(0, 0x7ffffffffffff000) == n
		c = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)"
	assert_success
	assert_line --partial '= -1 ENOMEM (Cannot allocate memory) (injected)'
	[ "$(grep -c '(injected)' <<<"$output")" -eq 1 ]
}

@test "--inject: each call where N is not given" {
	mm run -q --inject=munmap:EPERM -e 'repeat 5 { munmap(hole(1p), 1p) = -1 EPERM }'
	assert_success
	mm run -q --inject=fork:EAGAIN -e 'c = fork() = -1 EAGAIN; expect c == -1'
	assert_success
	mm run -q --inject=tmpfile:ENOSPC:1 --inject=open:ENFILE -e 'tmpfile(1) = -1 ENOSPC; open("/dev/zero", 0) = -1 ENFILE'
	assert_success
}

@test "--inject counts the script's calls over all processes, and anew for each script" {
	mm run -q --inject=munmap:EIO:3 -e 'munmap(hole(1p), 1p); c = fork(); in c { munmap(hole(1p), 1p); munmap(hole(1p), 1p) = -1 EIO }; munmap(hole(1p), 1p)' \
		-e 'munmap(hole(1p), 1p); munmap(hole(1p), 1p); munmap(hole(1p), 1p) = -1 EIO'
	assert_success
}

@test "--inject: one that was never reached is told" {
	mm run --inject=munmap:EIO:3 --inject=mmap:ENOMEM -e 'munmap(hole(1p), 1p)'
	assert_success
	assert_line '# --inject=munmap:EIO:3 was never reached: the script made 1 such call'
	assert_line '# --inject=mmap:ENOMEM was never reached: the script made 0 such calls'
	mm run --inject=munmap:EIO:1 -e 'munmap(hole(1p), 1p) = -1 EIO'
	refute_output --partial 'never reached'
}

@test "--inject refuses what it cannot take" {
	for bad in mmap mmap: mmap:EWHAT mapp:ENOMEM memset:EIO wait:EIO mmap:ENOMEM:0 mmap:ENOMEM:x mmap:ENOMEM: mmap:PROT_READ; do
		mm run --inject="$bad" -e 'note "ran"'
		assert_failure 2
		assert_output --partial -- --inject
	done
}

@test "--limit applies to the subject" {
	mm run -q --limit=as=64M -e "mmap(NULL, 64M, PROT_READ, $anon, -1, 0) = -1 ENOMEM"
	assert_success
	mm run -q --limit=data=16M -e "mmap(NULL, 32M, PROT_READ|PROT_WRITE, $anon, -1, 0) = -1 ENOMEM; mmap(NULL, 32M, PROT_READ, $anon, -1, 0)"
	assert_success
	mm run -q --limit=stack=64K --limit=data=1G -e 'expect 1'
	assert_success
	# Of several the last, also where an ordinary user could not raise it.
	limits=(--limit=fsize=4K --limit=stack=1M --limit=fsize=16K)
	as_nobody "$MMTOOL" run -q "${limits[@]}" -e 'fd = memfd_create("x", 0); ftruncate(fd, 16K)'
	assert_success
	as_nobody "$MMTOOL" run -q "${limits[@]}" -e 'fd = memfd_create("x", 0); ftruncate(fd, 17K)'
	assert_failure 1
	assert_output --partial SIGXFSZ
	mm run --limit=fsize=4K -e 'fd = memfd_create("x", 0); ftruncate(fd, 8K)'
	assert_failure 1
	assert_output --partial SIGXFSZ
}

@test "--limit: only what is above the hard limit is refused for that" {
	install -m 755 "$MMTOOL" "$(open_dir)/mmtool"
	as_nobody bash -c "ulimit -f 1000 && exec '$(open_dir)/mmtool' run --limit=fsize=1G -e 'note 1'"
	assert_failure 77
	assert_output --partial 'this user cannot set RLIMIT_FSIZE above the hard limit'
	told=
	for when in 1 2 3; do
		failing -e "inject=?prlimit64,?setrlimit:error=EPERM:when=$when" "$MMTOOL" run --limit=as=1G -e 'note 1'
		refute_output --partial 'above the hard limit'
		[ "$output" != 'mmtool run: prlimit: Operation not permitted' ] || told=$status
	done
	assert_equal "$told" 3
}

@test "--limit=memlock takes CAP_IPC_LOCK, and says so" {
	mm run --limit=memlock=64K -e "a = mmap(NULL, 1M, PROT_READ, $anon, -1, 0); mlock(a, 64K); mlock(a, 1M) = -1 ENOMEM; c = fork(); in c { mlock(a, 1M) = -1 ENOMEM }"
	assert_success
	[ "$(id -u)" -ne 0 ] || assert_output --partial 'CAP_IPC_LOCK was taken'
	mm run -q --limit=memlock=0 -e "a = mmap(NULL, 1M, PROT_READ, $anon, -1, 0); mlock(a, 1p) = -1 EPERM"
	assert_success
}

@test "--limit refuses what it cannot take" {
	for bad in as '=1' as= cpu=1 as=x as=-1; do
		mm run --limit="$bad" -e 'note "ran"'
		assert_failure 2
	done
}

@test "--timeout ends a statement that takes too long" {
	mm run -q --timeout=0.3 -e 'read(1023, scratch, 1) = ?'
	assert_failure 1
	assert_output --partial 'longer than 0.3 seconds'
	for bad in 0 -1 x '' 1s nan; do
		mm run --timeout="$bad" -e 'note "ran"'
		assert_failure 2
	done
}

@test "--max-touch ends one long statement, and many short ones" {
	not_sanitized 'its shadow counts too'
	mm run -q --max-touch=64M -e "$big; write_pages(a, 2G)"
	assert_failure 1
	assert_output --partial '--max-touch'
	mm run -q --max-touch=64M -e "$big; write_pages(a, 2G) = ?"
	assert_failure 1
	mm run -q --max-touch=64M -e "$big; repeat 512 as i { write_pages(a + i * 4M, 4M) }"
	assert_failure 1
	assert_output --partial '--max-touch'
}

@test "--max-touch counts all processes, shared pages once, and memory files" {
	not_sanitized 'its shadow counts too'
	mm run -q --max-touch=64M -e "$big; repeat 50 { c = fork(); in c { write_pages(a, 16M) } }"
	assert_failure 1
	assert_output --partial '--max-touch'
	# A huge page may be of 32M (arm64, pages of 16K).
	mm run -q --max-touch=64M -e "$big; write_pages(a, 24M); repeat 20 { c = fork(); in c { read_pages(a, 24M) } }"
	assert_success
	mm run -q --max-touch=64M -e 'f = memfd_create("x", 0); fallocate(f, 0, 0, 2G)'
	assert_failure 1
	assert_output --partial '--max-touch'
}

# over STATEMENTS: they are ended, for they touch more than 64 MiB.
over()
{
	mm run -q --max-touch=64M -e "$1; repeat 200000 { scratch[0] = 1 }"
	assert_failure 1
	assert_output --partial '--max-touch'
}

# within STATEMENTS: they are not, in 0.1 s.
within()
{
	local n=20000

	[ -z "${MMTOOL_GUEST-}" ] || n=500
	mm run -q --max-touch=64M -e "$1; repeat $n { scratch[0] = 1 }"
	assert_success
}

@test "--max-touch counts in a process that has many groups" {
	not_sanitized 'its shadow counts too'
	need_root
	need setpriv seq
	groups=$(seq -s, 1000000 1003000)
	setpriv --groups="$groups" true || skip 'no such groups in this user namespace'
	run setpriv --groups="$groups" "$MMTOOL" run -q --max-touch=64M -e "$big; write_pages(a, 96M); repeat 200000 { scratch[0] = 1 }"
	assert_failure 1
	assert_output --partial '--max-touch'
}

# huge_pages SIZE: skips the test where the pool has not as many bytes free in huge pages, all of the default size.
huge_pages()
{
	awk -v want="$1" '/^HugePages_(Free|Rsvd):/ { count[$1] = $2 } /^Hugepagesize:/ { size = $2 * 1024 }
		END { exit (count["HugePages_Free:"] - count["HugePages_Rsvd:"]) * size < want }' /proc/meminfo ||
		skip "no $1 bytes in huge pages are free"
}

@test "--max-touch counts page tables" {
	not_sanitized 'its shadow counts too'
	[ "$(word_bits)" -eq 64 ] || skip 'there are few in a small address space'
	# A page of zeros is in no figure, but the entries around it are, at least 256 of 8 bytes.
	tables='n = 6144
		a = mmap(NULL, n * 256p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)
		madvise(a, n * 256p, MADV_NOHUGEPAGE) = ?
		repeat n as i { scratch[0] = a[i * 256p] }'
	mm run -q -e "$tables; require status(\"VmPTE\") > 10M, \"another kind of tables\""
	[ "$status" -ne 77 ] || skip 'page tables are of another kind here'
	mm run -q --max-touch=8M -e "$tables; repeat 20000 { scratch[0] = 1 }"
	assert_failure 1
	assert_output --partial '--max-touch'
}

@test "--max-touch counts huge pages of the pool" {
	not_sanitized 'its shadow counts too'
	huge_pages $((96 << 20))
	map="MAP_HUGETLB|MAP_ANONYMOUS, -1, 0)"
	for kind in MAP_PRIVATE MAP_SHARED; do
		over "a = mmap(NULL, 96M, PROT_READ|PROT_WRITE, $kind|$map; memset(a, 1, 96M)"
		within "a = mmap(NULL, 32M, PROT_READ|PROT_WRITE, $kind|$map; memset(a, 1, 32M)"
	done
}

@test "--max-touch counts locked pages of files, and no others" {
	not_sanitized 'its shadow counts too'
	need_root
	file='f = tmpfile(96M); a = mmap(NULL, 96M, PROT_READ, MAP_SHARED, f, 0); read_pages(a, 96M)'
	mm run -q -e "$file; mlock(a, 96M)"
	[ "$status" -eq 0 ] || skip 'not so much can be locked here'
	within "$file; mlock(a, 32M)"
	over "$file; mlock(a, 96M)"
}

@test "--max-touch counts what was swapped out" {
	not_sanitized 'its shadow counts too'
	free=$(awk '/^SwapFree:/ { print $2 }' /proc/meminfo)
	[ "${free:-0}" -ge 131072 ] || skip 'no room in a swap area'
	out='repeat 3 as i { write_pages(a + i * 32M, 32M); madvise(a + i * 32M, 32M, MADV_PAGEOUT) }'
	mm run -q -e "require MADV_PAGEOUT; $big; $out; require status(\"VmSwap\") >= 80M, \"not swapped out\""
	[ "$status" -ne 77 ] || skip 'this kernel swaps nothing out that it is told to'
	over "$big; $out"
}

@test "--max-touch counts what is open in any process, each file once" {
	not_sanitized 'its shadow counts too'
	over 'c = fork(); in c { f = memfd_create("m", 0); fallocate(f, 0, 0, 96M) }'
	over 'c = fork(); f = memfd_create("m", 0); fallocate(f, 0, 0, 40M); in c { f = memfd_create("m", 0); fallocate(f, 0, 0, 40M) }'
	within 'f = memfd_create("m", 0); fallocate(f, 0, 0, 40M); repeat 3 { c = fork() }'
}

@test "--max-touch: what is touched in no time counts, too" {
	not_sanitized 'its shadow counts too'
	a="a = mmap(NULL, 24M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS"
	for touches in "$a|MAP_POPULATE, -1, 0)" "$a, -1, 0); memset(a, 1, 24M)" "$a, -1, 0); write_pages(a, 24M)" \
		"$a, -1, 0); repeat 24 as i { memset(a + i * 1M, 1, 1M) }"; do
		mm run -q --max-touch=12M -e "$touches"
		assert_failure 1
		assert_output --partial 'max-touch'
	done
	mm run -q --max-touch=12M -e "$a, -1, 0); memset(a, 1, 2M); munmap(a, 24M)"
	assert_success
}

@test "--max-touch counts secret memory that is mapped no more" {
	not_sanitized 'its shadow counts too'
	mm run -q -e 'require memfd_secret; f = memfd_secret(0)'
	[ "$status" -eq 0 ] || skip 'no secret memory here'
	part='a = mmap(NULL, 4M, PROT_READ|PROT_WRITE, MAP_SHARED, f, i * 4M); memset(a, 1, 4M); munmap(a, 4M)'
	mm run -q -e "f = memfd_secret(0); ftruncate(f, 96M); repeat 24 as i { $part }"
	[ "$status" -eq 0 ] || skip 'not even 4 MiB may be locked here'
	over "f = memfd_secret(0); ftruncate(f, 96M); repeat 24 as i { $part }"
	within "f = memfd_secret(0); ftruncate(f, 32M); repeat 8 as i { $part }"
}

@test "--max-touch counts huge pages of a file that is open" {
	not_sanitized 'its shadow counts too'
	huge_pages $((96 << 20))
	over 'f = memfd_create("m", MFD_HUGETLB); fallocate(f, 0, 0, 96M)'
	within 'f = memfd_create("m", MFD_HUGETLB); fallocate(f, 0, 0, 32M)'
}

@test "--max-touch counts what unlinked files take on a disk, but not the tool's own" {
	not_sanitized 'its shadow counts too'
	mm run -q -e 'f = tmpfile(0); fallocate(f, 0, 0, 96M)'
	[ "$status" -eq 0 ] || skip 'no room on a disk, or no fallocate there'
	over 'f = tmpfile(0); fallocate(f, 0, 0, 96M)'
	over 'c = fork(); in c { repeat 8 { f = tmpfile(0); fallocate(f, 0, 0, 12M) } }'
	within 'f = tmpfile(2G)'
	head -c 96M /dev/zero >"$BATS_TEST_TMPDIR/output"
	exec 9>>"$BATS_TEST_TMPDIR/output"
	rm "$BATS_TEST_TMPDIR/output"
	"$MMTOOL" run -q --max-touch=64M -e 'repeat 20000 { scratch[0] = 1 }' >&9
}

@test "--max-touch counts what is mapped and what is open, and what is both once" {
	not_sanitized 'its shadow counts too'
	rw='PROT_READ|PROT_WRITE'
	file='f = memfd_create("m", 0); fallocate(f, 0, 0, 40M)'
	other="b = mmap(NULL, 40M, $rw, MAP_SHARED|MAP_ANONYMOUS, -1, 0); memset(b, 1, 40M)"
	mapped="$file; a = mmap(NULL, 40M, $rw, MAP_SHARED, f, 0); memset(a, 1, 40M)"
	over "$file; $other"
	over "$file; c = fork(); in c { $other }"
	over "$mapped; d = mmap(NULL, 40M, $rw, MAP_PRIVATE, f, 0); memset(d, 1, 40M)"
	within "$mapped; d = mmap(NULL, 40M, PROT_READ, MAP_PRIVATE, f, 0); read_pages(d, 40M)"
	within "$mapped; repeat 3 { c = fork(); in c { read_pages(a, 40M) } }"
	within "$other; repeat 3 { c = fork(); in c { read_pages(b, 40M) } }"
	if [ -e /proc/sysvipc/shm ]; then
		segment='s = shmget(IPC_PRIVATE, 40M, IPC_CREAT|0600); d = shmat(s, NULL, 0); memset(d, 1, 40M)'
		within "$segment; repeat 3 { c = fork(); in c { read_pages(d, 40M) } }"
		over "$segment; $other"
	fi
	# Against RLIMIT_MEMLOCK a kernel counts what is mapped, and a newer one what is touched.
	secret="f = memfd_secret(0); ftruncate(f, 40M); a = mmap(NULL, 40M, $rw, MAP_SHARED, f, 0); memset(a, 1, 40M)"
	mm run -q -e "require memfd_secret; $secret"
	if [ "$status" -eq 0 ]; then
		within "$secret"
		over "$secret; $other"
	fi
}

@test "--max-touch counts a huge page that is mapped and in an open file once" {
	not_sanitized 'its shadow counts too'
	huge_pages $((96 << 20))
	file='f = memfd_create("m", MFD_HUGETLB); fallocate(f, 0, 0, 48M)
		a = mmap(NULL, 48M, PROT_READ|PROT_WRITE, MAP_SHARED, f, 0); memset(a, 1, 48M)'
	within "$file"
	over "$file; b = mmap(NULL, 48M, PROT_READ|PROT_WRITE, MAP_PRIVATE, f, 0); memset(b, 1, 48M)"
}

@test "without --allow-write nothing is opened for writing" {
	file=$BATS_TEST_TMPDIR/file
	echo old >"$file"
	for flags in O_WRONLY O_RDWR 'O_RDONLY|O_TRUNC' 'O_RDONLY|O_CREAT' 'O_RDWR|O_TMPFILE'; do
		mm run -q -e "open(\"$file\", $flags, 0600) = ?"
		assert_failure 1
		assert_output --partial '--allow-write'
	done
	mm run -q -e "strcpy(scratch, \"$file\"); open(scratch, O_RDWR) = ?"
	assert_failure 1
	assert_output --partial '--allow-write'
	assert_equal "$(cat "$file")" old
	mm run -q -e "f = open(\"$file\", O_RDONLY); read(f, scratch, 3) = 3; expect text(scratch) == \"old\""
	assert_success
	mm run -q --allow-write -e "f = open(\"$file\", O_RDWR|O_TRUNC); write(f, \"new\", 3)"
	assert_success
	assert_equal "$(cat "$file")" new
	mm run -q --allow-write -e "f = open(\"$file.2\", O_RDWR|O_CREAT, 0600); write(f, \"made\", 4)"
	assert_success
	assert_equal "$(cat "$file.2")" made
}

@test "only regular files, /proc, /sys, zero and null are opened" {
	cd "$BATS_TEST_TMPDIR"
	mkfifo fifo
	ln -s fifo link
	for path in . fifo link /dev/tty; do
		mm run -q -e "open(\"$path\", O_RDONLY) = ?"
		assert_failure 1
		assert_output --partial 'neither a regular file'
	done
	mm run -q -e 'open("/proc/self/maps", O_RDONLY); open("/proc/meminfo", O_RDONLY); open("/sys/kernel/mm", O_RDONLY|O_DIRECTORY) = ?; open("/dev/zero", O_RDWR); open("/dev/null", O_WRONLY); open("/proc/self/exe", O_RDONLY)'
	assert_success
}
