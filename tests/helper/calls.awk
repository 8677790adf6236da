# SPDX-License-Identifier: MIT
# Of strace's file of one process, the script's own calls: start-up, printing, and hand-over between processes left out.
# -v program=1: of a program that mmtool printed; -v child=1: one that it forked.  Else: of a subject.
BEGIN {
	n = split("mmap munmap mremap mprotect pkey_alloc pkey_free pkey_mprotect madvise process_madvise msync mlock mlock2 " \
	          "munlock mlockall munlockall mincore mseal remap_file_pages brk memfd_create memfd_secret open " \
	          "openat close read write pread64 pwrite64 ftruncate fallocate fsync fadvise64 fcntl ioctl userfaultfd shmget " \
	          "shmat shmdt shmctl prctl setuid pidfd_open process_vm_readv prlimit64", names, " ")
	for (i = 1; i <= n; i++)
		own[names[i]] = 1
	begun = child
}
{
	name = $0
	sub(/\(.*/, "", name)
}
# A subject is ready when it has said so; a program when the pages are there that merge with nothing.
!begun && name == "sendto" { begun = 1; next }
{ plugs = /^mmap\(NULL, [0-9]+, PROT_NONE, MAP_SHARED\|MAP_ANONYMOUS\|MAP_NORESERVE, -1, 0\)/ }
!begun && program && plugs { begun = 1; apart = 1 }
!begun { next }
apart && plugs { plug = $NF; next }
apart && (/MAP_POPULATE/ || (name == "munmap" && index($0, "(" plug ","))) { next }
name != "close_range" { apart = 0 }
name == "recvmsg" {
	attached = ""
	if (match($0, /cmsg_data=\[[0-9]+/))
		attached = substr($0, RSTART + 11, RLENGTH - 11)
	next
}
!(name in own) && name !~ /^syscall_0x/ { next }
/^prctl\(PR_SET_PDEATHSIG/ { next }
/^write\(1,/ { next }
# cgroup(): the tool makes the cgroup of a subject.
/^openat\(AT_FDCWD, "\/proc\/self\/mountinfo"/ { confining = 1; next }
/^openat\(AT_FDCWD, "[^"]*\/cgroup\.procs", O_WRONLY\|O_CLOEXEC\)/ { confining = 2; next }
confining { if (confining == 2 && name == "close") confining = 0; next }
# These two are opened for writing by the tool: the fence of a subject lets it open nothing for that.
/^openat\(AT_FDCWD, "\/dev\/(null|zero)", O_(RDWR|WRONLY)/ { next }
# What is read to look, not to perform.
/^openat\(AT_FDCWD, "(\/proc\/[^"]*|[^"]*\/memory\.(events|oom_control))", O_RDONLY\|O_CLOEXEC\)/ { looking[$NF] = 1; next }
{
	fd = $0
	sub(/^[a-z0-9]*\(/, "", fd)
	sub(/[,)].*/, "", fd)
}
(fd in looking) && name ~ /^(read|pread64|close)$/ {
	if (name == "close")
		delete looking[fd]
	next
}
# A descriptor that came with a request is not the script's, unless it was asked to keep it.
name == "close" && fd == attached { attached = ""; next }
# tmpfile(): the tool makes the file of a subject.
/O_TMPFILE/ { making = 1; next }
making { if (name == "close") making = 0; next }
{
	gsub(/openat\(AT_FDCWD, /, "open(")
	gsub(/0x[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]+/, "ADDRESS")
	if (name == "pidfd_open" || name == "process_vm_readv")
		sub(/\([0-9]+/, "(PID")
	# Numbers that are the system's to choose.
	if (name == "shmget")
		sub(/= [0-9]+$/, "= ID")
	if (name == "shmat" || name == "shmctl") {
		sub(/\([0-9]+/, "(ID")
		sub(/shm_perm.*}/, "")
	}
	gsub(/rlim_cur=[0-9*]+/, "rlim_cur=N")
	if (name ~ /^syscall_0x/ && split($0, part, ", ") > 3)
		$0 = part[1] ", " part[2] ", " part[3] substr($0, index($0, ")"))
	gsub(/ +=/, " =")
	print
}
