# SPDX-License-Identifier: MIT
# shell: statements as they come, from a pipe and from a real terminal (tmux).

load ../helper/common

# The size of a page, as mmtool tells it.
one=$(($(getconf PAGESIZE) / 1024))K

page='a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'

setup()
{
	cd "$BATS_TEST_TMPDIR"
	export XDG_STATE_HOME=$PWD/state HOME=$PWD
	unset MMTOOL_LIBEDIT
}

teardown()
{
	leave
}

# piped LINE...: the shell reads these lines from a pipe.
piped()
{
	run "$MMTOOL" shell "${options[@]}" < <(printf '%s\n' "$@")
}

options=()

# --- from a pipe

@test "names persist, and what is mapped" {
	piped "$page" 'a[0] = 7' 'b = a' 'expect b[0] == 7'
	assert_success
	assert_line --partial "a is new: $one, rw-p"
	assert_line 'expect b[0] == 7'
	assert_line '4 steps, 1 check, all as expected'
	refute_output --partial 'mmtool>'
}

@test "what run prints is printed" {
	printf '%s\n' "$page" 'repeat 5 as i {' '	a[i] = i' '	expect a[i] == i' '}' 'munmap(a, 1p)' >script.mmt
	"$MMTOOL" run --symbolic script.mmt >run.out
	"$MMTOOL" shell --symbolic <script.mmt >shell.out
	diff -u run.out shell.out
}

@test "a statement goes on over lines" {
	piped 'x = 1 +' '2' 'y = (3' '+ 4)' 'if x == 3 {' '	if y == 7 {' '		note "in", "both"' '	}' '} else {' '	note "neither"' '}'
	assert_success
	assert_line '# in both'
	refute_output --partial neither
}

@test "the last line needs no newline" {
	run "$MMTOOL" shell < <(printf 'note "end"')
	assert_success
	assert_line '# end'
}

@test "a mistake is shown with its line and a caret, nothing of it is run, and the shell goes on" {
	piped 'note "before"' '' 'note "not run"; munmpa(1, 2)' 'note "after"'
	assert_failure 2
	assert_line "-:3:17: unknown call 'munmpa'; did you mean 'munmap'?"
	assert_line '                ^'
	assert_line '# before'
	refute_line '# not run'
	assert_line '# after'
}

@test "a mistake binds nothing" {
	piped 'x = nothing' 'note x'
	assert_failure 2
	assert_line --partial "-:2:6: unknown name 'x'"
}

@test "the end of input inside a block is a mistake" {
	piped 'if 1 {' 'note "x"'
	assert_failure 2
	assert_line --partial "-:1:6: this '{' has no '}'"
}

@test "a failed step ends its line and not the shell; status 1" {
	piped 'expect 1 == 2; note "not reached"' 'note "reached"'
	assert_failure 1
	refute_line '# not reached'
	assert_line '# reached'
	assert_line '1 step, 1 check, 1 failed'
}

@test "what is not supported is a 77, and no more than that" {
	piped 'require kernel 999' 'note "on"'
	assert_failure 77
	assert_line --partial 'unsupported here: needs Linux 999'
	assert_line '# on'
	assert_line '1 step, all as expected'
	piped 'require kernel 999' 'expect 0'
	assert_failure 1
}

@test "exit and quit leave; what follows is not read" {
	for word in exit quit 'exit;' '  quit  # now'; do
		piped 'note "a"' "$word" 'note "b"'
		assert_success
		refute_line '# b'
	done
}

@test "a subject that dies is told, a new one goes on, and names keep their values" {
	piped "$page" 'mprotect(a, 1p, PROT_READ)' 'n = 5' 'a[0] = 1' 'expect n == 5 && mapped(a, 1p) == 0' 'maps a' "$page"
	assert_failure 1
	assert_line --regexp '^The subject \(pid [0-9]+\) was killed by SIGSEGV, SEGV_ACCERR at 0x[0-9a-f]+\.$'
	assert_line --regexp '^A new one goes on \(pid [0-9]+\): names keep their values'
	assert_line 'nothing is mapped at a'
	assert_line --partial "a is new: $one"
}

@test "it dies as often as one likes" {
	yes "munmap(0, $(space_length)) = ?" | head -n 50 >script
	run "$MMTOOL" shell <script
	assert_failure 1
	assert_equal "$(grep -c '^A new one goes on' <<<"$output")" 50
}

@test "what makes its subjects has been killed: it says so, and leaves" {
	need pgrep
	coproc "$MMTOOL" shell -q 2>err
	pid=$COPROC_PID
	for ((i = 0; i < 500; i++)); do
		[ "$(pgrep -c -P "$pid")" -ne 2 ] || break
		sleep 0.02
	done
	kill -KILL "$(pgrep -o -P "$pid")"
	echo 'scratch[-1p] = 1' >&"${COPROC[1]}"
	status=0
	wait "$pid" || status=$?
	assert_equal "$status" 3
	assert_equal "$(<err)" 'mmtool shell: no subject can be made: the process that makes them was killed by SIGKILL'
}

@test "a child outlives the death of its parent" {
	piped 'c = fork()' 'fault(1[0])' 'scratch[-1p] = 1' 'in c { scratch[0] = 1 }' 'wait(c) = 0'
	assert_line --regexp 'wait\(c\) = 0'
	refute_line --partial 'no process of this script'
}

@test "its output comes before it waits for more" {
	coproc "$MMTOOL" shell
	pid=$COPROC_PID
	echo 'note 1' >&"${COPROC[1]}"
	read -r -t 10 line <&"${COPROC[0]}"
	assert_equal "$line" '# 1'
	echo 'exit' >&"${COPROC[1]}"
	wait "$pid"
}

@test "report options apply" {
	options=(--symbolic --full -q --color=always)
	piped "$page" 'expect 0'
	assert_failure 1
	assert_output --partial FAILED
	refute_output --partial 'is new'
	options=(-o out)
	piped "$page" 'names'
	assert_success
	assert_output --regexp "^a = 0x[0-9a-f]+  region of $one\$"
	grep -q 'a is new' out
}

@test "JSON has events alone on standard output" {
	need jq
	run --separate-stderr "$MMTOOL" shell --format=json < <(printf '%s\n' "$page" 'maps a' 'help brk' 'a[0x7fffffffffff] = ? ' 'fault(a[0])')
	jq -e . <<<"$output" >/dev/null
	assert_equal "$(jq -r .type <<<"$output" | tail -n 1)" end
	[[ $stderr == *rw-p*brk\(addr\)* ]]
}

@test "options that a shell has not are refused" {
	for option in --step --format=tap --format=script --format=c; do
		run "$MMTOOL" shell "$option" </dev/null
		assert_failure 2
		assert_line --partial "mmtool shell: ${option%%=*}: "
	done
	run "$MMTOOL" shell file </dev/null
	assert_failure 2
}

@test "run's options for what is performed apply" {
	options=(-D n=5 --inject=mremap:ENOMEM)
	piped 'expect n == 5' 'mremap(scratch, 1p, 2p, MREMAP_MAYMOVE) = -1 ENOMEM'
	assert_success
	options=()
	piped 'open("x", O_RDWR|O_CREAT, 0600)'
	assert_failure 1
	options=(--allow-write)
	piped 'open("x", O_RDWR|O_CREAT, 0600)'
	assert_success
	[ -e x ]
	# Of those that follow a subject that died, too.
	options=(--limit=as=1G)
	piped 'scratch[-1p] = 1' 'mmap(NULL, 2G, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM'
	assert_line --regexp 'ENOMEM \(Cannot allocate memory\)'
	refute_line --partial 'came out'
}

@test "an output that cannot be written is a 3" {
	[ -c /dev/full ] || skip 'no /dev/full'
	run bash -c 'echo "note 1" | "$MMTOOL" shell >/dev/full'
	assert_failure 3
}

@test "ten thousand statements and names do no harm" {
	for ((i = 0; i < 10000; i++)); do echo "x$((i % 500)) = $i"; done >script
	run "$MMTOOL" shell -q <script
	assert_success
}

# --- its own words

@test "maps shows the kernel's lines, all of them or a name's" {
	piped 'maps scratch'
	assert_line --regexp '^[0-9a-f]+-[0-9a-f]+ rw-p'
	piped "$page" 'maps' 'n = 3' 'b = a + 100' 'maps a' 'maps b' 'maps n'
	assert_success
	assert_line --regexp '\[stack\]$'
	mapping=$(sed -n 's/^  + //p' <<<"$output")
	assert_equal "$(grep -cxF "$mapping" <<<"$output")" 3 # of maps, maps a and maps b
	assert_line 'nothing is mapped at n'
	piped 'maps none' 'maps a b'
	assert_failure 2
	assert_line --partial "maps: 'none' is no name that has a place"
}

@test "maps with --symbolic is the same twice" {
	options=(--symbolic)
	piped "$page" 'maps a' 'names'
	assert_line --regexp "^a-a\\+$one rw-p 00000000 00:00 0 *\$"
	assert_line "a = a  region of $one"
}

@test "names shows what is bound" {
	piped "$page" 's = "x\ny"' 'n = -3' 'm = a + 16' 'if 0 { never = 1 }' names
	assert_line --regexp "^a += 0x[0-9a-f]+  region of $one\$"
	assert_line --regexp '^s += "x\\012y"$'
	assert_line --regexp '^n += -3$'
	assert_line --regexp "^m += 0x[0-9a-f]+  in a, of $one\$"
	refute_line --regexp '^never'
}

@test "its words are the language's where = or ( follows" {
	piped 'maps = 1' 'names = maps + 1' 'help = names + 1' 'exit = 4' 'expect help == 3 && exit == 4'
	assert_success
	assert_line '5 steps, 1 check, all as expected'
}

@test "help lists its words, and every call and function" {
	piped help
	assert_success
	for word in maps names exit mmap words tmpfile perms fault expect; do
		assert_output --regexp "(^|[[:space:]])$word([[:space:]]|$)"
	done
	run awk 'length > 80' <<<"$output"
	assert_output ''
}

@test "help tells of a call its arguments, flags, result and errors" {
	piped 'help mremap'
	assert_success
	assert_line 'mremap(old_address, old_size, new_size, flags [, new_address])'
	assert_line --partial 'MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP (5.7)'
	assert_line --regexp '^  returns +the address'
	for error in EINVAL ENOMEM EFAULT EAGAIN EPERM; do
		assert_line --regexp "^  $error +[a-z]"
	done
	piped 'help mseal()'
	assert_line --index 0 --partial 'since Linux 6.10'
}

@test "help knows every call of help, and says something of each" {
	calls=$(echo help | "$MMTOOL" shell | awk '/^Functions/ { exit } /^[A-Z]/ { inside = /^Map/ || inside } inside && /^  /')
	[ "$(wc -w <<<"$calls")" -ge 52 ]
	for call in $calls; do
		piped "help $call"
		assert_success
		assert_line --index 0 --regexp "^$call\("
		assert_line --regexp '^[A-Z][a-z]+s?,? '
		assert_line --regexp '^  returns +[a-zA-Z0]'
		[ -z "$(awk 'length > 80' <<<"$output")" ] || fail "$call: too wide"
	done
}

@test "help names no error that does not exist" {
	for call in $(echo help | "$MMTOOL" shell | awk '/^Functions/ { exit } /^Map/ { inside = 1 } inside && /^  /'); do
		echo "help $call"
	done | "$MMTOOL" shell | grep -oE '^  E[A-Z0-9]+' | sort -u | while read -r error; do
		"$MMTOOL" run -q -e "expect $error > 0" || fail "$error"
	done
}

@test "help knows functions, keywords, predefined names and constants" {
	for word in text fault vma expect repeat page scratch MAP_FIXED MADV_COLD ENOMEM SEGV_MAPERR maps PR_SET_VMA; do
		piped "help $word"
		assert_success
		[ "${#lines[@]}" -ge 2 ] || fail "$word: $output"
	done
	piped 'help MAP_FIXED'
	assert_line --index 0 --partial 'MAP_FIXED = 0x'
	assert_output --partial 'flags of mmap'
	piped 'help MAP_STACK'
	assert_output --partial 'since Linux 6.7 without transparent huge pages'
	piped 'help SEGV_MAPERR'
	assert_output --partial 'guard region'
}

@test "help has a suggestion for what there is not" {
	piped 'help mremp' 'help 7'
	assert_failure 2
	assert_line --partial "no help for 'mremp'; did you mean 'mremap'?"
}

# --- at a terminal

# terminal [NAME=VALUE...]: a shell in a terminal of its own, and after it its status.
terminal()
{
	need tmux
	leave
	terminals=$((terminals + 1))
	# What tmux runs must find the same as we: ASan's options, the history, the program.
	SHELL=/bin/sh tmux -S "tmux$terminals" -f /dev/null new-session -d -x 100 -y 60 env "$@" TERM=screen \
		sh -c 'trap : INT; "$MMTOOL" shell; echo "status $?"; cat'
	see 'mmtool>'
}

terminals=0

# leave: ends the terminal, when there is one.
leave()
{
	[ ! -S "tmux$terminals" ] || tmux -S "tmux$terminals" kill-server 2>/dev/null || true
}

# keys KEY...: as tmux names them.
keys()
{
	tmux -S "tmux$terminals" send-keys "$@"
}

# line TEXT: types it, and Enter.
line()
{
	tmux -S "tmux$terminals" send-keys -l "$1"
	tmux -S "tmux$terminals" send-keys Enter
}

screen()
{
	tmux -S "tmux$terminals" capture-pane -p
}

# see REGEXP [COUNT]: waits until so many lines (1) of the screen match.
see()
{
	local i

	for ((i = 0; i < 200; i++)); do
		[ "$(screen | grep -cE -- "$1")" -lt "${2:-1}" ] || return 0
		sleep 0.05
	done
	fail "not seen: $1"$'\n'"$(screen)"
}

# edited: the same, skipped where libedit is not there.
edited()
{
	terminal
	! screen | grep -q 'no line editing' || skip 'no libedit here'
}

@test "a terminal: prompts, and no statement twice" {
	terminal
	line "$page"
	see "a is new: $one"
	assert_equal "$(screen | grep -c 'a = mmap')" 1
	line 'if 1 {'
	see '^ +>'
	line 'note "inside"'
	line '}'
	see '^# inside'
	line 'expect 1 == 2'
	see FAILED
	line 'nonsense('
	line ')'
	see "shell:.*unknown call 'nonsense'"
	keys C-d
	see '^status 0'
}

@test "a terminal: completion of calls, names, flags, errors and words" {
	edited
	keys memf Tab
	see '> memfd_'
	keys C-c
	see '\^C'
	keys madv Tab
	see '> madvise\($'
	keys 'scratch, 1p, MADV_PO' Tab 'W' Tab ')' Enter
	see '> madvise\(scratch, 1p, MADV_POPULATE_WRITE\)'
	line 'a_long_name = 1'
	keys 'note a_l' Tab Enter
	see '^# 1'
	keys 'mremap(0, 1p, 2p, MREM' Tab 'D' Tab
	see 'MREMAP_DONTUNMAP$'
	keys ') = -1 EINV' Tab Enter
	see '= -1 EINVAL$'
	keys 'na' Tab Enter
	see '^a_long_name = 1'
	keys 'help MAP_FIXED_' Tab Enter
	see 'MAP_FIXED_NOREPLACE = 0x'
}

@test "a terminal: a second Tab lists what fits" {
	edited
	keys 'x = mem' Tab Tab
	see 'memcpy +memfd_create'
	keys C-c
	keys 'mprotect(a, 1p, ' Tab Tab
	see 'PROT_EXEC'
	! screen | grep -q MADV_ || fail "$(screen)"
}

@test "a terminal: lines are edited and brought back" {
	edited
	line 'note "first"'
	see '^# first'
	line 'note "second"'
	see '^# second'
	keys Up Up Enter
	see '^# first' 2
	keys 'ote "third"' C-a n C-e Enter
	see '^# third'
	keys 'note "gone"' C-u 'note "kept"' Enter
	see '^# kept'
}

@test "a terminal: the history is kept, for the user alone, at its length" {
	edited
	line 'note "remember"'
	line 'note "remember"'
	see '^# remember' 2
	keys C-d
	see '^status 0'
	run cat state/mmtool/history
	assert_output 'note "remember"'
	assert_equal "$(stat -c %a state state/mmtool state/mmtool/history | tr '\n' ' ')" '700 700 600 '
	seq 2000 | sed 's/^/# /' >>state/mmtool/history
	terminal
	keys Up
	see '> # 2000'
	keys C-u 'note "last"' Enter
	see '^# last'
	keys C-d
	see '^status 0'
	assert_equal "$(wc -l <state/mmtool/history)" 1000
	assert_equal "$(tail -n 1 state/mmtool/history)" 'note "last"'
}

@test "a terminal: a line of the history that is no characters hides none before it" {
	mkdir -p state/mmtool
	printf 'x = 1\nnote "\xff\xfe"\ny = 2\n' >state/mmtool/history
	edited
	keys Up
	see '> y = 2'
	keys Up
	see '> x = 1|> note'
	# Where bytes are characters, as in some locales, it is one of the lines.
	! screen | grep -q '> note' || keys Up
	see '> x = 1'
	keys C-u C-d
	see '^status 0'
	[ "$(LC_ALL=C grep -ac $'^note "\xff' state/mmtool/history)" -eq 1 ]
}

@test "a terminal: a pipe keeps no history" {
	piped 'note 1'
	[ ! -e state ]
}

@test "a terminal: without XDG_STATE_HOME the history is below HOME" {
	unset XDG_STATE_HOME
	terminal
	line 'note 1'
	see '^# 1'
	[ -s .local/state/mmtool/history ]
}

@test "a terminal: a history that cannot be kept is told, and no matter" {
	touch file
	terminal XDG_STATE_HOME="$PWD/file"
	see 'no history: .*Not a directory'
	line 'note "on"'
	see '^# on'
}

@test "a terminal: a history that is a pipe is not waited for" {
	mkdir -p state/mmtool
	mkfifo state/mmtool/history
	terminal
	see 'no history: '
	line 'note "on"'
	see '^# on'
}

@test "a terminal: Ctrl-C gives up a line, and a block" {
	edited
	keys 'note "given up"' C-c
	see '"given up"\^C'
	line 'repeat 2 {'
	see '^ +>'
	keys C-c
	see '\^C' 2
	line 'note "on"'
	see '^# on'
	! screen | grep -q '^# given up' || fail "$(screen)"
}

@test "a terminal: Ctrl-C ends a loop and keeps the subject" {
	terminal
	line "$page"
	see 'a is new'
	line 'repeat 1000000000 { a[0] = 1 }'
	see '^a\[0\] = 1' 3
	keys C-c
	see 'FAILED: interrupted'
	line 'expect mapped(a, 1p) == 1p'
	see 'ok'
	line 'repeat 1000000000000 { }'
	sleep 0.5
	keys C-c
	see 'FAILED: interrupted' 2
}

@test "a terminal: Ctrl-C kills a subject that waits, and not the shell" {
	terminal
	line 'u = userfaultfd(O_CLOEXEC) = ?'
	see 'userfaultfd\(O_CLOEXEC\) = '
	! screen | grep -q 'userfaultfd(O_CLOEXEC) = -1' || skip 'no userfaultfd here'
	line 'words(scratch, 0xAA, 0, 0)'
	line 'ioctl(u, UFFDIO_API, scratch)'
	see 'UFFDIO_API.* = 0'
	line 'read(u, scratch, 32)'
	sleep 0.5
	keys C-c
	see 'was killed by mmtool, because of Ctrl-C'
	line 'note "on"'
	see '^# on'
}

@test "a terminal: SIGTERM and SIGHUP end it by the signal, the terminal as it was" {
	need pgrep
	for signal in TERM HUP; do
		edited
		line 'note "kept"'
		see '^# kept'
		keys 'half a li'
		see 'half a li'
		kill -s "$signal" "$(pgrep -o -f "^$MMTOOL shell")"
		see "^status $((128 + $(kill -l "$signal")))|status $((128 + $(kill -l "$signal")))"
		assert_equal "$(tail -n 1 state/mmtool/history)" 'note "kept"'
		# cat echoes what the terminal gives it by lines: it is not raw any more.
		line 'cooked'
		see '^cooked' 2
	done
}

@test "a terminal: without libedit it works all the same, and says so" {
	for library in '' /nowhere/libedit.so; do
		terminal MMTOOL_LIBEDIT="$library"
		see 'no line editing: '
		line "$page"
		see 'a is new'
		line 'if 1 {'
		see '^ +>'
		line 'note "inside" }'
		see '^# inside'
		keys 'given up' C-c
		see '\^C'
		line 'exit'
		see '^status 0'
	done
}

@test "a terminal: a libedit that is there and cannot be opened is not told to be absent" {
	mkdir -p state
	printf 'no library' >junk
	for library in "$PWD/junk" "$PWD/state"; do
		terminal MMTOOL_LIBEDIT="$library"
		! screen | grep -q 'a static mmtool' || skip 'a static mmtool opens no library'
		see 'no line editing: libedit cannot be loaded: '
		line 'note "on"'
		see '^# on'
	done
	terminal MMTOOL_LIBEDIT="$PWD/nowhere"
	see 'no line editing: libedit is not installed'
}

@test "a terminal that says it is huge is not believed" {
	need script
	run timeout 60 script -qec "stty rows 65535 cols 65535; NO_COLOR=1 exec $(printf '%q' "$MMTOOL") shell" /dev/null <<<'note "on"'
	output=${output//$'\r'/}
	assert_line --partial 'no line editing: the terminal says that it has more than a million characters'
	assert_output --partial '# on'
}

@test "libedit is opened by no other command, nor from a pipe" {
	need strace
	strace -f -o calls -e 'trace=openat,?open' "$MMTOOL" grow >/dev/null || skip 'strace does not work here'
	! grep libedit calls || fail
	strace -f -o calls -e 'trace=openat,?open' "$MMTOOL" shell </dev/null
	! grep libedit calls || fail
}
