# SPDX-License-Identifier: MIT
# Each rule of `mmtool why --list' is broken on the running kernel, alone, and found.  The cases are in tests/data/why-rules.txt.

load ../helper/common

cases=$top/tests/data/why-rules.txt

setup()
{
	few_mappings
	pool=
	[ -z "${MMTOOL_GUEST-}" ] || [ "$(id -u)" -ne 0 ] || pool=$(cat /proc/sys/vm/nr_hugepages 2>/dev/null) || pool=
}

teardown()
{
	usual_mappings
	[ -z "$pool" ] || echo "$pool" >/proc/sys/vm/nr_hugepages
}

# free_huge_pages NUMBER: how many there are; first the machine's pool is given that number, in a guest, where root may say so.
free_huge_pages()
{
	[ -z "$pool" ] || echo "$1" >/proc/sys/vm/nr_hugepages
	awk '/^HugePages_Free:/ { print $2 }' /proc/meminfo
}

# ids: those that have a case; needs ID, lines ID: what stands there.
ids()
{
	awk '/^[a-z]/ { print $1 }' "$cases"
}

needs()
{
	awk -v id="$1" '$1 == id && /^[a-z]/ { sub(/^[^ ]* ?/, ""); print }' "$cases"
}

lines()
{
	awk -v id="$1" '/^[a-z#]/ { on = $1 == id; next } on && /^\t/ { sub(/^\t/, ""); print }' "$cases"
}

# address NAME: where the subject's mapping of that name begins; nothing: it has none.  setarch -R keeps it there.
address()
{
	fixed run --format=json -e 'note 1' | head -n 1 | grep -o '"line":"[^"]*"' | awk -F '["-]' -v name="[$1]" '
		index($0, name) && !found++ { printf "0x%s\n", $4 }'
}

fixed()
{
	timeout 60 ${fenced:+unshare -r} setarch -R "$MMTOOL" "$@"
}

# window: where the part of the address space ends that the kernel looks through for room: a power of two above the stack (with
# addresses of 32 bits whole GiB: i386 has 3), or the end of all of it.
window()
{
	local stack end window=1

	stack=$(address stack)
	end=$("$MMTOOL" why 'munmap(0xfffffffffffff000, 4096) = -1 EINVAL' | tr -d '\n' | sed 's/.*ends at *\(0x[0-9a-f]*\).*/\1/')
	while [ "$window" -gt 0 ] && [ "$window" -lt $((stack)) ]; do
		window=$((window * 2))
	done
	[ "$(word_bits)" -gt 32 ] || window=$(((stack + (1 << 30) - 1) >> 30 << 30))
	[ $((end)) -lt 0 ] || [ "$window" -lt $((end)) ] || window=$((end))
	echo "$window"
}

# expand: the abbreviations of the cases, on standard input.  With $fenced root stays root.
expand()
{
	local drop='' name text

	[ "$(id -u)" != 0 ] || [ -n "${fenced-}" ] || drop='setuid(65534);'
	text=$(sed -e 's/@anon/NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0/g' \
		-e 's/@new/MAP_PRIVATE|MAP_ANONYMOUS, -1, 0/g' -e 's/@rw/PROT_READ|PROT_WRITE/g' -e "s/@drop/$drop/g" \
		-e "s/@long/$(printf '%0300d' 0)/")
	case $text in *@window*) text=${text//@window/$(window)} ;; esac
	for name in vdso vvar stack; do
		case $text in *"@$name"*) text=${text//@$name/$(address $name)} ;; esac
	done
	printf '%s\n' "$text" | awk -v file="$top/tests/data/why-count.mmt" '
		/^@full/ { print "locked = " (/locked/ ? 4 : 0); while ((getline line <file) > 0) print line; next }
		{ print }'
}

# reason_not NEED...: why this machine cannot break the rule; nothing: it can.
reason_not()
{
	case $1 in
	'' | not | with) ;;
	x86_64) [ "$(uname -m)" = x86_64 ] && [ "$(word_bits)" -eq 64 ] || echo 'other processors have no addresses of that kind' ;;
	far) ! all_addresses || echo 'a process may use all addresses here' ;;
	private-dontunmap) ! "$MMTOOL" run -q -e 's = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
		mremap(s, 1p, 1p, MREMAP_MAYMOVE|MREMAP_DONTUNMAP)' >/dev/null 2>&1 || echo 'this kernel takes shared memory, too' ;;
	beyond) [ "$2" = "$(beyond_error)" ] || echo "here it is $(beyond_error)" ;;
	colours) ! any_page_shared || echo 'shared memory can begin at every page here' ;;
	native) [ "$(word_bits)" -gt 32 ] || [[ $(uname -m) != *64* ]] || echo 'a kernel of 64 bits adds addresses of 32 without an overflow' ;;
	wide) [ "$(word_bits)" -gt 32 ] || echo 'there are not so many addresses' ;;
	window) "$MMTOOL" run -q -e "mmap(NULL, $(window) - 2p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM" >/dev/null 2>&1 ||
		echo 'the kernel looks beyond the stack for room here' ;;
	root) [ "$(id -u)" = 0 ] || echo 'it takes root, whose privilege the script drops' ;;
	kernel) "$MMTOOL" run -q -e "require kernel $2" >/dev/null 2>&1 || echo "it is so since Linux $2" ;;
	require) "$MMTOOL" run -q -e "require $2" >/dev/null 2>&1 || echo "this kernel has no $2" ;;
	policy) [ "$(</proc/sys/vm/overcommit_memory)" = "$2" ] || echo 'another overcommit policy' ;;
	hugepages) [ "0$(free_huge_pages 3)" -gt 1 ] || echo 'there are no huge pages free' ;;
	hugetlb) [ -d /sys/kernel/mm/hugepages ] || echo 'no hugetlbfs' ;;
	hugetlb-empty) [ "$(free_huge_pages 0)" = 0 ] || echo 'there are huge pages' ;;
	secret) "$MMTOOL" run -q -e 'memfd_secret(0)' >/dev/null 2>&1 || echo 'no memfd_secret' ;;
	late-secret) "$MMTOOL" run -q -e 'f = memfd_secret(0); ftruncate(f, 1p)
		a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_SHARED, f, 0); expect !vmflag(a, "lo")' >/dev/null 2>&1 ||
		echo 'this kernel counts memory of memfd_secret when it is mapped' ;;
	bytes) "$MMTOOL" run -e 'f = tmpfile(4p); mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, f, 1) = ?' | grep -q 'why: EINVAL' ||
		echo 'the call takes the offset in units of 4096 bytes' ;;
	vdso-pages) [ "$(("0x$(sed -n 's/^\([0-9a-f]*\)-\([0-9a-f]*\) .*\[vdso\]$/\2 - 0x\1/p' /proc/self/maps)"))" -gt "$(getconf PAGESIZE)" ] ||
		echo 'the [vdso] is one page here' ;;
	vvar-pf) sed -n '/\[vvar\]$/,/^VmFlags/s/^VmFlags:\(.*\)/\1 /p' /proc/self/smaps | grep -q ' pf ' ||
		echo 'the pages of [vvar] are ordinary ones here' ;;
	uffd) "$MMTOOL" run -q -e 'u = userfaultfd(O_CLOEXEC|UFFD_USER_MODE_ONLY); words(scratch, 0xaa, UFFD_FEATURE_SIGBUS, 0)
		ioctl(u, UFFDIO_API, scratch)' >/dev/null 2>&1 || echo 'no userfaultfd with UFFD_FEATURE_SIGBUS' ;;
	any-mode) [ "$(id -u)" = 0 ] && grep -q 4294967295 /proc/self/uid_map || echo 'the mode of a segment may refuse it here, too' ;;
	mdwe) "$MMTOOL" run -q -e 'prctl(PR_SET_MDWE, 1, 0, 0, 0)' >/dev/null 2>&1 || echo 'no PR_SET_MDWE' ;;
	*) echo "unknown need: $1" ;;
	esac
}

# why_not ID: the first of the reasons why it cannot be broken here.
why_not()
{
	local need reason

	read -ra need <<<"$(needs "$1")"
	while [ ${#need[@]} -gt 0 ]; do
		reason=$(reason_not "${need[@]}")
		[ -z "$reason" ] || { echo "$reason" && return; }
		case ${need[0]} in
		not) return ;;
		beyond | kernel | require | policy | with) need=("${need[@]:2}") ;;
		*) need=("${need[@]:1}") ;;
		esac
	done
}

# found ID: the rules that explain the last step that has an explanation, separated by spaces.
found()
{
	local text

	text=$(lines "$1")
	case $(needs "$1") in
	*'not here:'*) "$MMTOOL" why --format=json "$text" ;;
	*) fixed run --keep-going --format=json <(printf '%s\n' "$text" | expand) 2>&1 ;;
	esac | grep -o '"why_rules":\[[^]]*\]' | tail -n 1 | sed 's/"why_rules":\[//; s/[]"]//g; s/,/ /g'
}

# each CALL: all cases of its rules; those that this machine cannot break are told.
each()
{
	local id got want reason wrong=''

	for id in $(ids | grep "^$1-"); do
		policy_lock -s
		reason=$(why_not "$id")
		if [ -n "$reason" ]; then
			echo "# not broken here: $id: $reason" >&3
			continue
		fi
		[ "$(lines "$id")" != - ] || continue
		got=$(found "$id")
		policy_unlock
		want=$id
		case $(needs "$id") in
		*'not here:'*) [[ " $got " != *" $id "* ]] || got=$id ;;
		*with\ *) want="$id $(needs "$id" | sed 's/.*with //')" ;;
		esac
		[ "$got" = "$want" ] || wrong+=$'\n'"$id: found \"$got\""
	done
	[ -z "$wrong" ] || fail "$wrong"
}

@test "every rule has a case, and every case a rule" {
	diff <("$MMTOOL" why --list | awk '{ print $1 }' | sort) <(ids | sort)
}

@test "the rules that cannot be broken here are few, and each says why" {
	awk '/not here/ { sub(/^[^:]*: /, ""); if (length($0) < 20) exit 1; count++ } END { exit count > 30 }' "$cases"
}

@test "mremap: each rule is broken, and found" {
	each mremap
}

@test "mmap: each rule is broken, and found" {
	each mmap
}

@test "munmap: each rule is broken, and found" {
	each munmap
}

@test "mprotect: each rule is broken, and found" {
	each mprotect
}

@test "madvise: each rule is broken, and found" {
	each madvise
}

@test "msync: each rule is broken, and found" {
	each msync
}

@test "mlock: each rule is broken, and found" {
	each mlock
}

@test "mlock2: each rule is broken, and found" {
	each mlock2
}

@test "munlock: each rule is broken, and found" {
	each munlock
}

@test "mlockall: each rule is broken, and found" {
	each mlockall
}

@test "mincore: each rule is broken, and found" {
	each mincore
}

@test "mseal: each rule is broken, and found" {
	each mseal
}

@test "memfd_create: each rule is broken, and found" {
	each memfd_create
}

@test "ftruncate: each rule is broken, and found" {
	each ftruncate
}

@test "brk: each rule is broken, and found" {
	each brk
}

@test "shmget: each rule is broken, and found" {
	each shmget
}

@test "shmat: each rule is broken, and found" {
	each shmat
}

@test "shmdt: each rule is broken, and found" {
	each shmdt
}

@test "fault: each rule is broken, and found" {
	each fault
}

@test "what a capability would pass stands as well for root of a user namespace, who has it there only" {
	local id fenced wrong=''

	unshare -r true 2>/dev/null || skip 'no namespace for users can be made'
	policy_lock -s
	for id in $(ids | grep -e '-limit-memlock$' -e '-no-limit$' -e '-no-memlock$' -e '-low-address$'); do
		[ -z "$(why_not "$id")" ] || continue
		fenced=yes
		[ "$(found "$id")" = "$id" ] || wrong+=" $id"
		fenced=
	done
	[ -z "$wrong" ] || fail "$wrong"
}
