#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# move-fixed: onto a place of one's own, and the mistakes that EINVAL answers.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "the destination is reserved, and the mapping moves exactly there" {
	mm move-fixed
	assert_success
	assert_equal "$(changed + 'dest = mmap(NULL, 1p + 1p, PROT_NONE' | cut -d' ' -f2)" ---p
	assert_equal "$(result_of 'a = mremap(a, 1p, 1p, MREMAP_MAYMOVE|MREMAP_FIXED, dest) = dest')" "$(result_of 'dest = mmap')"
	assert_output --regexp "    a moved (up|down) by "
}

@test "what was there is replaced, and the rest of the reservation is not" {
	mm move-fixed
	assert_equal "$(changed + 'a = mremap' | cut -d' ' -f2 | sort | tr '\n' ' ')" '---p rw-p '
	assert_equal "$(changed + 'a = mremap' | pages_of | sort | tr '\n' ' ')" '1 1 '
	assert_line "    the first $(size 1) of dest was replaced by a: ---p, now rw-p"
	assert_equal "$(block 'expect perms(dest + 1p) == "---p", "only the size of the move was replaced"' | tail -n 1)" '    ok: "---p"'
	assert_equal "$(block 'expect text(a)' | tail -n 1)" '    ok: "Original data in page 0"'
}

@test "the old address faults" {
	mm move-fixed
	old=$(result_of 'a = mmap')
	assert_line "    SIGSEGV, SEGV_MAPERR at $old: nothing is mapped there"
	assert_equal "$(block 'expect fault(old[0]) == SEGV_MAPERR' | tail -n 1)" '    ok: SEGV_MAPERR'
}

@test "the page frame is the same, where the user may see it" {
	need_root
	mm move-fixed
	[ -n "$(block 'expect pfn(a) == frame')" ] || skip 'root without CAP_SYS_ADMIN sees no page frames'
	frame=$(block 'frame = pfn(a)' | sed -n 's/^    = //p')
	[ "$frame" -gt 0 ]
	assert_equal "$(block 'expect pfn(a) == frame, "the same page frame: nothing was copied"' | tail -n 1)" "    ok: $frame"
}

@test "where the frames are hidden it says so" {
	as_nobody "$MMTOOL" move-fixed
	assert_success
	assert_equal "$(block 'frame = pfn(a)' | tail -n 1)" '    = 0 (hidden from this user)'
	output=$(tr '\n' ' ' <<<"$output" | sed 's/ # / /g')
	assert_output --partial ' page frame numbers are hidden from this user: only root sees that the frame is the same'
	refute_output --partial 'expect pfn'
}

@test "--onto=occupied: the data there is replaced, and what lies behind it is not" {
	mm move-fixed --onto=occupied
	assert_success
	assert_line 'strcpy(dest, "What was at the destination")'
	assert_equal "$(block 'expect text(a)' | tail -n 1)" '    ok: "Original data in page 0"'
	assert_equal "$(block 'expect text(dest + 1p)' | tail -n 1)" '    ok: "What lies behind it"'
	assert_line "    the first $(size 1) of dest was replaced by a: rw-s, now rw-p"
}

@test "--onto=reserved is the default" {
	mm move-fixed --onto=reserved --symbolic
	reserved=$output
	mm move-fixed --symbolic
	assert_output "$reserved"
}

@test "--size: in whole pages and not" {
	mm move-fixed --size=5p
	assert_success
	assert_equal "$(changed - 'a = mremap' | pages_of | sort -n | tr '\n' ' ')" '5 6 '
	mm move-fixed --size=$((page + 1)) --onto=occupied
	assert_success
	assert_line "    the first $(size 2) of dest was replaced by a: rw-s, now rw-p"
}

# broken MISTAKE CALL WHY: shows that mistake onto both kinds of destination.
broken()
{
	local onto

	for onto in reserved occupied; do
		mm move-fixed --mistake="$1" --onto="$onto"
		assert_success
		assert_equal "$(result_of "$2 = -1 EINVAL")" '-1 EINVAL (Invalid argument)'
		assert_equal "$(block "$2" | tail -n 1)" '    nothing changed in the maps'
		[[ $(block "$2" | tr -s ' \n' ' ') == *"why: EINVAL: "$3* ]] || fail "why? $(block "$2")"
		assert_equal "$(block 'expect text(a)' | tail -n 1)" '    ok: "Original data in page 0"'
		assert_equal "$(block 'expect mapped(dest, 1p + 1p) == 1p + 1p' | tail -n 1)" "    ok: $((2 * page))"
	done
	assert_equal "$(block 'expect text(dest)' | tail -n 1)" '    ok: "What was at the destination"'
}

@test "--mistake=no-maymove" {
	broken no-maymove 'mremap(a, 1p, 1p, MREMAP_FIXED, dest)' 'MREMAP_FIXED *MREMAP_MAYMOVE'
}

@test "--mistake=unaligned" {
	broken unaligned 'mremap(a, 1p, 1p, MREMAP_MAYMOVE|MREMAP_FIXED, dest + 1)' 'new_address is not *dest+0x1 is 1 byte past'
}

@test "--mistake=overlap" {
	broken overlap 'mremap(a, 1p, 1p, MREMAP_MAYMOVE|MREMAP_FIXED, a)' \
		"the old range ($(size 1) at a) and the new range ($(size 1) at a) overlap"
}

@test "--mistake=zero" {
	broken zero 'mremap(a, 1p, 0, MREMAP_MAYMOVE|MREMAP_FIXED, dest)' 'new_size is 0'
}

@test "a mistake names one rule, the one that it breaks" {
	for mistake in no-maymove unaligned overlap zero; do
		mm move-fixed --mistake=$mistake
		assert_equal "$(grep -c 'why: ' <<<"$output")" 1
		refute_output --partial '; or: '
	done
}

@test "other words are refused with the option's name" {
	mm move-fixed --onto=free
	assert_failure 2
	assert_line --index 0 'mmtool move-fixed: --onto: free: not a choice (try reserved or occupied)'
	mm move-fixed --mistake=typo
	assert_failure 2
	assert_line --index 0 --partial 'mmtool move-fixed: --mistake: typo: not a choice (try no-maymove, '
}

@test "--explain says what MREMAP_FIXED does" {
	mm move-fixed --explain
	output=$(tr -d '|\n' <<<"$output" | tr -s ' ')
	assert_output --partial 'MREMAP_FIXED put the mapping exactly at new_address. The kernel first unmapped what was in the new_size bytes there, and only that'
	assert_output --partial 'PROT_NONE reserves addresses and nothing else'
}

@test "its script by run prints the same" {
	for what in '' '--onto=occupied' '--size=7p' '--size=100K --onto=occupied'; do
		for mistake in '' --mistake=no-maymove --mistake=unaligned --mistake=overlap --mistake=zero; do
			# shellcheck disable=SC2086 # the words are options
			same_as_run move-fixed $what $mistake
		done
	done
}

# costs ARG...: the figures of mmtool move-fixed --cost, in the file events.
costs()
{
	need jq
	"$MMTOOL" move-fixed --cost --format=json "$@" >events
	assert_equal "$(jq -r 'select(.type == "cost") | .kept' events | sort -u)" true
}

# cost WAY PAGES: processor time of one move, in nanoseconds.
cost()
{
	jq -r --arg way "$1" --argjson pages "$2" 'select(.way == $way and .pages == $pages) | .cpu' events
}

@test "--cost: more pages cost more, and a copy of many costs more than their move" {
	costs --to=2048p --runs=3
	assert_equal "$(jq -r 'select(.type == "cost") | .pages' events | xargs)" '1 8 64 512 2048 1 8 64 512 2048 1 8 64 512 2048'
	assert_equal "$(jq -r 'select(.pages == 8) | .size' events | sort -u)" $((8 * page))
	[ "$(cost 'mremap, unaligned' 2048)" -gt $((2 * $(cost 'mremap, unaligned' 1))) ]
	[ "$(cost memcpy 2048)" -gt $((20 * $(cost memcpy 1))) ]
	[ "$(cost memcpy 2048)" -gt $((2 * $(cost 'mremap, unaligned' 2048))) ]
}

@test "--cost: the table has the figures of the events" {
	costs --to=$((9 * page - 1)) --runs=1
	run "$MMTOOL" report events
	assert_success
	assert_line --index 0 '# Private anonymous memory, each page written, goes from one place to another.'
	assert_equal "$(grep -c ' kept$' <<<"$output")" 9
	time=$(cost memcpy 9)
	assert_line --regexp "^memcpy +[0-9]+[KM]? +9 +$((time / 1000))\\.[0-9]{2} us +$((time / 9))\\.[0-9] ns  kept\$"
	run "$MMTOOL" report --symbolic events
	assert_equal "$(grep -c ' kept$' <<<"$output")" 9
	refute_output --partial ' us'
}

@test "--cost: what was lost is shown, by --quiet, too" {
	costs --to=1p --runs=1
	jq -c 'if .way == "memcpy" then .kept = false else . end' events >lost
	run "$MMTOOL" report --quiet lost
	assert_line --regexp '^memcpy .*  LOST$'
	refute_line --regexp '^mremap'
}

@test "--cost as an ordinary user" {
	as_nobody "$MMTOOL" move-fixed --cost --to=64p --runs=1
	assert_success
	assert_equal "$(grep -c ' kept$' <<<"$output")" 9
}

@test "--cost: options that do not go together, and too much" {
	for option in --size=2p --onto=occupied --mistake=zero; do
		mm move-fixed --cost $option
		assert_failure 2
		assert_line --index 0 'mmtool move-fixed: --size, --onto and --mistake do not go with --cost'
	done
	for option in --to=2M --runs=2; do
		mm move-fixed $option
		assert_failure 2
		assert_line --index 0 'mmtool move-fixed: --to and --runs go with --cost'
	done
	mm move-fixed --cost --to=2G
	assert_failure 2
	assert_line --index 0 --partial 'mmtool move-fixed: --to: 2G: at most 1024M'
	for format in script c tap; do
		mm move-fixed --cost --format=$format
		assert_failure 2
		assert_line --index 0 --partial '--format: text or json here'
	done
}

@test "--cost: no memory for it ends the process that measures, and the tool says so" {
	not_sanitized 'its shadow needs more'
	run bash -c 'ulimit -v 65536; exec "$0" move-fixed --cost --to=64M --runs=1' "$MMTOOL"
	assert_failure 3
	assert_output --partial 'mremap, aligned: mmap: Cannot allocate memory'
}
