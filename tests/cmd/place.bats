#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# place: where mappings go.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# address NAME: where the call that bound it put its mapping.
address()
{
	printf '%d\n' "$(result_of "$1 = ")"
}

@test "a hint is taken when it is free, rounded down, and hurts nobody when not" {
	mm place
	assert_success
	a=$(address a)
	[ "$(address b)" -ne "$a" ]
	assert_equal "$(address c)" $((a + 4 * page))
	[ "$(address d)" -ne $((a + 3 * page)) ]
	assert_equal "$(changed - 'b = ' | grep -c "^$(printf '%x' "$a")-")" 0
	assert_equal "$(block 'expect text(a) == "Mine"' | grep -c '^    ok: "Mine"$')" 2
}

@test "a hint that was rounded is explained as one that was taken" {
	mm place --explain
	block 'c = ' | tr -s ' \n|' ' ' | grep -q 'so the kernel rounded it down; the range there was free, and it took it'
	block 'd = ' | tr -s ' \n|' ' ' | grep -q 'the range there is taken by mapping c (rw-p), so the kernel chose another'
}

@test "MAP_FIXED_NOREPLACE: EEXIST over all of it and over half, else exactly there" {
	mm place
	assert_equal "$(grep -c 'MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST (' <<<"$output")" 2
	assert_equal "$(address e)" $(($(address a) + page))
}

@test "mmap need not make a new line of the maps" {
	mm place
	assert_equal "$(changed - 'e = ' | pages_of)" 1
	assert_equal "$(changed + 'e = ' | pages_of)" 2
	block 'e = ' | grep -q 'merged'
}

@test "0x4000000000 is 256 GiB, and 1 TiB is 0x10000000000" {
	mm place
	assert_equal "$(block 'expect 0x4000000000' | tail -n 1)" "    ok: $((1 << 38))"
	assert_equal "$(block 'expect 0x10000000000' | tail -n 1)" "    ok: $((1 << 40))"
}

@test "MAP_FIXED: data, protection and views are lost, an object's data is not" {
	mm place --show=fixed
	assert_success
	assert_equal "$(changed - 'b = ' | pages_of | xargs)" '1 1 1'
	assert_equal "$(changed + 'b = ' | pages_of)" 3
	block 'a = mmap(region, 4p' | grep -q '/memfd:object'
	assert_equal "$(changed + 'a = mmap(region, 4p' | pages_of)" 4
	assert_line '    ok: "Fourth"'
	assert_line --regexp '= -1 EINVAL'
}

@test "a reservation keeps hints away, and nobody who says MAP_FIXED" {
	mm place --show=fixed
	[ "$(address other)" -ne "$(address region)" ]
	assert_equal "$(result_of 'a = mmap(region, 3p')" "$(result_of 'region = ')"
}

@test "the kernel's own order: just below the last, and none can grow in place" {
	not_sanitized 'its shadow leaves gaps between the libraries'
	mm place --show=order
	assert_success
	if grep -qx '# top-down: each new mapping lies just below the last' <<<"$output"; then
		assert_equal "$(address b)" $(($(address a) - 64 * page))
		assert_equal "$(address c)" $(($(address b) - 64 * page))
		assert_line --regexp '^    mremap\(.*\) = -1 ENOMEM'
	else
		assert_line --regexp '^# (bottom-up|neither)'
	fi
	if [ "$(address e)" -eq "$(address b)" ]; then
		assert_line --partial '# the gap is filled again'
	fi
}

@test "the legacy layout: just above the last, and the last one can grow" {
	not_sanitized 'its runtime starts the program again with another layout'
	need setarch
	setarch -L true 2>/dev/null || skip 'this user may not choose the layout'
	run setarch -L "$MMTOOL" place --show=order
	assert_success
	refute_line --partial '# top-down'
	if grep -q '^# bottom-up' <<<"$output"; then
		assert_equal "$(address b)" $(($(address a) + 64 * page))
		assert_line --regexp '^# (and so it did|but something lies behind it here)$'
	fi
}

@test "the base is random from run to run, unless it is forbidden" {
	not_sanitized 'its runtime can start the program again without randomization'
	need setarch
	setarch -R true 2>/dev/null || skip 'this user may not switch randomization off'
	need_randomized
	for how in '' -R; do
		for _ in 1 2 3 4; do
			# shellcheck disable=SC2086 # no option, or one
			run setarch ${how:-"$(uname -m)"} "$MMTOOL" place --show=order
			assert_success
			address a
		done | sort -u >"places$how"
	done
	[ "$(wc -l <places)" -gt 1 ]
	assert_equal "$(wc -l <places-R)" 1
}

@test "spread: the curve rises as probability predicts" {
	mm place --show=spread
	assert_success
	assert_equal "$(grep -c '^# of .* mappings .* could not grow in place; probability predicts' <<<"$output")" 5
	while read -r n collided predicted; do
		off=$((collided - predicted)) last=$collided
		[ $((off * off)) -le $((36 * (predicted + 1))) ] || fail "of $n mappings $collided collided, not about $predicted"
		assert_equal "$predicted" $(((n * (n - 1) + 2048) / 4096))
	done < <(sed -n 's/^# of \([0-9]*\) mappings \([0-9]*\) could .* predicts \([0-9]*\)$/\1 \2 \3/p' <<<"$output")
	[ "$last" -gt 100 ]
	assert_line '# 65536 mappings at random multiples of 2M in 128T: 1 growth of 1024 collides'
}

@test "spread: the seed decides, and nothing else" {
	first=$("$MMTOOL" place --show=spread --mappings=200 --span=1000p --seed=5 | grep '^# of')
	again=$("$MMTOOL" place --show=spread --mappings=200 --span=1000p --seed=5 | grep '^# of')
	other=$("$MMTOOL" place --show=spread --mappings=200 --span=1000p --seed=6 | grep '^# of')
	assert_equal "$again" "$first"
	[ "$other" != "$first" ]
}

@test "spread: sizes that are no whole pages, few mappings, and none left behind" {
	mm place --show=spread --mappings=16 --size=$((page + 1)) --span=$((64 * page + 5))
	assert_success
	assert_equal "$(changed + 'm = mmap' | pages_of | sort -u)" 2
	assert_line --partial 'places = '
	assert_line '    = 32'
}

@test "an ordinary user sees the same" {
	for show in hint fixed order spread; do
		as_nobody "$MMTOOL" place --show=$show
		assert_success
	done
}

@test "options that are refused" {
	mm place --show=all
	assert_failure 2
	assert_line --index 0 'mmtool place: --show: all: not a choice (try hint, fixed, order or spread)'
	mm place --mappings=20
	assert_failure 2
	assert_line --index 0 'mmtool place: --mappings, --size, --span and --seed belong to --show=spread'
	mm place --show=spread --mappings=15
	assert_failure 2
	assert_line --index 0 'mmtool place: --mappings: 15: not a number from 16 to 30000'
	mm place --show=spread --span=100p
	assert_failure 2
	assert_line --index 0 'mmtool place: --span: 100p has 100 places of 1p, and 1024 mappings need twice as many places as that'
	mm place --show=spread --span=131073p
	assert_failure 2
	assert_line --index 0 --partial 'more than 131072 take too long'
	mm place --show=spread --seed=0
	assert_failure 2
	assert_line --index 0 'mmtool place: --seed: 0: not a number from 1 to 2147483646'
}

@test "as a script it does the same" {
	for show in hint fixed order 'spread --mappings=32 --span=100p'; do
		# shellcheck disable=SC2086 # an option after it
		same_as_run place --show=$show
	done
}

@test "as a C program it does the same" {
	need_compiler
	for show in hint fixed order 'spread --mappings=32 --span=100p'; do
		# shellcheck disable=SC2086 # an option after it
		same place --show=$show
	done
}
