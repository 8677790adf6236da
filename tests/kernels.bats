#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What runs the suite in guests (tests/kernels): the choice of guests, what it says of a machine that lacks something, and
# that its bats tells what bats tells.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	kernels=$top/tests/kernels
}

# rows FILE COLUMN...: these columns of a table.
rows()
{
	local file=$1

	shift
	grep -v '^#' "$kernels/$file" | awk -v columns="$*" '{ split(columns, c, " "); for (i in c) printf "%s ", $c[i]; print "" }'
}

@test "at least ten guests, each of an architecture that is described" {
	[ "$(rows guests 1 | sort -u | wc -l)" -ge 10 ]
	run comm -23 <(rows guests 3 | sort -u) <(rows architectures 1 | sort -u)
	assert_output ''
	for name in amd64-5.10 amd64-6.1 amd64-6.12 amd64-newest i386-6.1 armhf-6.1 arm64-6.1 arm64-16k mips64el-6.12 ppc64el-6.1 \
		riscv64-6.12 s390x-6.1; do
		rows guests 1 | grep -qx "$name "
	done
}

@test "what is left out is there, and nothing of tests/cmd, tests/run and tests/unit is" {
	while read -r file reason; do
		[ -e "$top/$file" ] || fail "no $file"
		[ -n "$reason" ] || fail "$file: no reason"
		case $file in
		tests/cmd/* | tests/run/* | tests/unit/*) fail "$file is left out" ;;
		esac
	done < <(grep -v '^#' "$kernels/left-out")
}

@test "an unknown guest is refused, and those that there are are named" {
	KERNELS=vax-1.0 run -2 "$kernels/run" work
	assert_output --partial 'vax-1.0: no such guest (there are: amd64-5.10 '
}

@test "a machine that lacks something is told the command, and status 77" {
	mkdir bin
	for program in bash env mkdir grep awk sort tr sed nproc cat; do
		ln -s "$(command -v $program)" bin
	done
	KERNELS=amd64-6.1 PATH=$PWD/bin run -77 "$kernels/run" work
	assert_output --partial 'needs apt-get and dpkg-deb'
	printf '#!/bin/sh\necho none\n' >bin/dpkg
	chmod 755 bin/dpkg
	ln -s ../bin/dpkg bin/apt-get
	ln -s ../bin/dpkg bin/dpkg-deb
	KERNELS="amd64-6.1 arm64-16k" PATH=$PWD/bin run -77 "$kernels/run" work
	assert_output --regexp 'apt-get install --no-install-recommends cpio .*gcc-aarch64-linux-gnu .*libc6-dev-arm64-cross .*qemu-system-arm .*qemu-system-x86'
}

@test "the guests' bats tells what bats tells" {
	libexec=$(cd "$BATS_LIBEXEC" && pwd)
	cp "$top/tests/data/outcomes" odd.bats
	clean=(env -u BATS_RUN_TMPDIR -u BATS_ROOT -u BATS_LIBEXEC)
	"${clean[@]}" "$libexec/../../bin/bats" --tap odd.bats 3>&- 2>/dev/null | grep -E '^(ok|not ok|1\.\.)' >wanted
	"${clean[@]}" BATS_ROOT="${libexec%/libexec/*}" "$kernels/bats" --tap odd.bats 3>&- 2>/dev/null | grep -E '^(ok|not ok|1\.\.)' >got
	[ "$(grep -c '^ok' wanted)" -gt 4 ]
	[ "$(grep -c '^not ok' wanted)" -gt 10 ]
	diff wanted got
}
