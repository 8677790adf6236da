# SPDX-License-Identifier: MIT
# What surrounds mmtool is somebody else's: variables of the environment, the home folder, programs along PATH.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	printf 'a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\na[0] = 1\nexpect a[0] == 1\nmunmap(a, 2p)\n' >script.mmt
	long=$(printf 'x%.0s' {1..100000})
	junk=$'\e]0;title\a\n%n%s\xff\xe2\x80\xae/../../'
}

# with ENV... -- ARG...: mmtool says the same in that environment, and ends as it does without.
with()
{
	local set=()

	while [ "$1" != -- ]; do
		set+=("$1")
		shift
	done
	shift
	run timeout 60 env "${set[@]}" "$MMTOOL" "$@"
	[ "$status" -eq 0 ] && [ "$output" = "$plain" ] || fail "$(printf '%q ' "${set[@]}" | head -c 200): $status: $(diff <(echo "$plain") <(echo "$output") | head -n 5)"
}

# unmoved ARG...: by none of them.
unmoved()
{
	plain=$("$MMTOOL" "$@")
	for value in '' "$junk" "$long" /dev/zero /nowhere; do
		for name in TZ LC_ALL LANG LANGUAGE LOCPATH NLSPATH COLUMNS LINES TERM TERMINFO PAGER MANPAGER HOME XDG_STATE_HOME XDG_CONFIG_HOME \
			XDG_DATA_HOME XDG_DATA_DIRS EDITRC INPUTRC NO_COLOR POSIXLY_CORRECT PATH SHELL ENV BASH_ENV IFS MALLOC_TRACE; do
			with "$name=$value" -- "$@"
		done
	done
	with -i -- "$@"
	with -u HOME -u PATH -u TERM -- "$@"
}

@test "variables of the environment change nothing of what is said" {
	unmoved run --symbolic script.mmt
	unmoved maps --tree "$top/tests/data/cat.maps"
	unmoved why 'munmap(0x7f0000000000, 0) = -1 EINVAL'
	unmoved --version
}

@test "the shell in a home folder that is not there, no folder, unreadable, or full of junk" {
	mkdir home
	printf '%s\n' "$junk" "bind ^I ed-quit" "$long" >home/.editrc
	cp home/.editrc home/.inputrc
	head -c 300000 /dev/urandom >junk
	mkdir -p home/.local/state home/.config/mmtool home/.local/state/mmtool
	cp junk home/.local/state/mmtool/history
	plain=$(echo 'expect 1 == 1' | "$MMTOOL" shell)
	for home in "$PWD/home" "$PWD/nowhere" /dev/null "$PWD/script.mmt" "$junk" "$long" ''; do
		for state in '' "$home" "$PWD/home/.local/state"; do
			run env HOME="$home" XDG_STATE_HOME="$state" "$MMTOOL" shell <<<'expect 1 == 1'
			[ "$status" -eq 0 ] && [ "$output" = "$plain" ] || fail "$(printf %q "$home" | head -c 99): $output"
		done
	done
	need script
	for home in "$PWD/home" "$PWD/nowhere" "$junk" ''; do
		printf 'expect 1 == 1\nexit\n' | env HOME="$home" TERM=xterm timeout 60 script -qec "$MMTOOL shell" /dev/null >typed
		grep -q 'ok: 1' typed || fail "$(printf %q "$home" | head -c 99): $(tail -n 5 typed | cat -v)"
	done
	# A home folder is nobody's to make but the administrator's.
	[ ! -e nowhere ]
}

@test "no program is looked for along PATH, and no shell is started: strace" {
	need strace
	strace -f -o probe true 2>/dev/null || skip 'strace may not trace here'
	not_sanitized 'the sanitizer starts a symbolizer along PATH'
	mkdir bin
	for name in sh bash less more strace gdb pager man cc gcc addr2line stty infocmp ps cat mmtool; do
		printf '#!/bin/sh\necho "%s was started" >&2\nexit 99\n' "$name" >"bin/$name"
		chmod +x "bin/$name"
	done
	"$MMTOOL" snapshot $$ >saved.json
	"$MMTOOL" run --format=json script.mmt >events
	strace=$(command -v strace)
	commands=$("$MMTOOL" --describe | awk -F '\t' '$1 == "command" { print $2 }')
	for command in $commands; do
		case $command in
		# These change the machine or use up memory; --help has their way through the options.
		oom | overcommit) args=(--help) ;;
		run) args=(script.mmt) ;;
		maps | snapshot) args=($$) ;;
		watch) args=(--until=1 --for=0.1 $$) ;;
		diff) args=(saved.json saved.json) ;;
		report) args=(events) ;;
		why) args=('munmap(0x7f0000000000, 0) = -1 EINVAL') ;;
		*) args=() ;;
		esac
		PATH=$PWD/bin SHELL=$PWD/bin/sh PAGER=$PWD/bin/less "$strace" -f -qq -e trace=%file \
			-o trace "$MMTOOL" "$command" "${args[@]}" >out 2>&1 </dev/null || true
		# The one execve is that of mmtool itself; nothing along PATH is so much as looked at.
		[ "$(grep -c 'execve' trace)" -eq 1 ] || fail "$command: $(grep execve trace)"
		! grep -F "$PWD/bin/" trace || fail "$command looked along PATH"
		! grep -q 'was started' out || fail "$command: $(cat out)"
	done
}

@test "a blocked signal of faults is inherited, and not kept" {
	env --block-signal=SEGV true 2>/dev/null || skip 'this env cannot block signals'
	run env --block-signal=SEGV --block-signal=BUS "$MMTOOL" run -e 'a = mmap(NULL, 1p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); expect fault(a[0]) != 0'
	assert_success
}

@test "a file over RLIMIT_FSIZE is an error, and no death of mmtool" {
	run bash -c 'ulimit -f 0; exec "$0" run -e "f = tmpfile(1p)"' "$MMTOOL"
	assert_failure 1
	assert_output --partial 'EFBIG'
	run bash -c 'ulimit -f 0; exec "$0" run -o out -e "note 1"' "$MMTOOL"
	assert_failure 3
	assert_output --partial 'write: File too large'
	# The script's own calls meet it as those of any program do.
	run bash -c 'ulimit -f 0; exec "$0" run -e "f = memfd_create(\"m\", 0); ftruncate(f, 1p)"' "$MMTOOL"
	assert_failure 1
	assert_output --partial 'SIGXFSZ'
}

@test "no file can be made on a disk: of each folder it is said why" {
	need_root
	need unshare
	unshare -m mount -t tmpfs none /var/tmp 2>/dev/null || skip 'no file system can be mounted here'
	run unshare -m bash -c 'mount -t tmpfs none /var/tmp && cd /var/tmp && TMPDIR=/nowhere exec "$MMTOOL" run -e "tmpfile(1p)"'
	assert_failure 77
	output=$(tr -s '\n ' ' ' <<<"$output")
	assert_output --partial 'neither in $TMPDIR (No such file or directory) nor in /var/tmp (in memory) nor here (in memory)'
	run unshare -m bash -c 'mount -t tmpfs none /var/tmp && mkdir /var/tmp/r && mount -t tmpfs -o ro none /var/tmp/r && cd /var/tmp/r &&
		unset TMPDIR && exec "$MMTOOL" run -e "tmpfile(1p)"'
	assert_failure 77
	output=$(tr -s '\n ' ' ' <<<"$output")
	assert_output --partial '(not set) nor in /var/tmp (in memory) nor here (Read-only file system)'
}
