# SPDX-License-Identifier: MIT
# mmtool has no rights but those of whoever calls it, and what it executes it names by its path.

load helper/common

# refused COMMAND [ARG...]: it is refused, in words.
refused()
{
	run "$@"
	assert_failure 3
	assert_output --partial 'rights that you do not have'
	[ "${#lines[@]}" -eq 1 ] || fail "more than the refusal: $output"
}

# own_copy: a copy of mmtool where every user can execute it, on a file system that honours set-user-ID.
own_copy()
{
	need_root
	need setpriv
	copy=$(open_dir)/secure
	cp "$(readlink -f "${MMTOOL_OBSERVED-$MMTOOL}")" "$copy"
	chmod 755 "$copy"
	! findmnt -no OPTIONS -T "$copy" 2>/dev/null | grep -qw nosuid || skip "this file system is mounted nosuid"
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${nobody[@]}" "$copy" --version >/dev/null || skip 'this user namespace has no user 65534'
}

@test "set-user-ID and set-group-ID are refused, whatever is asked for" {
	not_sanitized 'its runtime looks into the environment first'
	own_copy
	for mode in 4755 2755 6755; do
		chmod "$mode" "$copy"
		refused "${nobody[@]}" "$copy" grow
		refused "${nobody[@]}" "$copy" --version
		refused "${nobody[@]}" "$copy"
		refused "${nobody[@]}" env MMTOOL_LIBEDIT=/tmp/x.so TMPDIR=/root "$copy" shell
	done
	chmod 755 "$copy"
	run "${nobody[@]}" "$copy" grow
	assert_success
}

@test "file capabilities are refused" {
	not_sanitized 'its runtime looks into the environment first'
	need setcap
	own_copy
	setcap cap_sys_admin+p "$copy" 2>/dev/null || skip 'this file system keeps no capabilities'
	refused "${nobody[@]}" "$copy" grow
	setcap cap_sys_admin,cap_sys_ptrace+ep "$copy"
	refused "${nobody[@]}" "$copy" maps 1
	setcap -r "$copy"
	run "${nobody[@]}" "$copy" grow
	assert_success
}

@test "one whose caller has more rights than its user is refused" {
	not_sanitized 'its runtime looks into the environment first'
	own_copy
	refused setpriv --ruid=65534 "$copy" grow
	refused setpriv --rgid=65534 --keep-groups "$copy" grow
}
