#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the compiler and the linker were told to do against exploits has arrived in the program.
load helper/common

setup()
{
	need readelf
	# Not the wrapper of MMTOOL_OBSERVER.
	program=${MMTOOL_OBSERVED-$MMTOOL}
	[ "$(head -c 4 "$program" | tail -c 3)" = ELF ] || skip "$program is no ELF program"
}

# compiled_with FLAG: skips the test where the compiler did not take it, or make did not say.
compiled_with()
{
	[ -n "${CFLAGS-}" ] || skip 'make check says how it was compiled'
	case " $CFLAGS " in *" $1 "*) ;; *) skip "compiled without $1" ;; esac
}

# not_compiled_with FLAG: skips the test where CFLAGS asked for it.
not_compiled_with()
{
	case " ${CFLAGS-} " in *" $1 "*) skip "compiled with $1, as asked for" ;; esac
}

# dynamic: skips the test of what a static program does not have.
dynamic()
{
	readelf -lW "$program" | grep -q INTERP || skip 'a static program, as asked for'
}

@test "the program is position-independent" {
	dynamic
	run readelf -hW "$program"
	assert_line --regexp '^  Type: +DYN '
	run readelf -dW "$program"
	assert_line --regexp 'FLAGS_1.* PIE'
}

@test "what is relocated is read-only once the program runs" {
	dynamic
	run readelf -lW "$program"
	assert_line --regexp '^  GNU_RELRO '
	run readelf -dW "$program"
	assert_line --regexp 'BIND_NOW|FLAGS_1.* NOW'
}

@test "nothing is writable and executable, the stack no more than the rest" {
	run readelf -lW "$program"
	assert_line --regexp '^  GNU_STACK .* RW +0x'
	refute_line --regexp ' (RWE|WE|W E|R WE) +0x'
}

@test "the code is not written to when it is loaded, and no folder is named to look for libraries in" {
	dynamic
	run readelf -dW "$program"
	refute_line --regexp 'TEXTREL|RPATH|RUNPATH'
}

@test "a smashed stack is noticed" {
	dynamic
	compiled_with -fstack-protector-strong
	not_compiled_with -fno-stack-protector
	run readelf --dyn-syms -W "$program"
	assert_line --regexp ' __stack_chk_fail(@| |$)'
}

@test "the C library checks the sizes of buffers" {
	dynamic
	[ -n "${CFLAGS-}" ] || skip 'make check says how it was compiled'
	case " $CFLAGS " in *' -D_FORTIFY_SOURCE='[123]' '*) ;; *) skip 'sanitizers, coverage, or no optimisation: no _FORTIFY_SOURCE' ;; esac
	getconf GNU_LIBC_VERSION >/dev/null 2>&1 || skip 'only the GNU C library has such functions'
	run readelf --dyn-syms -W "$program"
	assert_line --regexp ' __(v?snprintf|memcpy)_chk(@| |$)'
}

@test "indirect calls end at marked places (x86)" {
	need objdump
	compiled_with -fcf-protection=full
	not_compiled_with -fcf-protection=none
	marked=$(objdump -d --no-show-raw-insn "$program" | grep -cE '\sendbr(64|32)$')
	[ "$marked" -gt 100 ]
}
