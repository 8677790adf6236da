#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --pages: what the page table has of the named regions, and what a statement made of it.

load helper/common
load helper/report

anonymous='PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0'

setup()
{
	need jq
	cd "$BATS_TEST_TMPDIR"
}

# events SCRIPT: its events, in the file events; all of it must come out as expected.
events()
{
	"$MMTOOL" run --pages --format=json -e "$1" >events || fail "$("$MMTOOL" run -q -e "$1")"
}

# cells WORDS [NAME]: what the last statement that begins with these words is told to have made of the region (a):
# "2 anonymous<zero other locked, 1 absent<absent".
cells()
{
	run jq -rs --arg words "$1" --arg name "${2-a}" '
		map(select(.type == "step" and (.source.text | startswith($words)))) | last
		| [.pages.regions[]? | select(.name == $name) | .runs[]]
		| map("\(.count) \(.page)" + if .was then "<" + .was else "" end + if .frame then " " + .frame else "" end
			+ ([to_entries[] | select(.value == true) | " " + .key] | join(""))) | join(", ")' events
	assert_success
}

# need_guards: guard pages, and a kernel that tells them: /proc/PID/pagemap has bit 58 (Linux 6.15) where one was made.
need_guards()
{
	"$MMTOOL" run -q -e 'require MADV_GUARD_INSTALL' || skip 'this kernel has no MADV_GUARD_INSTALL'
	need python3
	python3 - <<'END' || skip 'this kernel does not tell guard pages'
import ctypes, mmap, struct, sys
memory = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(mmap.PAGESIZE), 102) == 0
with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
    pagemap.seek(address // mmap.PAGESIZE * 8)
    sys.exit(0 if struct.unpack("=Q", pagemap.read(8))[0] >> 58 & 1 else 1)
END
}

# has_scan: there is PAGEMAP_SCAN (Linux 6.7), which tells zero pages and huge ones to every user.
has_scan()
{
	need python3
	python3 - <<'END'
import array, fcntl, sys
argument = array.array("Q", [96] + [0] * 11)
try:
    with open("/proc/self/pagemap", "rb") as pagemap:
        fcntl.ioctl(pagemap, 0xc0606610, argument, True)
except OSError:
    sys.exit(1)
END
}

need_scan()
{
	has_scan || skip 'this kernel has no PAGEMAP_SCAN'
}

@test "a fresh mapping is absent, a store makes a page present, and a load brings zeros" {
	need_scan
	events "a = mmap(NULL, 4p, $anonymous); a[1p] = 1; expect a[2p] == 0; a[2p] = 1"
	cells 'a = mmap'
	assert_output '4 absent'
	cells 'a[1p]'
	assert_output '1 absent<absent, 1 anonymous<absent, 2 absent<absent'
	cells 'expect'
	assert_output --regexp '^1 absent<absent, 1 anonymous<anonymous (same|hidden), 1 zero<absent, 1 absent<absent$'
	# The kinds differ, so that the frames do: nobody needs to see them.
	cells 'a[2p]'
	assert_output --regexp '^1 absent<absent, 1 anonymous<anonymous (same|hidden), 1 anonymous<zero other, 1 absent<absent$'
}

@test "MAP_POPULATE's pages are there at once" {
	events "a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0)"
	cells 'a = '
	assert_output '4 anonymous'
}

@test "a move keeps the frames, wherever the region lies now" {
	need_root
	events "a = mmap(NULL, 4p, $anonymous); write_pages(a, 2p); old = a
		a = mremap(a, 4p, 8p, MREMAP_MAYMOVE)
		hole = hole(16p); a = mremap(a, 8p, 8p, MREMAP_MAYMOVE|MREMAP_FIXED, hole) = hole"
	cells 'a = mremap(a, 4p'
	assert_output '2 anonymous<anonymous same, 2 absent<absent, 4 absent'
	cells 'a = mremap(a, 8p'
	assert_output '2 anonymous<anonymous same, 6 absent<absent'
}

@test "so does a part that gets a name of its own, and what stays loses it" {
	need_root
	events "a = mmap(NULL, 4p, $anonymous); write_pages(a, 4p); b = mremap(a + 1p, 1p, 1p, MREMAP_MAYMOVE|MREMAP_DONTUNMAP)"
	cells 'b = ' b
	assert_output '1 anonymous<anonymous same'
	cells 'b = ' a
	assert_output '1 anonymous<anonymous same, 1 absent<anonymous, 2 anonymous<anonymous same'
}

@test "a fork shares, a write copies, in the process that writes" {
	need_root
	events "a = mmap(NULL, 2p, $anonymous); write_pages(a, 2p); c = fork(); in c { a[1] = 2 }; a[2] = 3; a[1p] = 3; a[3] = 4"
	cells 'c = fork'
	assert_output '2 anonymous<anonymous same shared'
	cells 'a[1] '
	assert_output '1 anonymous<anonymous other, 1 anonymous<anonymous same shared'
	# The other one has the first page alone then.
	cells 'a[2] '
	assert_output '1 anonymous<anonymous same, 1 anonymous<anonymous same shared'
	cells 'a[1p] '
	assert_output '1 anonymous<anonymous same, 1 anonymous<anonymous other'
	cells 'a[3] '
	assert_output '2 anonymous<anonymous same'
}

@test "that pages are shared is told to every user, and so is what a write did to that" {
	as_nobody "$MMTOOL" run --pages -e "a = mmap(NULL, 2p, $anonymous); write_pages(a, 2p); c = fork(); in c { a[1] = 2 }"
	assert_line '    a  CC'
	assert_line '    a  PC'
}

@test "MADV_DONTNEED makes absent" {
	events "a = mmap(NULL, 2p, $anonymous); write_pages(a, 2p); madvise(a, 1p, MADV_DONTNEED)"
	cells 'madvise'
	assert_output --regexp '^1 absent<anonymous, 1 anonymous<anonymous (same|hidden)$'
}

@test "guard pages" {
	need_guards
	events "a = mmap(NULL, 3p, $anonymous); write_pages(a, 2p); madvise(a + 1p, 2p, MADV_GUARD_INSTALL)
		madvise(a, 3p, MADV_GUARD_REMOVE)"
	cells 'madvise(a +'
	assert_output --regexp '^1 anonymous<anonymous (same|hidden), 1 guard<anonymous, 1 guard<absent$'
	cells 'madvise(a,'
	assert_output --regexp '^1 anonymous<anonymous (same|hidden), 2 absent<guard$'
}

@test "locked pages" {
	events "a = mmap(NULL, 3p, $anonymous); a[0] = 1; mlock(a, 2p); munlock(a, 3p); mlock2(a, 3p, MLOCK_ONFAULT)"
	cells 'mlock('
	assert_output --regexp '^1 anonymous<anonymous (same|hidden) locked, 1 anonymous<absent locked, 1 absent<absent$'
	cells 'munlock'
	assert_output --regexp '^2 anonymous<anonymous (same|hidden), 1 absent<absent$'
	# What is not there yet is not shown as locked.
	cells 'mlock2'
	assert_output --regexp '^2 anonymous<anonymous (same|hidden) locked, 1 absent<absent$'
}

@test "a private page of a file becomes anonymous when it is written to" {
	printf 'file' >file
	events 'f = open("file", O_RDONLY); a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE, f, 0)
		expect a[0] == '"'f'"'; a[0] = 1'
	cells 'expect'
	assert_output '1 file<absent'
	cells 'a[0] '
	assert_output '1 anonymous<file other'
}

@test "shared memory, of which each process has its own page table" {
	events 'm = memfd_create("m", 0); ftruncate(m, 2p); a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_SHARED, m, 0)
		a[0] = 1; c = fork(); in c { a[1p] = 7 }; expect a[1p] == 7; ftruncate(m, 1p)'
	cells 'a[0]'
	assert_output '1 file<absent, 1 absent<absent'
	cells 'expect'
	assert_output --regexp '^1 file<file (same|hidden), 1 file<absent$'
	cells 'ftruncate(m, 1p)'
	assert_output --regexp '^1 file<file (same|hidden), 1 absent<file$'
}

@test "huge pages" {
	grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null && skip 'transparent huge pages are off'
	[ -r /sys/kernel/mm/transparent_hugepage/hpage_pmd_size ] || skip 'this kernel has no transparent huge pages'
	need_scan
	huge=$(</sys/kernel/mm/transparent_hugepage/hpage_pmd_size)
	events "h = mmap(NULL, 2 * $huge, $anonymous); a = (h + $huge - 1) & ~($huge - 1)
		madvise(a, $huge, MADV_HUGEPAGE); a[0] = 1"
	# No huge page may be free just now, and then the kernel takes small ones.
	grep -q '"huge":true' events || skip 'the kernel gave no huge page'
	run jq -rs --argjson count $((huge / page)) \
		'last(.[] | select(.pages)).pages.regions[0].runs[] | select(.huge).count == $count' events
	assert_output true
}

@test "what no statement changed or named is not drawn" {
	events "a = mmap(NULL, 1p, $anonymous); b = mmap(NULL, 1p, $anonymous); a[0] = 1; b[0] = 1; expect 1 == 1
		mprotect(b, 1p, PROT_READ); x = a[0]"
	run jq -r 'select(.type == "step") | [.pages.regions[]? | "\(.name) \(.changed)"] | join(" ")' events
	assert_output 'a true
b true
a true
b true

b false'
}

@test "passes that are summed up are one picture of all" {
	need_root
	events "a = mmap(NULL, 8p, $anonymous); repeat 8 as i { a[i * 1p] = 1 }"
	run jq -r 'select(.kind == "passes").pages.regions[0].runs[] | "\(.count) \(.page) \(.was) \(.frame)"' events
	assert_output '3 anonymous anonymous same
5 anonymous absent null'
}

@test "a loop that changes nothing has no picture at its end" {
	events "a = mmap(NULL, 1p, $anonymous); a[0] = 1; repeat 8 { a[0] = 1 }"
	run jq -r 'select(.kind == "passes") | has("pages")' events
	assert_output false
}

@test "one cell a page, what became of it, and a legend of what appears" {
	need_root
	script="a = mmap(NULL, 4p, $anonymous); a[0] = 1; a[1p] = 1; madvise(a, 1p, MADV_DONTNEED)"
	mm run --pages -e "$script"
	run block 'a = mmap'
	assert_line --index -2 '    a  ....'
	assert_line --index -1 '      . absent'
	mm run --pages -e "$script"
	run block 'a[1p]'
	assert_output 'a[1p] = 1
    a  PP..
       =+
      P present   . absent   + came   = same frame as before'
	mm run --pages -e "$script"
	run block 'madvise'
	assert_line '    a  .P..'
	assert_line '       -='
	assert_line '      P present   . absent   - gone   = same frame as before'
}

@test "wide regions are folded, and a tebibyte is quick" {
	need_scan
	mm run --pages -e "a = mmap(NULL, 1024p, $anonymous)"
	assert_line '    a  . x 1024'
	[ "$(word_bits)" = 64 ] || skip 'a 32-bit process has no tebibyte'
	wide=$(quarter 1T)
	run timeout 20 "$MMTOOL" run --pages \
		-e "a = mmap(NULL, $wide, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)
			madvise(a, $wide, MADV_NOHUGEPAGE) = ?; a[$wide - 1] = 1"
	assert_success
	assert_line "    a  . x $((wide / page - 1))  P"
}

@test "lines stay within 80 columns, and begin with the place that they show" {
	mm run --pages -e "a = mmap(NULL, 400p, $anonymous); madvise(a, 400p, MADV_NOHUGEPAGE) = ?; b = a
		repeat 130 { b[0] = 1; b = b + 3p }; madvise(a, 400p, MADV_DONTNEED)"
	assert_success
	run block '... 1'
	assert_line --regexp '^    a  +P\.\.P\.\.'
	assert_line --regexp "^    a\+[0-9]+[KM]  +P?\.?\.?P\.\.P"
	while IFS= read -r line; do
		[ ${#line} -le 80 ] || fail "${#line} columns: $line"
	done <<<"$output"
}

@test "of a region that takes too many lines the rest is counted" {
	# Where huge pages are given unasked, one store brings 512 pages.
	mm run --pages -e "a = mmap(NULL, 2000p, $anonymous); madvise(a, 2000p, MADV_NOHUGEPAGE) = ?; b = a; repeat 1000 { b[0] = 1; b = b + 2p }"
	assert_success
	run block '... 997'
	[ "$(grep -c '^    a' <<<"$output")" -eq 12 ]
	more=$(sed -n 's/^    \.\.\. and \([0-9]*\) pages more$/\1/p' <<<"$output")
	# Cells and what is left are all pages.
	cells=$(sed -n 's/^    a[^ ]* *\([P.]*\)$/\1/p' <<<"$output" | tr -d '\n' | wc -c)
	[ $((cells + more)) -eq 2000 ] || fail "$cells + $more: $output"
}

@test "a region with a hole is drawn in its pieces" {
	mm run --pages -e "a = mmap(NULL, 4p, $anonymous); write_pages(a, 4p); munmap(a + 1p, 1p)"
	run block 'munmap'
	assert_line --regexp '^    a  +P$'
	assert_line --regexp "^    a\+$(size 2)  +PP$"
}

@test "frames are hidden from an ordinary user, which is said once and where it matters" {
	as_nobody "$MMTOOL" run --pages \
		-e "a = mmap(NULL, 2p, $anonymous); a[0] = 1; a[1p] = 1; a = mremap(a, 2p, 3p, MREMAP_MAYMOVE)"
	assert_success
	[ "$(grep -c 'page frames are hidden from this user' <<<"$output")" -eq 1 ]
	run block 'a = mremap'
	assert_line '    a  PP.'
	refute_line --regexp '^ +[=*]+$'
	refute_line --partial 'same frame'
}

@test "nor does the JSON of an ordinary user tell them" {
	as_nobody "$MMTOOL" run --pages --format=json -e "a = mmap(NULL, 2p, $anonymous); a[0] = 1; a[1p] = 1"
	printf '%s\n' "$output" >events
	cells 'a[1p]'
	assert_output '1 anonymous<anonymous hidden, 1 anonymous<absent'
	run jq -rc 'select(.pages).pages.hidden' events
	# Without PAGEMAP_SCAN only /proc/kpageflags, which is root's, tells a page of zeros from others.
	if has_scan; then
		assert_line --index 1 '["frames"]'
	else
		assert_line --index 1 '["frames","kinds"]'
	fi
}

@test "a process without privileges is looked at all the same" {
	need_root
	events "a = mmap(NULL, 2p, $anonymous); a[0] = 1; setuid(65534); a[1p] = 1"
	cells 'a[1p]'
	assert_output '1 anonymous<anonymous same, 1 anonymous<absent'
}

@test "what was recorded is drawn again" {
	script="a = mmap(NULL, 200p, $anonymous); write_pages(a + 3p, 20p); expect a[0] == 0; mlock(a + 100p, 1p); c = fork()
		in c { a[4p] = 1 }; a = mremap(a, 8p, 8p, MREMAP_MAYMOVE|MREMAP_FIXED, hole(8p)); repeat 5 as i { a[i * 1p] = 1 }"
	"$MMTOOL" run --pages --format=json -e "$script" >events
	"$MMTOOL" report events | sed 's/0x[0-9a-f]*/*/g; s/^  [-+] .*//' >again
	grep -q '^    a' again
	"$MMTOOL" run --pages -e "$script" | sed 's/0x[0-9a-f]*/*/g; s/^  [-+] .*//' >first
	# How far a mapping moves is another in every run.
	diff <(sed 's/moved.*//; s/of a at.*//' first) <(sed 's/moved.*//; s/of a at.*//' again)
	# Recorded again it is the same, byte for byte.
	diff events <("$MMTOOL" report --format=json events)
	sed 's/"page_size":[0-9]*/"page_size":0/' events >forged
	mm report forged
	assert_failure 3
	assert_output --partial 'its pages have 0 bytes'
}

@test "nothing of it without the option, nor where only failures or points are wanted" {
	script="a = mmap(NULL, 2p, $anonymous); a[0] = 1"
	"$MMTOOL" run --format=json -e "$script" >events
	run grep -c '"pages":' events
	assert_output 0
	mm run --pages --quiet -e "$script"
	assert_output ''
	mm run --pages --quiet -e "$script; a[0] = 2; munmap(1, 1p)"
	assert_failure 1
	refute_output --partial absent
	diff <("$MMTOOL" run --format=tap -e "$script") <("$MMTOOL" run --pages --format=tap -e "$script")
}

@test "nothing of it is read without the option" {
	need strace
	not_sanitized 'strace sees the sanitizer'"'"'s own calls'
	strace -qq -f -e trace=ioctl,pread64 -o calls "$MMTOOL" run -e "a = mmap(NULL, 2p, $anonymous); a[0] = 1" >/dev/null ||
		skip 'nothing can be traced here'
	run grep -c -e '0x66, 0x10' -e PAGEMAP_SCAN calls
	assert_output 0
	strace -qq -f -e trace=ioctl,pread64 -o calls "$MMTOOL" run --pages -e "a = mmap(NULL, 2p, $anonymous); a[0] = 1" >/dev/null
	run grep -c -e '0x66, 0x10' -e PAGEMAP_SCAN calls
	refute_output 0
}

@test "looking changes no page and adds no fault" {
	script="a = mmap(NULL, 64p, $anonymous); a[0] = 1; x = minor_faults(); expect 1 == 1; a[0] = 2; a[1] = 2
		note minor_faults() - x, resident(a, 64p)"
	diff <("$MMTOOL" run -e "$script" | grep '^#') <("$MMTOOL" run --pages -e "$script" | grep '^#')
}

@test "reserve-fill takes the option beside the length that it has by the same name" {
	mm reserve-fill --pages --pages=5
	assert_success
	assert_line --regexp '^    region  \.{5}$'
	mm reserve-fill --pages=5
	refute_output --partial absent
}

# without_scan ARG...: mmtool on a kernel without PAGEMAP_SCAN, as before Linux 6.7.
without_scan()
{
	run strace -qq -o calls -e trace=ioctl -e inject=ioctl:error=ENOTTY "$MMTOOL" "$@"
	grep -q INJECTED calls || skip 'no call of a traced program can be made to fail here'
}

@test "without PAGEMAP_SCAN the entries themselves say the same" {
	need_root
	need strace
	need_scan
	not_sanitized 'the sanitizer makes calls of its own'
	[ -r /proc/kpageflags ] || skip 'this kernel has no /proc/kpageflags'
	printf 'file' >file
	script="a = mmap(NULL, 40p, $anonymous); a[1p] = 1; expect a[2p] == 0; mlock(a, 1p); f = open(\"file\", O_RDONLY)
		b = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, f, 0); expect b[0] == 'f'; madvise(a, 2p, MADV_DONTNEED) = ?
		a = mremap(a, 2p, 4p, MREMAP_MAYMOVE) = ?; c = fork(); in c { a[2p] = 1 }"
	without_scan run --pages --format=json --keep-going -e "$script"
	jq -c 'select(.pages).pages | (.regions[] |= del(.start)), (.regions[].runs)' <<<"$output" >got
	"$MMTOOL" run --pages --format=json --keep-going -e "$script" | jq -c 'select(.pages).pages | (.regions[] |= del(.start)), (.regions[].runs)' >want
	[ -s want ]
	diff want got
}

@test "without it a page of a huge page that small entries map is no huge one" {
	need_root
	need strace
	need_scan
	not_sanitized 'the sanitizer makes calls of its own'
	[ -r /proc/kpageflags ] || skip 'this kernel has no /proc/kpageflags'
	"$MMTOOL" huge --pages >want || skip "$(tail -n 1 want)"
	without_scan huge --pages
	assert_success
	grep -q 'H x ' want
	diff <(grep -E '^ +([a-z]+ +)?[A-Z.=+*-]+( x [0-9]+)?$' want) <(grep -E '^ +([a-z]+ +)?[A-Z.=+*-]+( x [0-9]+)?$' <<<"$output")
}

@test "without it a wide region is not looked at to its end, which is said" {
	need_root
	need strace
	not_sanitized 'the sanitizer makes calls of its own'
	[ "$(word_bits)" = 64 ] || skip 'a 32-bit process has no tebibyte'
	wide=$(quarter 1T)
	without_scan run --pages \
		-e "a = mmap(NULL, $wide, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0); a[$wide - 1] = 1"
	assert_success
	assert_line --regexp "^    a  \. x [0-9]+  \? x [0-9]+$"
	assert_line --partial '? not looked at'
	assert_line --partial 'not all pages were looked at'
}

@test "what a move added is absent, and came from nowhere; and no cell is drawn for what was not mapped" {
	events "b = mmap(NULL, 4p, $anonymous); write_pages(b, 4p); mremap(b, 1p, 4p, MREMAP_MAYMOVE)"
	cells mremap b
	assert_output '1 anonymous<anonymous same, 3 absent, 3 anonymous<anonymous same'
	events "a = mmap(NULL, 4p, $anonymous); write_pages(a, 4p); munmap(a, 2p); b = mremap(a + 2p, 2p, 4p, MREMAP_MAYMOVE)"
	cells b b
	assert_output '2 anonymous<anonymous same, 2 absent'
	events "h = hole(64p); b = mmap(h, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		mremap(b, 2p, 2p, MREMAP_MAYMOVE) = ?; d = mremap(b, 1p, 4p, MREMAP_MAYMOVE)"
	cells d d
	assert_output '1 absent<absent, 3 absent'
}
