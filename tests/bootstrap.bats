# SPDX-License-Identifier: MIT
# bootstrap on machines that this one is not: package managers and programs are stand-ins that note how they were called.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	mkdir bin tree
	cp "$top/bootstrap" tree/
	# All that bootstrap itself needs, and nothing of what it looks for.  No links: a stand-in would be written through them.
	for program in sh cat cut dirname env mkdir grep; do
		stand_in "$program" "exec $(command -v "$program") \"\$@\""
	done
	stand_in id 'echo 0'
}

# stand_in NAME BODY: a program of that name that runs BODY.
stand_in()
{
	printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
	chmod +x "bin/$1"
}

# debian PACKAGE...: a machine with apt where only these are installed.
debian()
{
	stand_in dpkg-query "for p; do :; done; case ' $* ' in *\" \$p \"*) echo 'install ok installed' ;; *) exit 1 ;; esac"
	stand_in apt-get "echo \"\$@\" >>'$PWD/calls'; echo \"\$DEBIAN_FRONTEND\" >>'$PWD/frontend'"
}

bootstrap()
{
	run env -i PATH="$PWD/bin" tree/bootstrap "$@"
}

@test "without a command it prints its usage" {
	bootstrap
	assert_success
	assert_line --index 0 'Usage: ./bootstrap COMMAND'
	bootstrap --help
	assert_success
	assert_line --index 0 'Usage: ./bootstrap COMMAND'
}

@test "an unknown command is refused" {
	bootstrap frobnicate
	assert_failure 2
}

@test "apt installs what is missing, and only that" {
	debian gcc make libc6-dev bats bats-support bats-assert bsdutils util-linux strace tmux libedit2 zsh jq \
		python3-jsonschema mandoc libcap2-bin perl
	bootstrap packages
	assert_success
	run cat calls
	assert_line --index 0 --regexp ' update$'
	assert_line --index 1 --regexp ' install --yes --no-install-recommends autoconf automake libjansson-dev fish$'
	run sort -u frontend
	assert_output noninteractive
}

@test "apt is not called when nothing is missing" {
	debian gcc make libc6-dev autoconf automake libjansson-dev bats bats-support bats-assert bsdutils util-linux strace tmux libedit2 zsh fish \
		jq python3-jsonschema mandoc libcap2-bin perl
	bootstrap packages
	assert_success
	assert_output ''
	[ ! -e calls ]
}

@test "lists that cannot be fetched do not stop an installation" {
	debian
	stand_in apt-get "for a; do [ \"\$a\" != update ] || exit 100; done; echo \"\$@\" >>'$PWD/calls'"
	bootstrap packages
	assert_success
	assert_output --partial 'apt-get update failed'
	[ -s calls ]
}

@test "a user has sudo do it" {
	debian
	stand_in id 'echo 1000'
	stand_in sudo "echo sudo >>'$PWD/calls'; exec \"\$@\""
	bootstrap packages
	assert_success
	run cat calls
	assert_line --index 0 sudo
	assert_line --index 2 sudo
}

@test "a user without sudo is told what to ask for" {
	debian gcc make
	stand_in id 'echo 1000'
	bootstrap demo
	assert_failure 1
	assert_output --partial 'apt-get install --no-install-recommends libc6-dev autoconf automake libjansson-dev'
	[ ! -e calls ]
}

@test "elsewhere it names the packages and the command" {
	for manager in dnf pacman zypper apk; do
		stand_in "$manager" 'exit 1'
		bootstrap demo
		assert_failure 1
		assert_output --partial 'missing (by their names in Debian): gcc make libc6-dev autoconf automake libjansson-dev'
		assert_output --regexp "try, as root: $manager .* gcc make .* autoconf automake"
		rm "bin/$manager"
	done
}

@test "elsewhere it names only what is missing" {
	stand_in dnf 'exit 1'
	stand_in gcc 'exit 0'
	stand_in make ''
	stand_in autoconf ''
	bootstrap demo
	assert_failure 1
	assert_line --index 0 'bootstrap: missing (by their names in Debian): automake'
	assert_line --index 1 'bootstrap: try, as root: dnf install automake'
}

@test "where no package manager is known it names the programs" {
	bootstrap demo
	assert_failure 1
	assert_output 'bootstrap: missing (by their names in Debian): gcc make libc6-dev autoconf automake libjansson-dev'
}
