# SPDX-License-Identifier: MIT
# Scripts that try to climb each fence of the subject: files, the tool, terminals, memory, processes, time, cores.

load ../helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	printf 'as it was\n' >kept
	ln -s kept link
	kept=$BATS_TEST_TMPDIR/kept
}

teardown()
{
	[ -z "${foreign-}" ] || ipcrm -m "$foreign"
}

# climbs SCRIPT REASON [OPTION...]: the script fails, and the report says why.
climbs()
{
	run timeout 120 "$MMTOOL" run -q --timeout=20 "${@:3}" -e "$1"
	[ "$status" -eq 1 ] || fail "status $status: $1"$'\n'"$output"
	# Lines are wrapped where they are long.
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"$2"* ]] || fail "no \"$2\": $1"$'\n'"$output"
}

unharmed()
{
	assert_equal "$(cat kept)" 'as it was'
}

@test "files: not written without --allow-write, by no flag" {
	for flags in O_WRONLY O_RDWR 'O_WRONLY|O_APPEND' 'O_RDONLY|O_TRUNC' 'O_RDONLY|O_CREAT' 'O_RDWR|O_CREAT|O_EXCL' 'O_TMPFILE|O_RDWR' \
		O_ACCMODE 'O_WRONLY|O_PATH' 'O_RDWR|O_NOFOLLOW'; do
		for path in "$kept" kept link ./link; do
			climbs "open(\"$path\", $flags, 0600)" '--allow-write'
		done
		climbs "open(\"$BATS_TEST_TMPDIR\", $flags, 0600)" '--allow-write'
		climbs "open(\"/dev/shm/mmtool-fences\", $flags, 0600)" '--allow-write'
	done
	[ ! -e /dev/shm/mmtool-fences ]
	unharmed
}

@test "files: not written through a descriptor that is open for reading" {
	for path in /proc/self/fd/0 //proc/self/fd/0 /proc/./self/fd/0 /proc/thread-self/fd/0 /dev/fd/0 /dev/stdin /dev/../proc/self/fd/0; do
		run "$MMTOOL" run -q -e "close(0); open(\"kept\", O_RDONLY) = 0; f = open(\"$path\", O_RDWR); write(f, \"climbed\", 7)" </dev/null
		assert_failure 1
		unharmed
		run "$MMTOOL" run -q -e "close(0); open(\"kept\", O_RDONLY) = 0; open(\"$path\", O_WRONLY|O_TRUNC) = ?" </dev/null
		unharmed
	done
	run "$MMTOOL" run -q -e 'f = open("kept", O_RDONLY)
		write(f, "climbed", 7) = -1 EBADF
		pwrite(f, "climbed", 7, 0) = -1 EBADF
		ftruncate(f, 0) = -1 EINVAL
		fallocate(f, 0, 0, 1M) = -1 EBADF
		fcntl(f, F_SETFL, O_RDWR|O_APPEND)
		write(f, "climbed", 7) = -1 EBADF'
	assert_success
	unharmed
}

@test "files: not mapped shared and writable without --allow-write" {
	run "$MMTOOL" run -q -e 'f = open("kept", O_RDONLY)
		mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_SHARED, f, 0) = -1 EACCES
		mmap(NULL, 1p, PROT_WRITE, MAP_SHARED_VALIDATE, f, 0) = -1 EACCES
		a = mmap(NULL, 1p, PROT_READ, MAP_SHARED, f, 0)
		mprotect(a, 1p, PROT_READ|PROT_WRITE) = -1 EACCES
		a = mremap(a, 1p, 2p, MREMAP_MAYMOVE)
		mprotect(a, 1p, PROT_WRITE) = -1 EACCES
		b = mremap(a, 0, 1p, MREMAP_MAYMOVE)
		mprotect(b, 1p, PROT_READ|PROT_WRITE) = -1 EACCES
		expect fault(a[0] = 65) == SEGV_ACCERR
		madvise(a, 1p, MADV_POPULATE_WRITE) = -1
		p = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE, f, 0)
		strcpy(p, "private")
		msync(p, 1p, MS_SYNC)
		remap_file_pages(a, 1p, 0, 0, 0) = ?
		c = fork()
		in c { mprotect(a, 1p, PROT_READ|PROT_WRITE) = -1 EACCES }'
	assert_success
	unharmed
}

@test "files: memory files, and the two devices, may be written" {
	run "$MMTOOL" run -q -e 'f = memfd_create("m", 0); ftruncate(f, 1p)
		a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_SHARED, f, 0); a[0] = 1; write(f, "x", 1)
		n = open("/dev/null", O_WRONLY); write(n, "x", 1)
		z = open("/dev/zero", O_RDWR); b = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_SHARED, z, 0); b[0] = 1
		open("/dev/null", O_RDWR|O_CREAT|O_EXCL, 0600) = -1 EEXIST
		open("/dev/null", O_RDWR|O_DIRECTORY) = -1 ENOTDIR
		expect z == n + 1, "the lowest that is free, as open gives it"
		t = tmpfile(1p); write(t, "x", 1)
		repeat 1100 { open("/dev/null", O_WRONLY) = ? }
		open("/dev/null", O_WRONLY) = -1 EMFILE
		c = fork()
		in c { close(n); open("/dev/zero", O_WRONLY) = n }'
	assert_success
	run "$MMTOOL" run -q --allow-write -e 'f = open("kept", O_WRONLY); write(f, "new", 3)'
	assert_success
	assert_equal "$(head -c 3 kept)" new
}

@test "files: no FIFO, socket, directory, terminal or other device" {
	mkfifo fifo
	for path in fifo . /dev/tty /dev/console /dev/ptmx /dev/random /dev/mem /dev/fuse /dev/fd/../ptmx; do
		[ -e "$path" ] || continue
		climbs "open(\"$path\", O_RDONLY)" 'neither a regular file'
		climbs "open(\"$path\", O_RDWR)" '--allow-write'
	done
}

# The executor keeps a request in its memory, with what a call's arguments are, and with the last string that came.  So a path
# that lies among them is another one when the call is made than it was when it was looked at.
@test "files: the path at an address is the one that was judged" {
	not_sanitized 'its shadow lies before the program'
	mkfifo fiif
	# A mode that reads as a name, whatever the order of the bytes.
	run "$MMTOOL" run -q - <<-END
		f = open("/proc/self/maps", O_RDONLY)
		b = mmap(NULL, 1M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		read(f, b, 1p)
		base = 0
		repeat 16 as i { d = b[i]; if d == 45 { break }; if d > 57 { d = d - 39 }; base = base * 16 + d - 48 }
		strcpy(b, "$(printf '%060000d' 0 | tr 0 M)")
		found = 0
		repeat 2048 as i { at = base + i * 16K; if fault(at[16K]) == 0 && fault(at[0]) == 0 && at[0] == 77 && at[16K] == 77 { found = at; break } }
		require found != 0, "the executor's memory is not found"
		low = found - 16K
		repeat 14 { at = (low + found) / 2; if fault(at[0]) == 0 && at[0] == 77 && at[1] == 77 { found = at } else { low = at } }
		expect found[-1] == 0
		repeat 96 as i { open(found - 96 + i, O_RDONLY|O_NONBLOCK, 0x66696966) = ?; expect errno != 0 }
	END
	[ "$status" -ne 77 ] || skip "$output"
	assert_success
}

@test "files: a path at an address that cannot be read, or has no end, is the kernel's to refuse" {
	run "$MMTOOL" run -q -e 'open(NULL, O_RDONLY) = -1 EFAULT
		open(-1, O_RDONLY) = -1 EFAULT
		a = mmap(NULL, 64K + 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		strcpy(a, "/dev/zero")
		z = open(a, O_RDONLY); expect z == 3
		strcpy(a, "/dev/null")
		n = open(a, O_WRONLY); expect n == 4
		memset(a, 47, 64K + 2p)
		open(a, O_RDONLY) = -1 ENAMETOOLONG
		mprotect(a + 64K + 1p, 1p, PROT_NONE)
		open(a + 64K + 1p - 5, O_RDONLY) = -1 EFAULT
		open(a + 64K + 1p, O_RDONLY) = -1 EFAULT
		memset(a + 64K + 1p - 4K, 46, 4K)
		memset(a + 64K + 1p - 1, 0, 1)
		open(a + 64K + 1p - 4K, O_RDONLY) = -1 ENAMETOOLONG
		strcpy(a + 64K + 1p - 3, "..")
		open(a + 64K + 1p - 3, O_PATH) = ?'
	assert_failure 1
	assert_output --partial 'neither a regular file'
	climbs 'strcpy(scratch, "kept"); open(scratch, O_WRONLY)' '--allow-write'
	mkfifo fifo
	climbs 'strcpy(scratch, "fifo"); open(scratch, O_RDONLY)' 'neither a regular file'
}

@test "files: what cannot be looked at once it is open is closed again, and fails the step" {
	need_root
	need setpriv
	local less=(setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace)
	"${less[@]}" true 2>/dev/null || skip 'no capability can be given up here'
	run "${less[@]}" "$MMTOOL" run -q -e 'setuid(65534) = ?; require errno == 0, "there is no such user here"; fcntl(0, F_DUPFD, 100)'
	[ "$status" -ne 77 ] || skip "$output"
	assert_success
	for expected in '' ' = ?' ' = 3' ' = -1'; do
		run "${less[@]}" "$MMTOOL" run -q --keep-going -e "setuid(65534)
			open(\"/dev/zero\", O_RDONLY)$expected
			fcntl(3, F_GETFD) = -1 EBADF
			open(\"/proc/self/nothing\", O_RDONLY) = -1 ENOENT
			memfd_create(\"m\", 0) = 3
			close(0)
			open(\"/dev/null\", O_RDWR) = 0"
		assert_failure 1
		assert_line --regexp '^    open(at)?\(.*"/dev/zero", O_RDONLY\) = 3'
		assert_line --partial 'FAILED: open: "/dev/zero" was closed again'
		assert_output --partial '7 steps'
		assert_output --partial '1 failed'
	done
	"${less[@]}" "$MMTOOL" run -q --format=json -e 'setuid(65534); open("/dev/zero", O_RDONLY)' >events || true
	run "$MMTOOL" report events
	assert_line --regexp '^    open(at)?\(.*"/dev/zero", O_RDONLY\) = 3'
}

@test "the tool: what signals, traces, executes or connects is no call of the language" {
	for call in kill tgkill tkill ptrace process_vm_writev pidfd_send_signal pidfd_getfd socket connect execve clone vfork unlink rename \
		truncate chmod mount bpf io_uring_setup perf_event_open dup2 pipe setsid reboot; do
		run "$MMTOOL" run -q -e "$call(1, 9)"
		assert_failure 2
		assert_output --partial 'unknown'
	done
}

@test "the tool: not reached by its pid" {
	for call in 'pidfd_open(t, 0)' 'process_vm_readv(t, scratch, 1, scratch, 1, 0)'; do
		climbs "t = status(\"PPid\"); $call" 'no process of this script'
		climbs "c = fork(); t = status(\"PPid\"); in c { $call }" 'no process of this script'
	done
	climbs 'f = pidfd_open(1, 0)' 'no process of this script'
	climbs 'setrlimit(RLIMIT_CORE, 1G)' 'fence'
}

@test "the tool: no signal by way of a descriptor, and no terminal" {
	for call in 'fcntl(f, F_SETOWN, status("PPid"))' 'fcntl(f, F_SETSIG, SIGKILL)' 'fcntl(f, F_SETFL, O_ASYNC)' 'fcntl(f, 15, scratch)' \
		'fcntl(f, F_SETLK, scratch)' 'fcntl(f, F_SETLKW64, scratch)' 'fcntl(f, F_OFD_SETLKW, scratch)' 'fcntl(f, F_SETLEASE, F_RDLCK)' 'fcntl(f, F_NOTIFY, 1)' \
		'ioctl(f, 0x40086610, scratch)' 'ioctl(f, 0x6611, 0)' 'ioctl(f, 0x5412, "x")' 'ioctl(f, 0x540e, 1)' 'ioctl(f, 0x8901, scratch)' 'ioctl(f, 0x5452, scratch)'; do
		climbs "f = memfd_create(\"m\", 0); $call = ?" 'fence'
		climbs "f = 0; $call = ?" 'fence'
	done
	for option in PR_SET_DUMPABLE PR_SET_PDEATHSIG PR_SET_SECCOMP PR_SET_PTRACER 62; do # 62: PR_SCHED_CORE, Linux 5.14
		climbs "prctl($option, 0, 0, 0, 0) = ?" 'fence'
	done
}

@test "the machine: keeps its page frames" {
	for advice in MADV_HWPOISON MADV_SOFT_OFFLINE; do
		climbs "a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); madvise(a, 1p, $advice) = ?" 'fence'
	done
}

# forbids LIMIT STATEMENTS: more memory than that is touched, and the process ends.
forbids()
{
	climbs "$2" 'max-touch' "--max-touch=$1"
}

@test "memory: not over --max-touch, however it is had" {
	local a='a = mmap(NULL, 512M, PROT_READ|PROT_WRITE,'
	forbids 64M "$a MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); memset(a, 1, 512M)"
	forbids 64M "$a MAP_SHARED|MAP_ANONYMOUS, -1, 0); memset(a, 1, 512M)"
	forbids 64M "$a MAP_SHARED|MAP_ANONYMOUS|MAP_POPULATE, -1, 0); repeat 100000 { a[0] = 1 }"
	forbids 64M 'f = memfd_create("m", 0); fallocate(f, 0, 0, 512M); repeat 100000 { scratch[0] = 1 }'
	forbids 64M 'repeat 512 { f = memfd_create("m", 0); fallocate(f, 0, 0, 1M) }; repeat 100000 { scratch[0] = 1 }'
	forbids 64M 'b = mmap(NULL, 8M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); repeat 40 { c = fork(); in c { memset(b, 2, 8M) } }; repeat 100000 { b[0] = 1 }'
	# However often it is looked: none may be over for long.
	forbids 64M 'repeat 64 { b = mmap(NULL, 8M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); memset(b, 1, 8M) }; repeat 100000 { b[0] = 1 }'
}

@test "memory: segments count when nobody has them attached" {
	[ -e /proc/sysvipc/shm ] || skip 'no System V shared memory'
	forbids 64M 'repeat 64 { s = shmget(IPC_PRIVATE, 8M, IPC_CREAT|0600); a = shmat(s, NULL, 0); memset(a, 1, 8M); shmdt(a) }; repeat 100000 { scratch[0] = 1 }'
	forbids 64M 'c = fork(); in c { repeat 16 { s = shmget(IPC_PRIVATE, 8M, IPC_CREAT|0600); a = shmat(s, NULL, 0); memset(a, 1, 8M); shmdt(a) } }; wait(c) = ?; repeat 100000 { scratch[0] = 1 }'
}

@test "memory: secret memory counts" {
	need_root
	run "$MMTOOL" run -q -e 'require memfd_secret; f = memfd_secret(0)'
	[ "$status" -ne 77 ] || skip 'no secret memory in this kernel'
	# Else that would forbid it.
	ulimit -l unlimited 2>/dev/null || true
	forbids 64M 'f = memfd_secret(0); ftruncate(f, 512M); a = mmap(NULL, 512M, PROT_READ|PROT_WRITE, MAP_SHARED, f, 0); memset(a, 1, 512M); repeat 100000 { scratch[0] = 1 }'
}

@test "segments: another program's are told of by none of their numbers" {
	[ -e /proc/sysvipc/shm ] || skip 'no System V shared memory'
	need ipcmk ipcrm
	foreign=$(ipcmk -p 0666 -M 4096 | grep -o '[0-9]*$')
	[ -n "$foreign" ] || skip 'no segment can be made here'
	local place=$((foreign & 0x7fff))
	# The kernel takes the place out of whatever it is given.
	for number in "$foreign" "$place" $((place + 0x8000)) $((place + 0x10000)) $((place + 0x7fff8000)) "$((place + 0x100000000))"; do
		for command in SHM_STAT SHM_STAT_ANY 0x10d 0x10f; do
			# What is no word of this machine fails, too.
			climbs "shmctl($number, $command, scratch) = ?" 'shmctl: '
		done
	done
	run "$MMTOOL" run -q -e 's = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0600)
		shmctl(s, SHM_STAT, scratch) = s
		shmctl(s & 0x7fff, SHM_STAT, scratch) = s'
	assert_success
}

@test "time: a statement that does not end is ended" {
	climbs 'read(1023, scratch, 1)' '--timeout' --timeout=1
	run "$MMTOOL" run -q -e 'require userfaultfd; userfaultfd(1) = ?; require errno == 0, "not for this user"'
	[ "$status" -eq 0 ] || skip 'no userfaultfd here, so that nothing else can hang'
	climbs 'u = userfaultfd(1)
		words(scratch, UFFD_API, 0, 0)
		ioctl(u, UFFDIO_API, scratch)
		a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		words(scratch, a, 1p, UFFDIO_REGISTER_MODE_MISSING, 0)
		ioctl(u, UFFDIO_REGISTER, scratch)
		a[0] = 1' '--timeout' --timeout=1
}

@test "cores: none is left, whatever the limit around mmtool is" {
	ulimit -c unlimited || skip 'this user may not raise the limit of cores'
	for script in 'memset(NULL, 0, 1)' 'c = fork(); in c { memset(NULL, 0, 1) }' 'setrlimit(RLIMIT_CORE, 1T) = ?; memset(NULL, 0, 1)' \
		'setrlimit(RLIMIT_CPU, 0); repeat 100000000 { scratch[0] = 1 }'; do
		run timeout 120 "$MMTOOL" run -q -e "$script"
		assert_failure 1
	done
	[ -z "$(find . -name '*core*')" ] || fail "$(ls)"
}
