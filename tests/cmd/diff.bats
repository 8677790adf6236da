# SPDX-License-Identifier: MIT
# diff: processes, maps files and snapshots compared, as they are and as two runs of one program.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

teardown()
{
	# shellcheck disable=SC2086 # several
	[ -z "${sleepers-}" ] || kill $sleepers 2>/dev/null || true
	end_held
}

# start COMMAND [ARG...]: runs it in the background, and sets pid once it waits, having mapped all it will.
start()
{
	"$@" >/dev/null 2>&1 3>&- </dev/null &
	pid=$!
	sleepers+=" $pid"
	soon settled
}

# settled: whether $pid is another program than bats, asleep, and has as many mappings as a moment ago.
settled()
{
	local before

	! cmp -s "/proc/$pid/cmdline" "/proc/$$/cmdline" || return
	before=$(wc -l <"/proc/$pid/maps")
	sleep 0.1
	grep -q '^State:.S' "/proc/$pid/status" && [ "$before" = "$(wc -l <"/proc/$pid/maps")" ]
}

# body: what the report says, without its two first lines and without the totals.
body()
{
	sed -e 1,3d -e '/^    gone     new/,$d' <<<"$output" | sed -e '$ { /^$/d }'
}

# sentences: of $output, what is said of each change, and the mappings of which only the flags changed.
sentences()
{
	body | grep '^    '
}

@test "nothing changed: status 0, for a process, a file and a snapshot" {
	start sleep 60
	cat "/proc/$pid/maps" >saved.maps
	"$MMTOOL" snapshot "$pid" >saved.json
	for other in "$pid" saved.maps saved.json; do
		mm diff "$other" "$pid"
		assert_success
		assert_line --partial 'nothing changed: '
		mm diff "$other" - <saved.json
		assert_success
		run bash -c 'cat saved.json | "$MMTOOL" diff - "$1"' bash "$other"
		assert_success
		run bash -c 'cat saved.maps | "$MMTOOL" diff "$1" -' bash "$other"
		assert_success
	done
}

@test "what a process did between two moments, in the words of the experiments" {
	hold run -e 'a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		mprotect(a + 1p, 1p, PROT_READ)
		m = memfd_create("x y", 0)
		ftruncate(m, 2p)
		b = mmap(NULL, 2p, PROT_READ, MAP_SHARED, m, 0)
		munmap(a, 4p)'
	enter
	"$MMTOOL" snapshot "$subject" >mapped.json
	enter
	mm diff mapped.json "$subject"
	assert_failure 1
	assert_line "    $(size 1) of an anonymous mapping at offset $(size 1): rw-p became r--p"
	assert_line --partial 'is split: 3 mappings in maps'
	enter
	enter
	"$MMTOOL" snapshot "$subject" >before.json
	enter
	mm diff before.json "$subject"
	assert_failure 1
	assert_line "    new: $(size 2), r--s, memfd:x y, shared memory"
	[ "$(grep -c '^  + ' <<<"$output")" -eq 1 ]
	[ "$(grep -c '^  - ' <<<"$output")" -eq 0 ]
	mm diff "$subject" before.json
	assert_failure 1
	assert_line "    memfd:x y (r--s) is gone: $(size 2) unmapped"
	let_go
}

@test "the lines are those of the maps files, and each is there once" {
	for file in node python3 hostile; do
		grep -v 'heap' "$top/tests/data/$file.maps" >other.maps
		mm diff "$top/tests/data/$file.maps" other.maps
		[ "$(grep -c '^  - ' <<<"$output")" -eq "$(grep -c heap "$top/tests/data/$file.maps")" ]
	done
	mm diff "$top/tests/data/node.maps" "$top/tests/data/python3.maps"
	assert_failure 1
	grep '^  - ' <<<"$output" | cut -c 5- | sort >gone
	grep '^  + ' <<<"$output" | cut -c 5- | sort >new
	sort "$top/tests/data/node.maps" | comm -23 - <(sort "$top/tests/data/python3.maps") | cmp - gone
	sort "$top/tests/data/node.maps" | comm -13 - <(sort "$top/tests/data/python3.maps") | cmp - new
}

@test "a file that came or went is told in one sentence" {
	grep -v '/libm\.so' "$top/tests/data/python3.maps" >without.maps
	count=$(grep -c '/libm\.so' "$top/tests/data/python3.maps")
	[ "$count" -gt 1 ]
	mm diff without.maps "$top/tests/data/python3.maps"
	assert_line --regexp "^    libm\.so[^ ]* is new: $count mappings, [0-9]+[KMGT]$"
	mm diff "$top/tests/data/python3.maps" without.maps
	assert_line --regexp "^    libm\.so[^ ]* is gone: $count mappings, [0-9]+[KMGT] unmapped$"
}

@test "a file that was deleted is told, though its mapping is the same" {
	echo '10000-20000 r-xp 00000000 fe:00 7 /lib/a.so' >before
	echo '10000-20000 r-xp 00000000 fe:00 7 /lib/a.so (deleted)' >after
	mm diff before after
	assert_failure 1
	assert_line '    a.so (r-xp): the file was deleted or replaced; what is mapped stays'
}

@test "a new name is told beside what else changed next to it" {
	cat >before <<-'END'
		10000-20000 r-xp 00000000 fe:00 7 /lib/a.so
		20000-30000 rw-p 00010000 fe:00 7 /lib/a.so
		30000-40000 rw-p 00020000 fe:00 7 /lib/a.so
		40000-50000 rw-p 00000000 fe:00 7 /lib/a.so
		70000-80000 rw-p 00000000 00:00 0 [heap]
	END
	cat >after <<-'END'
		10000-20000 r-xp 00000000 fe:00 7 /lib/a.so (deleted)
		20000-30000 r--p 00010000 fe:00 7 /lib/a.so (deleted)
		30000-40000 rw-p 00020000 fe:00 7 /lib/b.so
		50000-60000 rw-p 00000000 fe:00 7 /lib/b.so
		70000-80000 rw-p 00000000 00:00 0     [heap]
	END
	mm diff before after
	assert_failure 1
	run sentences
	assert_output '    a.so (rw-p): rw-p became r--p
    a.so (rw-p) is gone: 64K unmapped
    new: 64K, rw-p, b.so, private file mapping
    a.so (r-xp): the file was deleted or replaced; what is mapped stays
    a.so (rw-p): only its name in maps changed
    [heap]: only how maps writes it changed'
}

@test "what is new is called what maps calls it" {
	echo '1000-2000 r--p 00000000 fe:00 7 /lib/a.so' >before
	cat before - >after <<-'END2'
		4000-5000 rw-s 00000000 00:01 9 /memfd:x (deleted)
		6000-7000 rw-s 00000000 00:01 9 /dev/zero (deleted)
		8000-9000 rw-p 00000000 00:0f 9 /anon_hugepage (deleted)
		a000-b000 rw-p 00000000 fe:00 9 /anon_hugepage (deleted)
		c000-d000 rw-s 00000000 00:01 9 [anon_shmem:mine]
		e000-f000 rw-p 00000000 00:00 0 [heap]
		10000-11000 rw-p 00000000 00:00 0
	END2
	mm diff before after
	assert_line '    new: 4K, rw-s, memfd:x, shared memory'
	assert_line '    new: 4K, rw-s, shared anonymous'
	assert_line '    new: 4K, rw-p, private anonymous, huge pages of the pool'
	assert_line '    new: 4K, rw-p, anon_hugepage (deleted), private file mapping'
	assert_line '    new: 4K, rw-s, [anon_shmem:mine], shared anonymous'
	assert_line '    new: 4K, rw-p, [heap], private anonymous'
	assert_line '    new: 4K, rw-p, private anonymous'
	assert_line '       0       1         +4K  private anonymous'
	assert_line '       0       1         +4K  shared anonymous'
	assert_line '       0       1         +4K  anonymous huge pages'
	assert_line '       0       1         +4K  [anon_shmem:mine]'
}

@test "the totals, by what is mapped" {
	printf '%s\n' '10000-20000 r-xp 00000000 fe:00 7 /lib/a.so' '40000-50000 rw-p 00000000 00:00 0 ' >before
	printf '%s\n' '10000-14000 r-xp 00000000 fe:00 7 /lib/a.so' '40000-80000 rw-p 00000000 00:00 0 ' \
		'90000-a0000 rw-p 00000000 00:00 0 ' >after
	mm diff --summary before after
	assert_failure 1
	assert_output "before: before, 2 mappings, 128K
after:  after, 3 mappings, 336K

    gone     new        size  of
       1       2       +256K  private anonymous
       1       1        -48K  /lib/a.so
       2       3       +208K  in all"
}

@test "names from the maps are escaped" {
	printf '10000-20000 r--p 00000000 fe:00 7 /lib/a\033[31m\302\233b\n' >before
	printf '10000-20000 r--p 00000000 fe:00 8 /lib/\377c (deleted)\n' >after
	for how in --align --summary --color=never; do
		mm diff "$how" before after
		assert_failure 1
		refute_output --regexp $'[\033\302\377]'
	done
	mm diff before after
	assert_line --partial 'a\033[31m\302\233b (r--p) was replaced by'
}

@test "a smaps file is compared with a maps file" {
	start sleep 60
	cat "/proc/$pid/smaps" >saved.smaps
	mm diff saved.smaps "$pid"
	assert_success
	mm diff --align "$pid" saved.smaps
	assert_success
}

@test "smaps: flags that a mapping gained or lost, and what is resident" {
	hold run -e 'a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		madvise(a, 2p, MADV_DONTFORK)
		madvise(a, 2p, MADV_DOFORK)'
	enter
	cat "/proc/$subject/smaps" >before.smaps
	enter
	cat "/proc/$subject/smaps" >after.smaps
	mm diff before.smaps after.smaps
	assert_failure 1
	assert_line --regexp 'is now left out on fork \(dc\)$'
	[ "$(grep -c '^    [0-9a-f]*-[0-9a-f]* rw-p' <<<"$output")" -eq 1 ]
	[[ ${lines[0]} == *' resident'* ]]
	mm diff --detail before.smaps "$subject"
	assert_failure 1
	assert_line --partial 'left out on fork (dc)'
	mm diff after.smaps before.smaps
	assert_line --regexp 'is no longer left out on fork \(dc\)$'
	# Without smaps nobody looked: nothing is said of that side, as if nothing were resident.
	mm diff before.smaps "$subject"
	assert_success
	[[ ${lines[0]} == *' resident'* && ${lines[1]} != *resident* ]]
	cat "/proc/$subject/maps" >saved.maps
	mm diff --detail saved.maps "$subject"
	assert_failure 3
	assert_line --partial 'a maps file does not say what is resident'
	"$MMTOOL" snapshot "$subject" >saved.json
	mm diff --detail "$subject" saved.json
	assert_failure 3
	assert_line --partial 'saved.json: a snapshot without --detail does not say what is resident'
	let_go
}

# smaps: what smaps could say of mappings, from lines of maps, each with its flags behind a |, which some have not.
smaps()
{
	local line flags

	while IFS='|' read -r line flags; do
		printf '%s\nSize: 4 kB\nRss: 4 kB\n' "$line"
		[ -z "$flags" ] || printf 'VmFlags: %s \n' "$flags"
	done
}

# again: what report says of the same difference recorded, which is the same.
again()
{
	"$MMTOOL" diff --format=json before after >delta.json || [ $? -eq 1 ]
	"$MMTOOL" report delta.json | diff <(echo "$output") -
}

@test "smaps: flags of mappings that became one" {
	smaps >before <<-'END'
		10000-20000 rw-p 00000000 00:00 0|rd wr
		20000-30000 rw-p 00000000 00:00 0|rd wr
		50000-60000 rw-p 00000000 00:00 0|rd wr
		60000-70000 rw-p 00000000 00:00 0|rd wr nh
		70000-80000 rw-p 00000000 00:00 0|rd wr dd nh
		b0000-c0000 rw-p 00000000 00:00 0|rd wr
		d0000-e0000 rw-p 00000000 00:00 0|rd wr
		f0000-100000 rw-p 00000000 00:00 0|rd wr
		100000-110000 rw-p 00000000 00:00 0|rd wr lo
	END
	smaps >after <<-'END'
		10000-30000 rw-p 00000000 00:00 0|rd wr lo
		50000-80000 rw-p 00000000 00:00 0|rd wr lo
		b0000-e0000 rw-p 00000000 00:00 0|rd wr lo
		f0000-110000 rw-p 00000000 00:00 0|rd wr lo dd
	END
	mm diff before after
	assert_failure 1
	again
	# What was the same of neighbours is told once; a hole between them, another gain or another loss ends it.
	run sentences
	assert_output '    an anonymous mapping is merged: 2 mappings became one of 128K
    an anonymous mapping is now locked in memory (lo)
    an anonymous mapping is merged: 3 mappings became one of 192K
    the first 64K of an anonymous mapping is now locked in memory (lo)
    64K of an anonymous mapping at offset 64K is now locked in memory (lo), and
      no longer advised to use no huge pages (nh)
    the last 64K of an anonymous mapping is now locked in memory (lo), and no
      longer left out of core dumps (dd) nor advised to use no huge pages (nh)
    an anonymous mapping grew in place from 64K to 128K
    an anonymous mapping is merged: 2 mappings became one of 192K
    the first 64K of an anonymous mapping is now locked in memory (lo)
    the last 64K of an anonymous mapping is now locked in memory (lo)
    an anonymous mapping is merged: 2 mappings became one of 128K
    the first 64K of an anonymous mapping is now locked in memory (lo) and left
      out of core dumps (dd)
    the last 64K of an anonymous mapping is now left out of core dumps (dd)'
}

@test "smaps: flags of something else that is mapped there are not compared" {
	smaps >before <<-'END'
		10000-11000 rw-p 00000000 08:01 7 /a|rd wr
		20000-21000 rw-p 00000000 08:01 7 /b|rd wr
		30000-31000 rw-p 00000000 08:01 7 /c|rd wr
		40000-41000 rw-p 00000000 08:01 7 /d|rd wr
		50000-51000 rw-p 00000000 08:01 7 /e|rd wr
		60000-61000 rw-p 00000000 08:01 7 /f|rd wr
		70000-71000 rw-p 00000000 08:01 7 /g|rd wr nh
		80000-81000 rw-p 00000000 08:01 7 /h
		90000-91000 rw-p 00000000 08:01 7 /i|rd wr
		a0000-a1000 rw-p 00000000 08:01 7 /j|rd wr abc mr
		b0000-b1000 rw-p 00000000 08:01 7 /k|rd wr aa
		c0000-c1000 rw-p 00000000 08:01 7 /l|rd wr mr
		c8000-c9000 rw-p 00000000 08:01 7 /z|rd wr
		d0000-d1000 rw-p 00000000 08:01 7 /m|rd wr lo
		e0000-e1000 rw-p 00000000 08:01 7 /n|rd wr
	END
	smaps >after <<-'END'
		10000-11000 rw-p 00000000 08:01 8 /a|rd wr lo
		20000-21000 rw-p 00000000 09:01 7 /b|rd wr lo
		30000-31000 rw-p 00000000 08:02 7 /c|rd wr lo
		40000-41000 rw-p 00000000 08:01 7 /dd|rd wr lo
		50000-51000 rw-p 00000000 08:01 7 /E|rd wr lo
		60000-61000 rw-s 00000000 08:01 7 /f|rd wr lo
		70000-71000 rw-p 00000000 08:01 7 /g|rd wr lo
		80000-81000 rw-p 00000000 08:01 7 /h|rd wr lo
		90000-91000 rw-p 00000000 08:01 7 /i
		a0000-a1000 rw-p 00000000 08:01 7 /j|rd wr lo de
		b0000-b1000 rw-p 00000000 08:01 7 /k|rd wr aa bb cc dd ee ff gg hh ii jj kk ll
		c0000-c1000 rw-p 00000000 08:01 7 /l|rd wr mw sd
		d0000-d1000 rw-p 00000000 08:01 7 /m|rd wr lo
	END
	mm diff before after
	assert_failure 1
	again
	# Nor are those that one side does not tell; of those that do not fit in a change, ten are told.
	run sentences
	assert_output '    a (rw-p) was replaced by a (rw-p)
    b (rw-p) was replaced by b (rw-p)
    c (rw-p) was replaced by c (rw-p)
    d (rw-p): only its name in maps changed
    e (rw-p): only its name in maps changed
    f (rw-p) was replaced by f (rw-s): rw-p, now rw-s
    z (rw-p) is gone: 4K unmapped
    n (rw-p) is gone: 4K unmapped
    70000-71000 rw-p 00000000 08:01 7 /g
    g (rw-p) is now locked in memory (lo), and no longer advised to use no huge
      pages (nh)
    a0000-a1000 rw-p 00000000 08:01 7 /j
    j (rw-p) is now locked in memory (lo) and kept from growing by mremap (de)
    b0000-b1000 rw-p 00000000 08:01 7 /k
    k (rw-p) is now flagged bb, flagged cc, left out of core dumps (dd), flagged
      ee, flagged ff, flagged gg, flagged hh, flagged ii, flagged jj and flagged
      kk'
}

@test "what stands side by side, of one file, is told together" {
	cat >before <<-'END'
		10000-11000 rw-p 00000000 08:01 7 /a
		20000-21000 rw-p 00000000 08:01 7 /b
		30000-31000 rw-p 00000000 08:01 7 /c
		40000-41000 rw-p 00000000 08:01 7 /d
		50000-51000 rw-p 00000000 00:00 0
		60000-61000 rw-p 00000000 08:01 7 /e
	END
	cat >after <<-'END'
		11000-12000 rw-p 00000000 08:01 7 /a
		21000-22000 rw-p 00000000 08:01 8 /b
		31000-32000 rw-p 00000000 09:01 7 /c
		41000-42000 rw-p 00000000 08:02 7 /d
		51000-52000 rw-p 00000000 00:00 0
		61000-62000 rw-p 00000000 08:01 7 /f
	END
	mm diff before after
	assert_failure 1
	again
	# Where lines that went are followed by lines that came, without a gap.
	run awk '/^  - / { went = $2 " " $5; next } /^  [+] / { if (went != "") print went; went = ""; next } { went = "" }' <<<"$output"
	assert_output '10000-11000 08:01
60000-61000 08:01'
}

@test "two processes are told as their saved maps are" {
	start sleep 60
	first=$pid
	start bash -c 'read <> <(:)'
	for pair in "$first $pid" "$pid $first" "$pid $pid"; do
		read -r one other <<<"$pair"
		cat "/proc/$one/maps" >one.maps
		cat "/proc/$other/maps" >other.maps
		"$MMTOOL" diff one.maps other.maps | sed 1,2d >saved || true
		"$MMTOOL" diff "$one" "$other" | sed 1,2d | cmp - saved
	done
}

@test "two runs of one program under --align: nothing moved" {
	need_randomized
	# What is called python3 can be a script that looks for it.
	python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null) || python=python3
	for program in 'sleep 60' 'bash -c read_<><(:)' '/usr/bin/python3 -c import_time;time.sleep(60)' "$python -c import_time;time.sleep(60)" 'perl -e sleep_60'; do
		read -ra words <<<"$program"
		command -v "${words[0]}" >/dev/null || continue
		words=("${words[@]//_/ }")
		start "${words[@]}"
		first=$pid
		start "${words[@]}"
		mm diff "$first" "$pid"
		assert_failure 1
		assert_line '(two runs of one program have other addresses: --align compares them part by'
		mm diff --align "$first" "$pid"
		# What was placed side by side by chance became one mapping: a difference, but nobody moved.
		refute_output --partial moved
		refute_output --regexp '(/|lib)[^ ]* (is|was|grew|shrank)'
		assert_line --partial 'nothing differs but addresses: '
		assert_success
	done
}

@test "two runs that differ: what does, and where in its module" {
	cat >one.maps <<-'END'
		55d000000000-55d000001000 r--p 00000000 fe:00 5                          /bin/x
		55d000001000-55d000002000 rw-p 00001000 fe:00 5                          /bin/x
		55d010000000-55d010021000 rw-p 00000000 00:00 0                          [heap]
		7f0000000000-7f0000004000 rw-s 00000000 00:01 91                         /memfd:m (deleted)
		7f1000000000-7f1000010000 r--p 00000000 fe:00 6                          /lib/libx.so.1
		7f1000010000-7f1000020000 r-xp 00010000 fe:00 6                          /lib/libx.so.1
		7f1000020000-7f1000021000 rw-p 00020000 fe:00 6                          /lib/libx.so.1
		7f1000021000-7f1000025000 rw-p 00000000 00:00 0 
		7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
	END
	cat >two.maps <<-'END'
		56a000100000-56a000101000 r--p 00000000 fe:01 5                          /bin/x
		56a000101000-56a000102000 rw-p 00001000 fe:01 5                          /bin/x
		56a030000000-56a030042000 rw-p 00000000 00:00 0                          [heap]
		7fa000000000-7fa000004000 rw-s 00000000 00:01 12                         /memfd:m (deleted)
		7fb200000000-7fb200010000 r--p 00000000 fe:01 6                          /lib/libx.so.1
		7fb200010000-7fb200018000 r-xp 00010000 fe:01 6                          /lib/libx.so.1
		7fb200018000-7fb200019000 rwxp 00018000 fe:01 6                          /lib/libx.so.1
		7fb200019000-7fb200020000 r-xp 00019000 fe:01 6                          /lib/libx.so.1
		7fb200020000-7fb200021000 rw-p 00020000 fe:01 6                          /lib/libx.so.1
		7fb200021000-7fb200025000 rw-p 00000000 00:00 0 
		7fb200100000-7fb200101000 r--p 00000000 fe:01 8                          /lib/liby.so
		7fb200101000-7fb200103000 r-xp 00001000 fe:01 8                          /lib/liby.so
		7ffe00000000-7ffe00042000 rw-p 00000000 00:00 0                          [stack]
	END
	mm diff --align one.maps two.maps
	assert_failure 1
	run body
	assert_output "  - 55d010000000-55d010021000 rw-p 00000000 00:00 0                          [heap]
  + 56a030000000-56a030042000 rw-p 00000000 00:00 0                          [heap]
    [heap] grew from 132K to 264K

  - 7f1000010000-7f1000020000 r-xp 00010000 fe:00 6                          /lib/libx.so.1
  + 7fb200010000-7fb200018000 r-xp 00010000 fe:01 6                          /lib/libx.so.1
  + 7fb200018000-7fb200019000 rwxp 00018000 fe:01 6                          /lib/libx.so.1
  + 7fb200019000-7fb200020000 r-xp 00019000 fe:01 6                          /lib/libx.so.1
    4K of libx.so.1 (r-xp) at offset 32K: r-xp became rwxp, at libx.so.1+0x18000
    libx.so.1 (r-xp) is split: 3 mappings in maps, at libx.so.1+0x10000

  + 7fb200100000-7fb200101000 r--p 00000000 fe:01 8                          /lib/liby.so
  + 7fb200101000-7fb200103000 r-xp 00001000 fe:01 8                          /lib/liby.so
    liby.so is new: 2 mappings, 12K

  - 7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
  + 7ffe00000000-7ffe00042000 rw-p 00000000 00:00 0                          [stack]
    [stack] grew downwards from 132K to 264K"
}

@test "--align: where in its module, whatever that is called" {
	while read -r name dev inode share; do
		printf '%s-%s r--%s 00000000 %s %s %s\n%s-%s r--%s 00002000 %s %s %s\n' \
			10000 12000 "$share" "$dev" "$inode" "${name//+/ }" 12000 13000 "$share" "$dev" "$inode" "${name//+/ }" >before
		sed -e 's/^1/71/' -e 's/-1/-71/' -e '2s/r--/rw-/' before >after
		mm diff --align before after
		assert_failure 1
		assert_line --regexp "^    .*: r--$share became rw-$share, at "
		printf '%s\n' "${lines[*]: -1}" | sed 's/.*, at //'
	done >places <<-'END'
		/lib/liba.so 08:01 7 p
		/lib/liba.so+(deleted) 08:01 7 p
		/no/inode 08:01 0 p
		/no/major 00:2f 0 p
		file 08:01 7 p
		/memfd:m+(deleted) 00:01 7 s
		/SYSV00000000+(deleted) 00:01 7 s
		[anon_shmem:a/b] 00:01 7 s
		[anon:a/b] 00:00 0 p
		[anon:a+longer+name] 00:00 0 p
	END
	run cat places
	assert_output 'liba.so+0x2000
liba.so+0x2000
inode+0x2000
major+0x2000
file+0x2000
memfd:m+0x2000
SYSV00000000+0x2000
[anon_shmem:a/b]+0x2000
[anon:a/b]+0x2000
[anon:a longer name]+0x2000'
}

@test "--align: what a module is, and what is another one" {
	# It begins with the mapping of its file that is the first; a gigabyte away, or at an offset before that, another one does.
	cat >before <<-'END'
		10000-11000 r--p 00000000 08:01 7 /a
		11000-12000 rw-p 00000000 00:00 0
		12000-13000 r--p 00001000 08:01 7 /a
		20000-22000 r--p 00000000 08:01 8 /b
		22000-23000 r--p 00001000 08:02 8 /b
		23000-24000 r--p 00002000 09:02 8 /b
		24000-25000 r--p 00003000 09:02 8 /c
		25000-26000 r--p 00004000 09:02 8 /bb
		30000-31000 r--p 00004000 08:01 9 /d
		31000-32000 r--p 00000000 08:01 9 /d
		40000-41000 r--p 00000000 08:01 10 /far
		40041000-40042000 r--p 00001000 08:01 10 /far
		40050000-40051000 r--p 00000000 08:01 11 /near
		80050000-80051000 r--p 00001000 08:01 11 /near
		80060000-80061000 r--s 00000000 08:01 12 /e
		80061000-80062000 rw-p 00000000 00:00 0
		80063000-80064000 r--p 00001000 08:01 12 /e
	END
	sed -E -e 's/^([0-9a-f]*)-([0-9a-f]*)/1\1-1\2/' -e '/ 0+ /! s/r--/rw-/' -e '10s/r--/rw-/' before >after
	mm diff --align before after
	assert_failure 1
	run sentences
	assert_output '    a (r--p): r--p became rw-p, at a+0x2000
    b (r--p): r--p became rw-p, at b+0x2000
    b (r--p): r--p became rw-p, at b+0x3000
    c (r--p): r--p became rw-p
    bb (r--p): r--p became rw-p
    d (r--p): r--p became rw-p
    d (r--p): r--p became rw-p
    far (r--p): r--p became rw-p
    near (r--p): r--p became rw-p, at near+0x40000000
    e (r--p): r--p became rw-p, at e+0x3000'
}

@test "--align: what has no room, is of another size or stands elsewhere" {
	echo '10000-13000 rw-p 00000000 00:00 0' >before
	echo 'ffffffffffffe000-fffffffffffff000 rw-p 00000000 00:00 0' >after
	mm diff --align before after
	assert_failure 1
	run sentences
	assert_output '    an anonymous mapping is gone: 12K unmapped
    new: 4K, rw-p, private anonymous'

	# Nor has a file, above the page that both have.
	echo '10000-13000 r--p 00001000 08:01 7 /a' >before
	echo 'ffffffffffffe000-fffffffffffff000 r--p 00000000 08:01 7 /a' >after
	mm diff --align before after
	assert_failure 1
	run sentences
	assert_output '    a (r--p) is gone: 12K unmapped
    new: 4K, r--p, a, private file mapping'

	# Eight times the size is the same memory, and nine times is not.
	echo '10000-19000 rw-p 00000000 00:00 0' >nine
	echo '10000-18000 rw-p 00000000 00:00 0' >eight
	echo '80000-81000 rw-p 00000000 00:00 0' >one
	mm diff --align eight one
	assert_line '    an anonymous mapping shrank from 32K to 4K: its last 28K are unmapped'
	mm diff --align one eight
	assert_line '    an anonymous mapping grew from 4K to 32K'
	mm diff --align nine one
	assert_line '    an anonymous mapping is gone: 36K unmapped'
	assert_line '    new: 4K, rw-p, private anonymous'
	mm diff --align one nine
	assert_line '    an anonymous mapping is gone: 4K unmapped'
	assert_line '    new: 36K, rw-p, private anonymous'

	# What stands right below a module grows downwards, where it stands there in both.
	printf '%s\n' '10000-12000 rw-p 00000000 00:00 0' '12000-13000 r--p 00000000 08:01 7 /a' >before
	printf '%s\n' '70000-73000 rw-p 00000000 00:00 0' '73000-74000 r--p 00000000 08:01 7 /a' >after
	mm diff --align before after
	assert_line '    an anonymous mapping grew downwards from 8K to 12K'
	sed '1s/73000/72000/; 1s/70000/6f000/' after >gap
	mm diff --align before gap
	assert_line '    an anonymous mapping grew from 8K to 12K'

	# Of a file, the same offsets are compared, where both have some.
	echo '10000-13000 r--p 00001000 08:01 7 /a' >before
	echo '70000-74000 r--p 00000000 08:01 7 /a' >after
	mm diff --align before after
	assert_line --partial 'a (r--p) grew downwards from 12K to 16K'
	echo '70000-71000 r--p 00100000 08:01 7 /a' >after
	mm diff --align before after
	assert_line --partial 'was replaced by a (r--p)'
}

@test "--align: within a module, what is of another place in its file or of none" {
	printf '%s\n' '10000-12000 rw-p 00000000 08:01 7 /a' '12000-13000 rw-p 00002000 08:01 7 /a' >before
	printf '%s\n' '70000-72000 rw-p 00000000 08:01 7 /a' '72000-73000 rw-p 00005000 08:01 7 /a' >other
	printf '%s\n' '70000-72000 rw-p 00000000 08:01 7 /a' '72000-73000 rw-p 00000000 00:00 0' >zeros
	mm diff --align before other
	assert_failure 1
	run sentences
	assert_output '    a (rw-p) was replaced by a (rw-p), at a+0x2000'
	mm diff --align before zeros
	assert_failure 1
	run sentences
	assert_output '    a (rw-p) is gone: 4K unmapped, at a+0x2000
    new: 4K, rw-p, private anonymous, at a+0x2000'
	printf '%s\n' '10000-12000 rw-p 00000000 08:01 7 /a' '12000-13000 rw-p 00002000 08:01 7 /a' '13000-14000 rw-p 00003000 08:01 7 /a' >before
	sed -e 's/^1/7/; s/-1/-7/' -e '2s/00002000.*/00000000 00:00 0/' before >after
	mm diff --align before after
	assert_failure 1
	run sentences
	assert_output '    a (rw-p) was replaced by an anonymous mapping, at a+0x2000'
	echo '10000-11000 rw-s 00000000 00:01 7 /dev/zero (deleted)' >memory
	echo '70000-71000 rw-s 00000000 00:05 7 /dev/zero' >device
	mm diff --align memory device
	assert_failure 1
	run sentences
	assert_output '    a shared anonymous mapping was replaced by zero (rw-s)'
	sed 's/^7/e/; s/-7/-e/' zeros >again
	mm diff --align zeros again
	assert_success
	assert_line 'nothing differs but addresses: 2 mappings, 12K'
}

@test "--align: one that could be either of two is neither" {
	printf '%s\n' '10000-11000 r--p 00005000 08:01 7 /f' '20000-21000 r--p 00000000 08:01 8 /g' >before
	printf '%s\n' '70000-71000 r--p 00000000 08:01 8 /g' '80000-82000 -w-p 00007000 08:01 7 /f' '90000-93000 --xp 00009000 08:01 7 /f' >after
	mm diff --align before after
	assert_failure 1
	run sentences
	assert_output '    f (r--p) is gone: 4K unmapped
    new: 8K, -w-p, f, private file mapping
    new: 12K, --xp, f, private file mapping, at f+0x10000'
	mm diff --align after before
	assert_failure 1
	run sentences
	assert_output '    new: 4K, r--p, f, private file mapping
    f (-w-p) is gone: 8K unmapped
    f (--xp) is gone: 12K unmapped, at f+0x10000'
	# In their order, the first of two alike is taken, and what stands beside it grew.
	printf '%s000 rw-p 00000000 00:00 0\n' 10000-11 20000-25 30000-32 >before
	printf '%s000 rw-p 00000000 00:00 0\n' 50000-53 60000-65 70000-77 80000-85 90000-9b >after
	mm diff --align before after
	assert_failure 1
	run sentences
	assert_output '    an anonymous mapping grew from 4K to 12K
    an anonymous mapping grew from 8K to 28K
    new: 20K, rw-p, private anonymous
    new: 44K, rw-p, private anonymous'
}

@test "--align: two modules that changed places, each with a difference" {
	cat >before <<-'END'
		10000-12000 r--p 00000000 08:01 7 /lib/a.so
		12000-13000 rw-p 00002000 08:01 7 /lib/a.so
		20000-22000 r--p 00000000 08:01 8 /lib/b.so
		22000-23000 rw-p 00002000 08:01 8 /lib/b.so
	END
	cat >after <<-'END'
		10000-12000 r--p 00000000 08:01 8 /lib/b.so
		12000-13000 r--p 00002000 08:01 8 /lib/b.so
		20000-22000 r--p 00000000 08:01 7 /lib/a.so
		22000-23000 r--p 00002000 08:01 7 /lib/a.so
	END
	mm diff --align before after
	assert_failure 1
	run body
	assert_output '  - 22000-23000 rw-p 00002000 08:01 8 /lib/b.so
  + 12000-13000 r--p 00002000 08:01 8 /lib/b.so
    b.so (rw-p): rw-p became r--p, at b.so+0x2000

  - 12000-13000 rw-p 00002000 08:01 7 /lib/a.so
  + 22000-23000 r--p 00002000 08:01 7 /lib/a.so
    a.so (rw-p): rw-p became r--p, at a.so+0x2000'
}

@test "--align: a file that has another name, or another file of its length" {
	printf '%s\n' '10000-11000 r--p 00000000 08:01 7 /old' '20000-21000 r--p 00000000 08:01 8 /bin' >before
	printf '%s\n' '70000-71000 r--p 00000000 08:01 7 /newer' '80000-81000 r--p 00000000 08:01 8 /lib' >after
	mm diff --align before after
	assert_failure 1
	run sentences
	assert_output '    old (r--p): only its name in maps changed
    bin (r--p): only its name in maps changed'
	sed 's/ 8 / 9 /' after >other
	mm diff --align before other
	assert_failure 1
	run sentences
	assert_output '    old (r--p): only its name in maps changed
    new: 4K, r--p, lib, private file mapping
    bin (r--p) is gone: 4K unmapped'
}

@test "--align: what was put between parts that are nested in one another is found, and nothing else" {
	# What is one of its kind divides what is left, over and over: in either half, the next one is.
	cat >nested.awk <<-'END'
		function put(pages, perms) { printf "%x-%x %s 00000000 00:00 0\n", at, at + pages * page, perms; at += (pages + step) * page }
		function nest(n, i) {
			if (n > 0) {
				nest(n - 1)
				put(n, "rw-p")
				for (i = 1; i < n; i++)
					put(i, "rw-p")
			}
			put(size++, perms)
		}
		BEGIN { page = 4096; nest(20) }
	END
	awk -v at=65536 -v step=7 -v size=1000 -v perms=r--p -f nested.awk >before
	awk -v at=268435456 -v step=5 -v size=5000 -v perms=rwxp -f nested.awk >after
	[ "$(grep -c rw-p before)" -eq 210 ]
	mm diff --align before after
	assert_failure 1
	[ "$(grep -c '^  [-] .* r--p' <<<"$output")" -eq 21 ]
	[ "$(grep -c '^  [+] .* rwxp' <<<"$output")" -eq 21 ]
	refute_line --regexp '^  [-+] .* rw-p'
}

# process PID COMMAND FILE: a snapshot as if the maps file were of that process.
process()
{
	"$MMTOOL" snapshot "$3" | sed "s/\"name\":\"[^\"]*\"/&,\"pid\":$1,\"command\":\"$2\"/"
}

@test "--align is recommended for two runs of one program, and for nothing else" {
	local hint='(two runs of one program have other addresses: --align compares them part by'

	cat >one.maps <<-'END'
		10000-11000 r-xp 00000000 08:01 7 /x
		20000-21000 rw-p 00000000 00:00 0
		30000-31000 rw-p 00000000 00:00 0
		40000-41000 r-xp 00000000 00:00 0 [vsyscall]
	END
	sed -e 's/^\([123]\)0000-\([123]\)1/\12000-\23/' one.maps >other.maps
	sed 1d one.maps >less.maps
	process 7 x one.maps >one
	process 8 x other.maps >other
	process 8 y other.maps >another
	process 7 x other.maps >later
	process 8 x less.maps >less
	mm diff one other
	assert_failure 1
	assert_line --partial "$hint"
	assert_line 'before: one (x), 4 mappings, 16K'
	for pair in 'one another' 'one later' 'one less' 'one other.maps' 'one.maps other' 'one.maps other.maps' '--align one less'; do
		# shellcheck disable=SC2086 # two or three words
		mm diff $pair
		assert_failure 1
		refute_line --partial "$hint"
		assert_line --regexp '^  [-+] '
	done
}

@test "JSON: one delta, by the schema, and shown again as the same text" {
	need jq
	printf '%s\n' '10000-20000 r-xp 00000000 fe:00 7 /lib/a.so' '40000-50000 rw-p 00000000 00:00 0 ' >before
	printf '%s\n' '11000-1f000 r-xp 00000000 fe:00 7 /lib/a.so' '40000-80000 rw-p 00000000 00:00 0 ' >after
	for how in '' --align; do
		mm diff $how before after
		assert_failure 1
		text=$output
		"$MMTOOL" diff $how --format=json before after >delta.json || [ $? -eq 1 ]
		[ "$(jq -rs 'map(.type) | join(" ")' delta.json)" = 'delta end' ]
		jq -es '.[0] | .old_name == "before" and .new_name == "after" and .old_mappings == 2 and .new_bytes == 0x4e000' \
			delta.json || [ "$(jq -s '.[0].new_bytes' delta.json)" = $((0xe000 + 0x40000)) ]
		run "$MMTOOL" report delta.json
		assert_success
		assert_output "$text"
		"$MMTOOL" report --format=json delta.json | cmp - delta.json
	done
}

@test "what cannot be read is said, with status 3" {
	start sleep 60
	mm diff "$pid" /nowhere
	assert_failure 3
	assert_output 'mmtool diff: /nowhere: No such file or directory (a process is named by its number)'
	mm diff 4194305 "$pid"
	assert_failure 3
	assert_output --partial 'no such process'
	mm diff "$pid" "$top/README.md"
	assert_failure 3
	assert_output --partial 'not a line of maps'
	echo '{"type":"note"}' >note.json
	mm diff note.json "$pid"
	assert_failure 3
	"$MMTOOL" run --format=json -e 'note "x"' >run.json
	mm diff run.json "$pid"
	assert_failure 3
	assert_output --partial 'there is no snapshot in it'
	printf '10000-20000 rw-p 00000000 00:00 0 \n18000-28000 rw-p 00000000 00:00 0 \n' >torn.maps
	mm diff torn.maps "$pid"
	assert_failure 3
	assert_output --partial 'out of order'
	kill "$pid"
	wait "$pid" 2>/dev/null || true
	mm diff "$pid" "$$"
	assert_failure 3
	assert_output --partial 'no such process'
}

@test "a process that may not be read is said, with status 3" {
	need_root
	start sleep 60
	as_nobody "$MMTOOL" diff "$pid" "$pid"
	assert_failure 3
	assert_output --partial 'may not be read'
}

@test "the operands are two, one of them standard input at most" {
	mm diff
	assert_failure 2
	mm diff 1
	assert_failure 2
	assert_output --partial 'two snapshots are compared'
	mm diff 1 2 3
	assert_failure 2
	assert_output --partial '3: one argument too many'
	mm diff - -
	assert_failure 2
	assert_output --partial 'standard input (-) can be one of the two only'
}

@test "of a stream that does not end, the first snapshot is read, and no more" {
	start sleep 60
	mkfifo stream
	# Held open, so that nobody who reads it comes to its end.
	exec 7<>stream
	"$MMTOOL" snapshot "$pid" >&7
	run timeout 20 "$MMTOOL" diff stream "$pid"
	exec 7>&-
	assert_success
	assert_output --partial 'nothing'
}
