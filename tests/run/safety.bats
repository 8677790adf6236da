# SPDX-License-Identifier: MIT
# A script cannot reach the tool: the worst that it does ends its subject, and the report says how.

load ../helper/common

setup_file()
{
	space=$(space_length)
	export space
}

# ends STATEMENTS [REASON]: exit status 1, in time, and the reason is told.
ends()
{
	run timeout 60 "$MMTOOL" run -q --timeout=2 -e "$1"
	assert_failure 1
	assert_output --partial "${2-killed by}"
}

@test "wild stores" {
	ends 'a = 0x1234; a[0] = 1' SIGSEGV
	ends "memset(1p, 0, $space - 1p)" SIGSEGV
	ends 'memset(scratch - 1p, 1, 1)' SIGSEGV
}

@test "everything unmapped" {
	ends "munmap(0, $space)" SIGSEGV
}

@test "a child of wiped memory is the script's loss" {
	not_sanitized 'its runtime has terabytes mapped'
	setarch -R true 2>/dev/null || skip 'addresses are chosen at random here'
	cd "$BATS_TEST_TMPDIR"
	setarch -R "$MMTOOL" run --format=json -e 'note 1' | head -n 1 | grep -o '"[0-9a-f]*-[0-9a-f]* rw-p [^"]*"' | grep -v stack | tr -d '"' >writable
	[ -s writable ]
	while read -r range _; do
		echo "madvise(0x${range%-*}, 0x${range#*-} - 0x${range%-*}, MADV_WIPEONFORK) = ?; c = fork() = ?; note \"on\"" >wipe.mmt
		run setarch -R timeout 60 "$MMTOOL" run --keep-going -q wipe.mmt
		[ "$status" -le 1 ] || fail "$range: $status: $output"
	done <writable
}

@test "the stack unmapped" {
	# It is within 16 GiB of the end of the address space, or 8 MiB on a 32-bit machine, and wider than 64 KiB.
	ends "x = $space - 1p
		repeat 300000 { if pathname(x) == \"[stack]\" { break }
		x = x - 64K }
		expect pathname(x) == \"[stack]\"
		munmap(start(x), end(x) - start(x))"
}

@test "brk to anywhere" {
	run "$MMTOOL" run -q -e "cur = brk(0); brk(1); brk(-1); brk($space); brk(0); expect 1"
	assert_success
}

@test "every descriptor closed" {
	ends 'repeat 1024 as i { close(i) = ? }' 'its connection with mmtool was closed'
}

@test "the connection made one that does not wait" {
	# While mmtool waits for Enter the subject looks for the next request, and there is none.
	run bash -c '{ echo; sleep 1; echo; } | timeout 60 "$MMTOOL" run -q --step --timeout=20 -e "$1"' bash \
		'fcntl(1023, F_SETFL, O_NONBLOCK); scratch[0] = 1'
	assert_failure 1
	assert_output --partial 'its connection with mmtool was closed'
}

@test "the connection written to and read from" {
	ends 'write(1023, "nonsense", 8)' 'disturbed its connection'
	ends 'a = mmap(NULL, 32p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); write(1023, a, 64) = ?' 'disturbed its connection'
	ends 'read(1023, scratch, 1)' '--timeout'
}

@test "the connection copied into a child" {
	ends "fcntl(1023, F_DUPFD, 5); c = fork(); munmap(0, $space)" SIGSEGV
}

@test "replies written by a child that has a copy of the connection" {
	[ "$(printf '\1\0' | od -An -td2 | tr -d ' ')" = 1 ] || skip 'the replies are written for machines that are little-endian'
	# What the executor of line 1 would answer to the loads of the lines below, number by number.
	forged='d = fcntl(1023, F_DUPFD, 5)
		c = fork()
		in c { repeat 3 as i { words(scratch, (3 + i) << 32, 0, 77 + i, 0, 0)
		write(d, scratch, 36) } }'
	ends "$forged
		expect scratch[0] == 77
		expect scratch[0] == 78" 'disturbed its connection'
	ends "$forged
		a = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?
		b = scratch[0]" 'disturbed its connection'
}

@test "a connection that ends before its process does is no reason to wait for ever" {
	need strace
	for call in recvmsg:error=ECONNRESET sendmsg:error=EPIPE; do
		run timeout 60 strace -o /dev/null -e trace="${call%%:*}" -e inject="$call:when=3" "$MMTOOL" run -q --timeout=1 \
			-e 'note 1; scratch[0] = 1; scratch[0] = 2; scratch[0] = 3; scratch[0] = 4'
		[[ $output != *'strace: '*PTRACE* ]] || skip 'strace may not trace here'
		assert_failure 1
		assert_output --partial '--timeout'
	done
}

@test "a call that fails is named, and the script not accused of it" {
	need strace
	not_sanitized 'strace and LeakSanitizer exclude each other'
	strace -f -o /dev/null -e inject=getsid:error=EPERM true 2>/dev/null || skip 'strace may not trace here'
	for fault in getsid:EPERM getsid:ESRCH getsid:ENOSYS waitid:EPERM waitid:ENOSYS; do
		for made in 'run -q -e fork()' 'run -q -e expect(1) -e expect(1)' 'shell -q'; do
			# shellcheck disable=SC2086 # the words are a command
			run timeout 60 strace -qq -o /dev/null -e inject="${fault%:*}:error=${fault#*:}:when=1+" "$MMTOOL" $made </dev/null
			assert_failure 3
			assert_output --regexp "^mmtool (run|shell): (no subject can be made: )?${fault%:*}: [A-Z][a-z ]*$"
		done
	done
	# A send of its own is there where it is one of socketcall(2), as on i386.
	for fault in sendto,?send:send recvmsg:recvmsg; do
		run timeout 60 strace -f -qq -o /dev/null -e trace="${fault%:*}" -e inject="${fault%:*}:error=EPERM:when=3" "$MMTOOL" run -q \
			--format=json -e 'repeat 9 { scratch[0] = 1 }'
		assert_failure 3
		assert_line --regexp "^mmtool run: ${fault#*:}( in the subject)?: Operation not permitted$"
		assert_line --regexp '"verdict":"broken".*"reason":"(send|recvmsg)( in the subject)?: Operation not permitted"'
		run timeout 60 strace -f -qq -o /dev/null -e trace="${fault%:*}" -e inject="${fault%:*}:error=EPERM:when=1" "$MMTOOL" grow
		assert_failure 3
		assert_output --regexp '^mmtool grow: (no subject can be made: )?(send|recvmsg)( in the subject)?: Operation not permitted$'
	done
}

# unready SIGNAL COMMAND...: runs it, and the last process that it makes gets a signal while it gets ready.
unready()
{
	local tracer tool=

	# It is as slow as that to take its socket to where it belongs.
	strace -f -qq -o calls -e trace=dup3 -e inject=dup3:delay_enter=1500000 "${@:2}" </dev/null >out 2>err 3>&- &
	tracer=$!
	for ((i = 0; i < 500; i++)); do
		tool=$(pgrep -P "$tracer") && [ "$(pgrep -c -P "$tool")" -eq 2 ] && break
		sleep 0.02
	done
	kill -s "$1" "$(pgrep -n -P "$tool")"
	status=0
	wait "$tracer" || status=$?
}

@test "a process that ends before it is ready is told as that" {
	need strace
	need pgrep
	not_sanitized 'strace and LeakSanitizer exclude each other'
	cd "$BATS_TEST_TMPDIR"
	strace -f -o calls -e inject=dup3:delay_enter=1 true 2>/dev/null || skip 'strace may not trace here, or cannot delay calls'
	for made in 'run -e expect(1) -e expect(1)' 'run --format=json -e expect(1) -e expect(1)' shell; do
		# shellcheck disable=SC2086 # the words are a command
		unready KILL "$MMTOOL" $made
		assert_equal "$status" 3
		run grep -v '^strace: ' err
		assert_output "mmtool ${made%% *}: no subject can be made: the new process was killed by SIGKILL"
		run cat out
		refute_output --partial '"reason":""'
	done
	unready KILL "$MMTOOL" run -q -e 'fork()'
	assert_equal "$status" 1
	run cat out
	assert_output --partial 'the new process was killed by SIGKILL before it could be used'
}

@test "an answer that came is an answer, however late it is read" {
	need strace
	run timeout 60 strace -o /dev/null -e trace=recvmsg -e inject=recvmsg:delay_exit=1500000:when=3 "$MMTOOL" run -q --timeout=1 \
		-e 'scratch[0] = 1; scratch[0] = 2; scratch[0] = 3; scratch[0] = 4'
	[[ $output != *'strace: '* ]] || skip 'strace does not do that here'
	assert_success
}

@test "machine code: what it made ends with the script, and what it closed is not waited for" {
	[ "$(uname -m)" = x86_64 ] && [ "$(word_bits)" -eq 64 ] || skip 'the code is for x86-64'
	not_sanitized 'its code is elsewhere'
	need nm
	need readelf
	place=$(nm "$MMTOOL" 2>/dev/null | awk '$3 == "touch_pages" { print "0x" $1 }')
	[ -n "$place" ] || skip 'the program has no table of symbols'
	first=$(readelf -lW "$MMTOOL" | awk '$1 == "LOAD" && /R E/ { print $3 }')
	code="p = brk(0)
		repeat 400000 { p = p - 1p
		if perms(p) == \"r-xp\" { break } }
		require perms(p) == \"r-xp\", \"the code is not below the heap\"
		s = start(p)
		mprotect(s, end(p) - s, PROT_READ|PROT_WRITE|PROT_EXEC)
		t = s + $place - $first"
	# clone(CLONE_PARENT|SIGCHLD), and in the child a jump to itself.
	run -0 timeout 60 "$MMTOOL" run -q -e "$code
		words(t, 0x31f63100008011bf, 0xb8c03145d23145d2, 0xc085050f00000038, 0x90c3c031feeb0275)
		read_pages(scratch, 1p)"
	! pgrep -f 'read_pages[(]scratch, 1p[)]' || fail 'a process is left behind'
	# close(1023), and a jump to itself.
	ends "$code
		words(t, 0x0003b8000003ffbf, 0x9090feeb050f0000)
		read_pages(scratch, 1p)" '--timeout'
}

@test "the code of the executor overwritten" {
	not_sanitized 'much code'
	for word in 0xfeebfeebfeebfeeb 0xcccccccccccccccc 0; do
		ends "p = brk(0)
			repeat 400000 { p = p - 1p
			if perms(p) == \"r-xp\" { break } }
			require perms(p) == \"r-xp\", \"the code is not below the heap\"
			s = start(p)
			e = end(p)
			mprotect(s, e - s, PROT_READ|PROT_WRITE|PROT_EXEC)
			repeat (e - s) / 8 as i { words(s + i * 8, $word) }"
	done
}

@test "a fork loop" {
	ends 'repeat 100000 { c = fork() }' '64 processes'
}

@test "limits that leave nothing" {
	not_sanitized 'AddressSanitizer needs memory'
	ends 'setrlimit(RLIMIT_CPU, 0); repeat 100000000 { scratch[0] = 1 }' SIGXCPU
	run "$MMTOOL" run -q -e 'setrlimit(RLIMIT_AS, 0); setrlimit(RLIMIT_DATA, 0); setrlimit(RLIMIT_STACK, 0); setrlimit(RLIMIT_NOFILE, 0); scratch[0] = 1; c = fork() = ?'
	assert_success
}

@test "no descriptor left is nothing to a fork" {
	run "$MMTOOL" run -q -e 'repeat 1100 { open("/dev/zero", O_RDONLY) = ? }; expect errno == EMFILE; c = fork(); in c { open("/dev/zero", O_RDONLY) = -1 EMFILE; close(5); open("/dev/zero", O_RDONLY) = 5 }; wait(c) = 0'
	assert_success
}

@test "the fence cannot be taken down" {
	for call in 'prctl(PR_SET_PDEATHSIG, 0)' 'prctl(PR_SET_SECCOMP, 0)' 'fcntl(1023, F_SETOWN, 1)' 'fcntl(1023, F_SETSIG, 9)' 'fcntl(1023, F_SETFL, O_ASYNC)' 'ioctl(1023, 0x5452, scratch)'; do
		ends "$call = ?" 'fence'
	done
}

@test "other processes are not reached" {
	ends "pidfd_open($$, 0)" 'no process of this script'
	ends "process_vm_readv($$, NULL, 0, NULL, 0, 0)" 'no process of this script'
}

@test "after setuid the observer reads on" {
	need_root
	run "$MMTOOL" run -q -e 'setuid(65534); expect status("Uid") == 65534
		a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); a[0] = 1
		expect perms(a) == "rw-p" && resident(a, 2p) == 1p && smaps(a, "Rss") == 1p
		c = fork()
		in c { a[0] = 2; expect resident(a, 2p) == 1p; memset(NULL, 0, 1) = ? }
		wait(c) = SIGSEGV
		setuid(0) = -1 EPERM'
	assert_success
}

# segments: the System V segments of this machine, one id a line.
segments()
{
	awk 'NR > 1 { print $2 }' /proc/sysvipc/shm | sort
}

# left_behind: those that were not there $before, and stay; other tests have some for a moment.
left_behind()
{
	local some

	some=$(comm -13 <(echo "$before") <(segments))
	[ -z "$some" ] || sleep 1
	comm -12 <(echo "$some") <(comm -13 <(echo "$before") <(segments))
}

@test "System V segments: only the script's own" {
	[ -e /proc/sysvipc/shm ] || skip 'no System V shared memory'
	need ipcmk ipcrm
	id=$(ipcmk -M 4096 | grep -o '[0-9]*$')
	for call in "shmat($id, NULL, 0)" "shmctl($id, IPC_RMID, NULL)" "shmctl($id, IPC_STAT, scratch)"; do
		run "$MMTOOL" run -q -e "$call = ?"
		[ "$status" -eq 1 ] || { ipcrm -m "$id"; fail "$call: $status"; }
	done
	ipcrm -m "$id"
	run "$MMTOOL" run -q -e 'shmat(-1, NULL, 0) = -1 EINVAL; shmctl(0x7ffffff, IPC_STAT, scratch) = -1 EINVAL; shmctl(0, IPC_INFO, scratch) = ?'
	assert_success
	run "$MMTOOL" run -q -e 'id = shmget(0x6d6d7401, 1p, IPC_CREAT|IPC_EXCL|0); shmget(0x6d6d7401, 1p, IPC_CREAT|IPC_EXCL|0600) = -1 EEXIST; c = fork(); in c { m = shmat(id, NULL, 0) = ?; i = shmget(IPC_PRIVATE, 1p, 0600) }; n = shmat(i, NULL, 0)'
	assert_success
}

@test "System V segments are removed on every way out" {
	[ -e /proc/sysvipc/shm ] || skip 'no System V shared memory'
	make='id = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0000); i = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0600); a = shmat(i, NULL, 0); c = fork(); in c { j = shmget(IPC_PRIVATE, 1p, 0600) }'
	before=$(segments)
	run "$MMTOOL" run -q -e "$make"
	assert_success
	assert_equal "$(left_behind)" ''
	run "$MMTOOL" run -q -e "$make; expect 0"
	assert_failure 1
	assert_equal "$(left_behind)" ''
	# Of more processes than there can be at one time.
	run "$MMTOOL" run -q -e 'repeat 150 { c = fork(); in c { s = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0600) }; wait(c) = 0 }'
	assert_success
	assert_equal "$(left_behind)" ''
	run "$MMTOOL" run -q -e "$make; munmap(0, $space)"
	assert_failure 1
	assert_equal "$(left_behind)" ''
	for signal in TERM KILL; do
		"$MMTOOL" run -q -e "$make; repeat 100000000 { a[0] = 1 }" 3>&- &
		for _ in {1..100}; do
			[ "$(segments)" = "$before" ] || break
			sleep 0.02
		done
		kill -"$signal" $!
		wait $! 2>/dev/null || true
		for _ in {1..150}; do
			[ "$(segments)" != "$before" ] || break
			sleep 0.02
		done
		assert_equal "$(left_behind)" ''
	done
}

@test "System V segments are removed also where no memory is left to whoever removes them" {
	[ -e /proc/sysvipc/shm ] || skip 'no System V shared memory'
	not_sanitized 'its runtime allocates otherwise'
	command -v "${CC:-cc}" >/dev/null || skip 'no compiler here'
	cd "$BATS_TEST_TMPDIR"
	# What is forked has FEW allocations.
	cat >few.c <<-'END'
		#define _GNU_SOURCE
		#include <errno.h>
		#include <stdlib.h>
		#include <unistd.h>
		extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
		static long few = -1;
		static pid_t first;
		__attribute__((constructor)) static void start(void)
		{
			few = getenv("FEW") ? atol(getenv("FEW")) : -1;
			first = getpid();
		}
		static int none(void)
		{
			if (few < 0 || getpid() == first || few-- > 0)
				return 0;
			few = 0;
			errno = ENOMEM;
			return 1;
		}
		void *malloc(size_t size) { return none() ? 0 : __libc_malloc(size); }
		void *calloc(size_t count, size_t size) { return none() ? 0 : __libc_calloc(count, size); }
		void *realloc(void *old, size_t size) { return none() ? 0 : __libc_realloc(old, size); }
	END
	${CC:-cc} -shared -fPIC -o few.so few.c 2>/dev/null || skip 'no library can be made here'
	LD_PRELOAD=$PWD/few.so true 2>/dev/null || skip 'this C library has its allocations under other names'
	before=$(segments)
	for few in 0 1 2 3; do
		run env LD_PRELOAD="$PWD/few.so" FEW=$few "$MMTOOL" run -q -e 'i = shmget(IPC_PRIVATE, 1p, 0600); c = fork(); in c { j = shmget(IPC_PRIVATE, 1p, 0600) }'
		for left in $(left_behind); do
			ipcrm -m "$left"
			fail "$few: $left is left: $output"
		done
		assert_success
	done
}

# told_left: the segment that was told to be left, which is there.
told_left()
{
	sed -n 's/.*: segment \([0-9]*\) of the script is left: .*/\1/p' <<<"$output" | head -n 1 | grep -xFf <(segments)
}

@test "a System V segment that cannot be removed is told, with the call" {
	[ -e /proc/sysvipc/shm ] || skip 'no System V shared memory'
	need ipcrm
	before=$(segments)
	for make in 'i = shmget(IPC_PRIVATE, 1p, 0600)' 'i = shmget(IPC_PRIVATE, 1p, 0600); expect 0'; do
		failing -f -e inject=shmctl:error=EPERM "$MMTOOL" run --format=json -e "$make"
		left=$(told_left) || [ -n "$(left_behind)" ] || skip 'strace has no call of that name here'
		ipcrm -m "$left"
		assert_failure 3
		assert_line "mmtool run: shmctl: segment $left of the script is left: Operation not permitted"
		assert_line --partial "\"verdict\":\"broken\""
		grep '^{' <<<"$output" >"$BATS_TEST_TMPDIR/events"
		run "$MMTOOL" report --format=tap "$BATS_TEST_TMPDIR/events"
		assert_line "Bail out! shmctl: segment $left of the script is left: Operation not permitted"
	done
	failing -f -e inject=shmctl:error=EPERM sh -c "echo 'i = shmget(IPC_PRIVATE, 1p, 0600)' | '$MMTOOL' shell"
	left=$(told_left)
	ipcrm -m "$left"
	assert_failure 3
	assert_line "mmtool shell: shmctl: segment $left of the script is left: Operation not permitted"
	# What failed for a while did not fail.
	failing -f -e inject=shmctl:error=EPERM:when=1..3 "$MMTOOL" run -q -e 'i = shmget(IPC_PRIVATE, 1p, 0600)'
	[[ $output != *strace* ]] || skip 'this strace knows no such range'
	assert_success
	assert_equal "$(left_behind)" ''
}

@test "none outlives the tool" {
	"$MMTOOL" run -q -e 'c = fork(); setrlimit(RLIMIT_NOFILE, 77); repeat 100000000 { scratch[0] = 1 }' 3>&- &
	tool=$!
	sleep 0.2
	children=$(cat "/proc/$tool/task/$tool/children")
	[ -n "$children" ]
	kill -KILL "$tool"
	wait "$tool" 2>/dev/null || true
	sleep 0.2
	for child in $children; do
		! grep -qs '^State:.[RSDT]' "/proc/$child/status" || fail "$child lives"
	done
}
