#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# grow: in place or by moving, with memory behind it or without.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# file PAGES: makes ./file, a byte longer than so many pages less one.
file()
{
	head -c $((($1 - 1) * page + 1)) /dev/zero | tr '\0' 'F' >file
}

@test "one page grows to four, and may move" {
	mm grow
	assert_success
	assert_equal "$(changed + 'a = mmap(NULL, 1p,' | pages_of)" 1
	assert_equal "$(changed - 'a = mremap(a, 1p, 4p, MREMAP_MAYMOVE)')" "$(changed + 'a = mmap(')"
	assert_equal "$(changed + 'a = mremap(a, 1p, 4p, MREMAP_MAYMOVE)' | pages_of)" 4
	assert_line --regexp "^    a (moved (up|down) by [0-9]+[KMGT] and grew|grew in place) from $(size 1) to $(size 4)\$"
}

@test "the data is kept, the new pages read zero and take a store" {
	mm grow
	assert_line 'expect text(a) == "Original data in page 0", "the data is kept"'
	assert_line 'expect zero(a + 1p, 4p - 1p), "the new pages read zero"'
	assert_line "expect a[1p] == 'B', \"the new pages take a store\""
	assert_equal "$(block expect | grep -c '^    ok')" 3
	assert_line --index $((${#lines[@]} - 1)) '8 steps, 3 checks, all as expected'
}

@test "it is private and anonymous, and gone in the end" {
	mm grow
	assert_line "    $(kernel_name mmap)(NULL, $page, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = $(result_of 'a = mmap(')"
	assert_line "    a is new: $(size 1), rw-p, private anonymous"
	assert_equal "$(changed - munmap)" "$(changed + 'a = mremap')"
	assert_line "    a is gone: $(size 4) unmapped"
}

@test "--symbolic: every byte" {
	call=$(kernel_name mmap)
	mm grow --room --symbolic
	assert_output - <<-END
		reserved = mmap(NULL, 4p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		    $call(NULL, $((4 * page)), PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = reserved
		  + reserved-reserved+$(size 4) ---p 00000000 00:00 0
		    reserved is new: $(size 4), ---p, private anonymous

		a = mmap(reserved, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		    $call(reserved, $page, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = a
		  - reserved-reserved+$(size 4) ---p 00000000 00:00 0
		  + a-a+$(size 1) rw-p 00000000 00:00 0
		  + reserved+$(size 1)-reserved+$(size 4) ---p 00000000 00:00 0
		    the first $(size 1) of reserved was replaced by a: ---p, now rw-p

		munmap(a + 1p, 4p - 1p)
		    munmap(reserved+$(size 1), $((3 * page))) = 0
		  - reserved+$(size 1)-reserved+$(size 4) ---p 00000000 00:00 0
		    reserved is gone: $(size 3) unmapped

		strcpy(a, "Original data in page 0")
		a = mremap(a, 1p, 4p, MREMAP_MAYMOVE) = a
		    mremap(a, $page, $((4 * page)), MREMAP_MAYMOVE) = a
		  - a-a+$(size 1) rw-p 00000000 00:00 0
		  + a-a+$(size 4) rw-p 00000000 00:00 0
		    a grew in place from $(size 1) to $(size 4)

		expect text(a) == "Original data in page 0", "the data is kept"
		    ok: "Original data in page 0"
		expect zero(a + 1p, 4p - 1p), "the new pages read zero"
		    ok

		a[1p] = 'B'
		expect a[1p] == 'B', "the new pages take a store"
		    ok: 'B'

		munmap(a, 4p)
		    munmap(a, $((4 * page))) = 0
		  - a-a+$(size 4) rw-p 00000000 00:00 0
		    a is gone: $(size 4) unmapped

		10 steps, 4 checks, all as expected
	END
}

@test "--from and --to: any size, in whole pages and not" {
	mm grow --from=3p --to=1000p
	assert_success
	assert_equal "$(changed + 'a = mremap(a, 3p, 1000p' | pages_of)" 1000
	mm grow --from=1 --to=$((page + 1))
	assert_success
	assert_equal "$(changed - 'a = mremap' | pages_of) $(changed + 'a = mremap' | pages_of)" '1 2'
	mm grow --from=$((page + 1)) --to=0x100000
	assert_success
	assert_equal "$(changed - 'a = mremap' | pages_of)" 2
}

@test "--to must be a page more than --from: nothing is run" {
	for sizes in '--from=4p' '--from=8p --to=8p' '--from=8p --to=2p' '--from=1 --to=2'; do
		# shellcheck disable=SC2086 # the words are options
		mm grow $sizes
		assert_failure 2
		assert_line --index 0 --partial 'mmtool grow: --to: must be larger than --from by a page'
		refute_output --partial mmap
	done
}

@test "--in-place: without a flag it grows where it is or not at all, and both are right" {
	mm grow --in-place
	assert_success
	assert_line 'grown = mremap(a, 1p, 4p, 0) = ?'
	if [ "$(result_of grown)" = '-1 ENOMEM (Cannot allocate memory)' ]; then
		assert_output --partial 'why: ENOMEM: '
		assert_line '    nothing changed in the maps'
	else
		assert_equal "$(result_of grown)" "$(result_of 'a = mmap')"
		assert_line "    a grew in place from $(size 1) to $(size 4); it is called grown now"
	fi
}

@test "--room: the mapping stays and grows" {
	for flags in '' --in-place; do
		mm grow --room $flags
		assert_success
		assert_equal "$(result_of 'a = mremap')" "$(result_of 'a = mmap')"
		assert_line "    a grew in place from $(size 1) to $(size 4)"
	done
	assert_line 'a = mremap(a, 1p, 4p, 0) = a'
}

@test "--room: it makes the room itself, in a range of its own" {
	mm grow --room --to=6p
	assert_success
	assert_equal "$(changed + 'reserved = mmap(NULL, 6p, PROT_NONE' | pages_of)" 6
	assert_equal "$(changed - 'munmap(a + 1p, 6p - 1p)' | pages_of)" 5
}

@test "--blocked: in place is ENOMEM, and the second try moves" {
	mm grow --blocked
	assert_success
	assert_equal "$(result_of 'mremap(a, 1p, 4p, 0)')" '-1 ENOMEM (Cannot allocate memory)'
	assert_equal "$(block 'mremap(a, 1p, 4p, 0)' | tail -n 1)" '    nothing changed in the maps'
	[ "$(result_of 'a = mremap(a, 1p, 4p, MREMAP_MAYMOVE)')" != "$(result_of 'a = mmap')" ]
	assert_equal "$(changed + 'a = mremap' | pages_of)" 4
	assert_equal "$(block 'expect a != reserved, "it moved"' | sed -n 2p | cut -c1-7)" '    ok:'
}

@test "--blocked says what stands in the way" {
	mm grow --blocked
	output=$(block 'mremap(a, 1p, 4p, 0)' | tr -s ' \n' ' ')
	assert_output --partial ", and $(size 3) of it is taken by mapping reserved (---p); MREMAP_MAYMOVE would let it move"
}

@test "--blocked --in-place: there is no second try" {
	mm grow --blocked --in-place
	assert_success
	assert_equal "$(result_of 'mremap(a, 1p, 4p, 0)')" '-1 ENOMEM (Cannot allocate memory)'
	refute_output --partial 'MREMAP_MAYMOVE)'
	assert_line 'expect text(a) == "Original data in page 0", "the data is kept"'
}

@test "--room and --blocked exclude each other" {
	mm grow --room --blocked
	assert_failure 2
	assert_output --partial '--room and --blocked exclude each other'
}

@test "--shared: the mapping grows, its object does not, and the new pages fault" {
	mm grow --shared
	assert_success
	assert_equal "$(changed + 'a = mremap' | pages_of)" 4
	assert_equal "$(changed + 'a = mremap' | cut -d' ' -f2)" rw-s
	for access in 'fault(a[1p])' "fault(a[1p] = 'B')"; do
		block "expect $access == BUS_ADRERR" | grep -x '    ok: BUS_ADRERR'
		block "expect $access == BUS_ADRERR" | grep -q '^    SIGBUS, BUS_ADRERR at 0x'
	done
	assert_line '    ok: "Original data in page 0"'
}

@test "--shared --explain says why" {
	mm grow --shared --explain
	output=$(tr -d '|\n' <<<"$output" | tr -s ' ')
	assert_output --partial 'The mapping grew, and the object behind it did not: a shared anonymous mapping is a file in memory whose length was fixed by mmap.'
	assert_output --partial 'BUS_ADRERR: the mapping is longer than the object behind it.'
}

@test "--shared with --room and --blocked" {
	mm grow --shared --room
	assert_success
	assert_equal "$(result_of 'a = mremap')" "$(result_of 'a = mmap')"
	mm grow --shared --blocked
	assert_success
	assert_output --partial 'expect a != reserved, "it moved"'
}

@test "--file: it is opened read-only, mapped MAP_PRIVATE, and faults past its end" {
	file 1
	mm grow --file=file
	assert_success
	assert_line 'fd = open("file", O_RDONLY)'
	assert_equal "$(changed + 'a = mremap' | cut -d' ' -f2)" r--p
	assert_equal "$(changed + 'a = mremap' | sed 's/.* //')" "$PWD/file"
	assert_line "    a is new: $(size 1), r--p, file, private file mapping"
	assert_line "expect a[0] == scratch[0], \"the file's first byte is there\""
	block 'expect fault(a[last]) == BUS_ADRERR' | grep -x '    ok: BUS_ADRERR'
}

@test "--file: the last page that a file reaches into can be read" {
	file 4
	mm grow --file=file
	assert_success
	block 'expect fault(a[last]) == 0' | grep -x '    ok: no fault'
	file 3
	mm grow --file=file
	assert_success
	block 'expect fault(a[last]) == BUS_ADRERR' | grep -x '    ok: BUS_ADRERR'
}

@test "--file: an empty one maps, grows and faults" {
	: >file
	for how in '' --room --blocked --in-place '--blocked --in-place'; do
		# shellcheck disable=SC2086 # the words are options
		mm grow --file=file $how
		assert_success
		assert_line --partial 'as expected'
	done
}

@test "--file: any name" {
	file 1
	mv file $'a "b\\\n\e[31m'
	mm grow --file=$'a "b\\\n\e[31m'
	assert_success
	assert_line --index 0 'fd = open("a \"b\\\x0a\x1b[31m", O_RDONLY)'
	[[ $output != *$'\e'* ]] || fail 'an escape of the name came through'
}

@test "--file: one that is not there is the kernel's answer, and status 1" {
	mm grow --file=missing
	assert_failure 1
	case $(kernel_name open) in
	openat) assert_line '    openat(AT_FDCWD, "missing", O_RDONLY) = -1 ENOENT (No such file or directory)' ;;
	*) assert_line '    open("missing", O_RDONLY) = -1 ENOENT (No such file or directory)' ;;
	esac
	assert_line '    FAILED: open failed: -1 ENOENT'
	assert_line '1 step, 1 failed, at line 1'
}

@test "--file: what is no file is refused" {
	mm grow --file=/
	assert_failure 1
	assert_output --partial 'neither a regular file'
}

@test "--file: the file stays as it was" {
	file 2
	sum=$(cksum file)
	mm grow --file=file --from=1p --to=8p
	assert_equal "$(cksum file)" "$sum"
}

@test "--shared and --file exclude each other" {
	mm grow --shared --file=/etc/passwd
	assert_failure 2
	assert_output --partial '--shared is for anonymous memory and --file for a file'
}

@test "--explain says why it moved, and what a pointer into the old range is worth" {
	mm grow --blocked --explain
	output=$(tr -d '|\n' <<<"$output" | tr -s ' ')
	assert_output --partial 'so the kernel moved it (MREMAP_MAYMOVE). The page tables were changed and no byte was copied'
	assert_output --partial 'every pointer into the old range is stale'
	mm grow --room --explain
	output=$(tr -d '|\n' <<<"$output" | tr -s ' ')
	assert_output --partial "The $(size 3) behind it were free, so it grew in place"
}

@test "a size that the kernel refuses is its answer, and status 1" {
	big=1000T
	[ "$(word_bits)" -gt 32 ] || big=3G
	mm grow --to=$big
	assert_failure 1
	assert_line --regexp '^    FAILED: mremap failed: -1 E(NOMEM|INVAL)$'
	assert_output --regexp '3 steps, 1 failed, at line 3$'
}

@test "its script by run prints the same, with any options" {
	file 2
	for how in '' --in-place --room --blocked '--blocked --in-place' '--room --in-place'; do
		for what in '' --shared --file=file '--from=2p --to=9p' '--from=1 --to=100K'; do
			# shellcheck disable=SC2086 # the words are options
			same_as_run grow $how $what
		done
	done
	same_as_run grow --file=missing
	# shellcheck disable=SC2034 # same_as_run's
	report=(--explain)
	same_as_run grow
	grep -q '^    | ' again
}

@test "its script by run prints the same whole maps" {
	not_sanitized 'the runtime of the sanitizer lays out its memory at random'
	# shellcheck disable=SC2034 # same_as_run's
	report=(--full)
	same_as_run grow
	grep -q '^    after:' again
}
