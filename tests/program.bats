#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --format=c: programs that compile without a warning, come out as the scripts do, and make the same calls.

load helper/common
load helper/program

setup()
{
	cd "$BATS_TEST_TMPDIR"
	need_compiler
}

@test "grow" {
	same grow
	same grow --blocked
	same grow --blocked --in-place
	same grow --room
	same grow --in-place
	same grow --shared
	same grow --file=/etc/passwd --to=9p
	same grow --from=64K --to=1M
}

@test "shrink and move-fixed" {
	same shrink
	same shrink --from=100p --to=1p
	same move-fixed
	same move-fixed --onto=occupied --size=3p
	for mistake in no-maymove unaligned overlap zero; do
		same move-fixed --mistake=$mistake
	done
}

@test "reserve-fill and noreserve" {
	same reserve-fill
	same reserve-fill --pages=16 --file=/etc/passwd
	same noreserve
	same noreserve --size=2G --touch=8 --address=0x4000000000
}

@test "every example" {
	for script in "$top"/examples/*.mmt; do
		[ -z "${MMTOOL_SANITIZED-}" ] || [ "${script##*/}" != limits.mmt ] || continue
		same run "$script"
	done
}

@test "the scripts of the language's own tests" {
	not_sanitized 'faults are counted'
	for script in "$top"/tests/run/*.mmt; do
		same run "$script"
	done
}

@test "names, values and processes that are awkward in C" {
	not_sanitized 'its runtime maps memory where these expect none'
	for script in "$top"/tests/program/*.mmt; do
		same run "$script"
	done
}

@test "what fails, fails likewise" {
	local script

	while IFS= read -r script; do
		printf '%b' "$script" >script.mmt
		same run script.mmt
	done <<-'END'
		expect 1 == 2
		expect 0, "zero"
		a = mmap(NULL, 0, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		munmap(1, 1p)
		munmap(0, 1p) = -1 EINVAL
		munmap(0, 1p) = -1
		munmap(1, 1p) = 0
		munmap(1, 1p) = -1 ENOMEM
		a = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 4096
		x = 1 / 0
		x = 5 % (3 - 3)
		y = 0x7fffffffffffffff\nx = y + 1
		y = 0x8000000000000000\nx = -y
		y = 0x8000000000000000\nx = y / -1
		x = 1 << 64
		x = 3 >> 64
		x = 1\nrepeat 70 { x = x * 2 }
		if 0 { x = 1 }\nexpect x == 1
		repeat 0 { x = 1 }\nnote x
		repeat 3 { break; x = 1 }
		repeat 3 { break; x = 1 }\nnote x
		repeat 3 { break; x = "s" }\nnote x
		repeat 3 { break; x = "s" }\ny = x
		if errno { x = 1 }\nx = x
		if errno { x = 1 }\nexpect x == "s"
		x = "s"\nexpect x == 1
		x = "s"\ny = x + 1
		x = 1\nexpect x == "s"
		x = 1\nexpect status(x) == 0
		x = 1\nif errno == 0 { x = "s" }\nx = x + 1
		x = 1\nif errno == 0 { x = "s" }\nexpect x == 1
		x = "s"\nif errno == 0 { x = 1 }\nstrcpy(scratch, x)
		x = "s"\nif errno == 0 { x = 1 }\ny = x\nexpect y == "s"
		if errno { x = 1 }\nif errno { x = "s" }\nnote x
		memset(scratch, 0, -1)
		memset(scratch, 0, 1p) = 1
		memset(scratch, 0, 1p) = -1
		memset(scratch, 0, 1p) = -1 EFAULT
		memset(scratch, 0, 1p) = scratch[0] + 1
		x = "s"\nmemset(x, 0, 1)
		x = "s"\nexpect x < 5
		x = fork()\nin x { y = read(0, scratch, 1) = ? }\nexpect y == 0\nin x { z = read_pages(NULL, 1) = ? }
		x = zero(scratch, -1)
		x = vma(scratch, -1)
		x = vma(-1p, 2p)
		x = mapped(-1p, 2p)
		x = resident(-1p, 2p)
		expect status("NoSuch") == 0
		expect smaps(scratch, "NoSuch") == 0
		expect sysctl("no.such") == 0
		x = hole(0)
		require 0, "never"
		require kernel 99.1
		require kernel 2.6.1
		require MADV_NORMAL
		require mseal
		wait(1)
		c = fork()\nwait(c)\nwait(c)
		c = fork()\nin c { expect 0 }
		c = fork()\nin c { require 0, "no" }
		c = fork()\nin c { d = fork()\n in d { munmap(1, 1p) } }
		c = fork()\nin c { memset(NULL, 0, 1) }
		c = fork()\nin c { memset(NULL, 0, 1) = ?\n expect 1 }
		c = fork()\nin c { memset(NULL, 0, 1) = ? }\nin c { expect 1 }
		in 5 { expect 1 }
		fd = open("/nonexistent", O_RDONLY)
		fd = tmpfile(1p)\nexpect fd == 3
		fd = tmpfile(-1) = -1 EINVAL
		fd = tmpfile(1p, O_RDONLY)\nwrite(fd, "x", 1) = -1 EBADF
		close(77)
		# nothing but a comment
	END
}

@test "names that are defined for a run" {
	echo 'note s, n; strcpy(scratch, s); s = text(scratch); expect s == "it" && n == 3p' >script.mmt
	same run -D n=3p -D 's="it"' script.mmt
	cat >script.mmt <<-'END'
		x = n
		if n == 5 { x = "s" }
		note x, n
		expect x == "s" && n == least + 5 - least
		if errno == 0 { n = "t"; s = 1 }
		expect n == "t" && s == 1
	END
	same run -D n=5 -D 's="x"' -D least=0x8000000000000000 script.mmt
}

@test "comments and notes are there" {
	printf '# Why */ it /* is done\nnote "a remark"\nx = 1    # behind\nnote x, "of them"\n' >script.mmt
	emit run script.mmt
	run cat program.c
	assert_line --partial '/* Why * / it / * is done'
	assert_line --partial 'a remark'
	assert_line --partial '/* behind */'
	same run script.mmt
}

@test "the values of a note are found in their order, and said whole" {
	local compiler

	cat >script.mmt <<-'END'
		a = mmap(NULL, 40p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		note "order", a[0], fault(a[0] = 5), a[0], resident(a, 40p) / page, a[1p], resident(a, 40p) / page
		strcpy(a, "1"); strcpy(a + 1p, "2"); strcpy(a + 2p, "3"); strcpy(a + 3p, "4"); strcpy(a + 4p, "5")
		note "texts", text(a), text(a + 1p), text(a + 2p), text(a + 3p), text(a + 4p)
		note "a zero\0byte", errno
		memset(a, 'x', 65535)
		note text(a), text(a), text(a), "end"
		expect text(a) == text(a), "the same"
	END
	emit run script.mmt
	for compiler in "${compilers[@]}"; do
		build "$compiler" 2
		./program | tr '\0' '@' >out
		run grep -v xxx out
		assert_line 'order 0 0 5 1 0 2'
		assert_line 'texts 1 2 3 4 5'
		assert_line 'a zero@byte 0'
		run awk '/xxx/ { print length($1), length($2), length($3), $4 }' out
		assert_output '65535 65535 65535 end'
		run tail -n 1 out
		assert_output 'ok: the same'
	done
	echo "note \"$(printf 'x%.0s' {1..200000})\", errno" >script.mmt
	emit run script.mmt
	build "${compilers[0]}" 2
	run bash -c "./program | tr -d 'x\n' | wc -c"
	assert_output 0
}

@test "comments, strings and ends of lines of any bytes" {
	printf '#\n' >script.mmt
	same run script.mmt
	printf '# \xff\xfe \xe2\x80\xae ?\x01? *\xe2\x80\x8b/ \t\r\nx = (1 +   # one \r\n\t2\r\n)  //\r\n' >script.mmt
	printf 'strcpy(scratch,\r\n"\xff\xe2\x80\xae\xc3\xa9")\t;\r\nexpect x == 1 +\r\n\t2, "\xe2\x80\xae ??/"  #' >>script.mmt
	same run script.mmt
	run env LC_ALL=C grep -P '[\x01-\x08\x0b-\x1f\x80-\xff]' program.c
	refute_output
	printf '\n//' >>script.mmt
	same run script.mmt
}

@test "loops within loops are printed in no time" {
	printf 'repeat 1 { %.0s' {1..150} >script.mmt
	printf 'note errno' >>script.mmt
	printf ' }%.0s' {1..150} >>script.mmt
	run timeout 60 "$MMTOOL" run --format=c script.mmt
	assert_success
}

@test "the same script gives the same program" {
	emit run "$top/tests/run/processes.mmt"
	cp program.c before.c
	emit run "$top/tests/run/processes.mmt"
	cmp before.c program.c
}

@test "nothing moves the break" {
	need strace
	emit grow
	build "${compilers[0]}" 0
	strace -o trace ./program >/dev/null
	run sed -n '1,/PROT_NONE, MAP_SHARED/d; /^brk/p' trace
	assert_output ''
}

@test "errors are errors here too, and nothing is printed" {
	mm run --format=c -e 'x = ('
	assert_failure 2
	refute_output --partial '#include'
	echo 'x = 1' >a.mmt
	mm run --format=c a.mmt a.mmt
	assert_failure 2
	assert_output --partial 'made of one script'
	mm run --format=c --inject=mmap:ENOMEM a.mmt
	assert_failure 2
}

@test "nothing is performed" {
	mm run --format=c -e 'require 0, "never"'
	assert_success
	mm run --format=c -e 'expect 0'
	assert_success
}
