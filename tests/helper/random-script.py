#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints a script of calls chosen at random, always the same one for the same seed: random-script.py SEED [CALLS].

Whatever a call answers, the script goes on: it is for comparing what two ways of looking say of it.  The calls are aimed
at a few pages, so that they meet each other: parts of mappings, several at once, holes, neighbours that become one."""
import random
import sys

PAGES = 48

rnd = random.Random(int(sys.argv[1]))
calls = int(sys.argv[2]) if len(sys.argv) > 2 else 40
names = ["a", "b", "c", "d"]
children = []


def place():
    """An address: of the range, or in what a name says; sometimes not aligned."""
    base = "at" if rnd.random() < 0.7 else rnd.choice(names)
    odd = " + 1" if rnd.random() < 0.03 else ""
    return f"{base} + {rnd.randrange(PAGES if base == 'at' else 8)}p{odd}"


def size():
    return rnd.choice(["1p", "2p", "3p", "4p", "6p", "9p", "20p", "1", "0"] + ["1p", "2p", "3p"] * 3)


def prot():
    return rnd.choice(["PROT_NONE", "PROT_READ", "PROT_READ|PROT_WRITE", "PROT_READ|PROT_WRITE", "PROT_READ|PROT_EXEC"])


def mmap():
    fixed = rnd.choice(["|MAP_FIXED"] * 4 + ["|MAP_FIXED_NOREPLACE", "", ""])
    extra = rnd.choice([""] * 8 + ["|MAP_NORESERVE", "|MAP_LOCKED", "|MAP_POPULATE", "|MAP_GROWSDOWN", "|MAP_STACK"])
    kind, fd = rnd.choice([("MAP_PRIVATE|MAP_ANONYMOUS", "-1")] * 4 + [("MAP_SHARED|MAP_ANONYMOUS", "-1"),
                          ("MAP_SHARED", "file"), ("MAP_PRIVATE", "file"), ("MAP_SHARED", "memory")])
    offset = "0" if fd == "-1" else f"{rnd.randrange(4)}p"
    return f"{rnd.choice(names)} = mmap({place()}, {size()}, {prot()}, {kind}{fixed}{extra}, {fd}, {offset}) = ?"


def mremap():
    flags = rnd.choice(["0", "MREMAP_MAYMOVE", "MREMAP_MAYMOVE|MREMAP_FIXED", "MREMAP_MAYMOVE|MREMAP_FIXED",
                        "MREMAP_MAYMOVE|MREMAP_DONTUNMAP", "MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP"])
    old = size()
    new = old if "DONTUNMAP" in flags or rnd.random() < 0.5 else size()
    return f"{rnd.choice(names)} = mremap({place()}, {old}, {new}, {flags}, {place()}) = ?"


def madvise():
    advice = rnd.choice(["DONTNEED", "GUARD_INSTALL", "GUARD_INSTALL", "GUARD_REMOVE", "DONTFORK", "DOFORK", "WIPEONFORK",
                         "DONTDUMP", "SEQUENTIAL", "NORMAL", "FREE", "HUGEPAGE", "NOHUGEPAGE", "POPULATE_WRITE"])
    return f"madvise({place()}, {size()}, MADV_{advice}) = ?"


def break_moves():
    return rnd.choice(["now = brk(0) = ?", f"brk(now + {rnd.randrange(8)}p) = ?", f"brk(now - {rnd.randrange(4)}p) = ?"])


def segment():
    flags = rnd.choice(["0", "SHM_RDONLY", "SHM_REMAP"])
    return rnd.choice([f"{rnd.choice(names)} = shmat(segment, {place()}, {flags}) = ?", f"shmdt({rnd.choice(names)}) = ?"])


def process():
    if len(children) < 2:
        children.append(f"child{len(children)}")
        return f"{children[-1]} = fork()"
    return f"note {rnd.choice(children)} > 0"


def repeated():
    step = rnd.randrange(1, 4)
    call = rnd.choice([f"mprotect(at + i * {step}p, 1p, {prot()}) = ?", f"munmap(at + i * {step}p, 1p) = ?",
                       f"madvise(at + i * {step}p, 1p, MADV_GUARD_INSTALL) = ?",
                       f"mmap(at + i * {step}p, 1p, {prot()}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = ?"])
    return f"repeat {rnd.randrange(2, 12)} as i {{ {call} }}"


STATEMENTS = [
    (14, mmap),
    (10, mremap),
    (5, lambda: f"munmap({place()}, {size()}) = ?"),
    (6, lambda: f"mprotect({place()}, {size()}, {prot()}) = ?"),
    (7, madvise),
    (2, lambda: f"{rnd.choice(['mlock', 'munlock'])}({place()}, {size()}) = ?"),
    (1, lambda: f"mlock2({place()}, {size()}, MLOCK_ONFAULT) = ?"),
    (1, lambda: rnd.choice(["mlockall(MCL_CURRENT) = ?", "mlockall(MCL_FUTURE) = ?", "munlockall() = ?"])),
    (0.3, lambda: f"mseal({place()}, {size()}, 0) = ?"),
    (1, lambda: f"msync({place()}, {size()}, MS_SYNC) = ?"),
    (2, break_moves),
    (2, segment),
    (1, lambda: f"remap_file_pages({place()}, {size()}, 0, 1, 0) = ?"),
    (4, lambda: f"memset({place()}, 7, {size()}) = ?"),
    (2, lambda: f"read_pages({place()}, {size()}) = ?"),
    (2, lambda: f"memcpy({place()}, {place()}, {size()}) = ?"),
    (2, lambda: f"note fault(({place()})[0] = 1) == 0"),
    (1, lambda: f"pread(file, {place()}, {size()}, 0) = ?"),
    (1, lambda: f"mincore({place()}, {size()}, {place()}) = ?"),
    (1, process),
    (1, repeated),
]


def statement():
    chosen = rnd.choices([s for _, s in STATEMENTS], [weight for weight, _ in STATEMENTS])[0]
    text = chosen()
    if children and chosen is not process and rnd.random() < 0.3:
        # What the block binds is the script's own: the child's mappings have the same names.
        return f"in {rnd.choice(children)} {{ {text} }}"
    return text


print(f"at = hole({PAGES}p); file = tmpfile(16p)")
print('memory = memfd_create("memory", 0); ftruncate(memory, 16p); segment = shmget(IPC_PRIVATE, 4p, IPC_CREAT|0600)')
print("; ".join(f"{name} = at + {4 * i}p" for i, name in enumerate(names)) + "; now = brk(0)")
for i in range(calls):
    print(statement())
    if i % 5 == 4:
        print(f"note vmas(at, {PAGES}p), mapped(at, {PAGES}p), perms({place()}), pathname({place()})")
