# SPDX-License-Identifier: MIT
# make install into an empty root, and what packages are made of.  With MMTOOL_INSTALLED, what is installed on this machine.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# ours: a build directory; its Makefile knows how to install.
ours()
{
	build=${MMTOOL_OBSERVED:-$MMTOOL}
	build=${build%/*}
	[ -z "${MMTOOL_INSTALLED-}" ] || skip 'installed by a package'
	[ -f "$build/Makefile" ] || skip 'mmtool is not in its build directory'
}

# made TARGET ARG...: without what an outer make hands down.
made()
{
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u DESTDIR make -C "$build" "$@" 3>&- || fail "make $*"
}

# below DIRECTORY: each file there, by its path from it; what is compressed by its own name.
below()
{
	(cd "$1" && find . ! -type d | sed -e 's/^\.//' -e 's/\.gz$//' | sort)
}

# installed_files: what a root with prefix /usr holds, zsh's completion in the folder ZSH.
installed_files()
{
	echo /usr/bin/mmtool
	(cd "$top" && printf '/usr/share/mmtool/%s\n' examples/* && cd man && printf '%s\n' * |
		sed 's,.*\.\(.\)$,/usr/share/man/man\1/&,')
	printf '/usr/share/%s\n' mmtool/mmtool-event.schema.json bash-completion/completions/mmtool \
		fish/vendor_completions.d/mmtool.fish zsh/site-functions/_mmtool doc/mmtool/README.md doc/mmtool/NEWS \
		doc/mmtool/LICENSE
	[ ! -f "$top/SECURITY.md" ] || echo /usr/share/doc/mmtool/SECURITY.md
	echo /usr/lib/bats/mmtool/load.bash
}

@test "make install puts everything where it belongs, and nothing else" {
	ours
	made install DESTDIR="$PWD/root" prefix=/usr exec_prefix=/usr
	below root >got
	installed_files | sort >want
	run diff want got
	assert_output ''
	# To be read by everybody, whatever the umask of who installs.
	run find root -type f ! -perm -444
	assert_output ''
	run find root -type f -perm /022
	assert_output ''
	run root/usr/bin/mmtool --version
	assert_success
}

@test "make uninstall leaves nothing in an empty root" {
	ours
	made install DESTDIR="$PWD/root"
	[ "$(find root -type f | wc -l)" -gt 50 ]
	made uninstall DESTDIR="$PWD/root"
	run find root -mindepth 1
	assert_output ''
}

@test "make uninstall leaves what others have put there, and our own folder only for it" {
	ours
	mkdir -p root/usr/bin root/usr/share/man/man1 root/usr/share/mmtool
	touch root/usr/bin/other root/usr/share/man/man1/other.1 root/usr/share/mmtool/mine
	made install DESTDIR="$PWD/root" prefix=/usr exec_prefix=/usr
	made uninstall DESTDIR="$PWD/root" prefix=/usr exec_prefix=/usr
	run below root
	assert_output $'/usr/bin/other\n/usr/share/man/man1/other.1\n/usr/share/mmtool/mine'
	run find root -type d -empty
	assert_output ''
}

@test "without DESTDIR, make uninstall takes our own folders, and leaves those that all share" {
	ours
	made install prefix="$PWD/root" exec_prefix="$PWD/root"
	made uninstall prefix="$PWD/root" exec_prefix="$PWD/root"
	run find root ! -type d
	assert_output ''
	run find root -name '*mmtool*'
	assert_output ''
	[ -d root/bin ]
}

@test "completions are where pkg-config says that each shell looks" {
	need pkg-config
	local shell found=0 there

	for shell in bash:bash-completion fish:fish; do
		there=$(pkg-config --variable=completionsdir "${shell#*:}" 2>/dev/null) || continue
		found=$((found + 1))
		there=${there#"$(pkg-config --variable=prefix "${shell#*:}")"}
		installed_files | grep -q "^/usr$there/mmtool" || fail "${shell%:*} looks in $there"
	done
	[ $found -gt 0 ] || skip 'neither bash-completion nor fish is known to pkg-config'
}

@test "the version is the same everywhere" {
	version=$(sed -n 's/^AC_INIT(\[mmtool\], \[\(.*\)\])$/\1/p' "$top/configure.ac")
	assert_regex "$version" '^[0-9]+\.[0-9]+\.[0-9]+$'
	mm --version
	assert_line --index 0 "mmtool $version"
	assert_equal "$(sed -n 's/^\([0-9.]*\) (.*)$/\1/p' "$top/NEWS" | head -n 1)" "$version"
	spec=$top/packaging/mmtool.spec
	assert_equal "$(sed -n 's/^Version: *//p' "$spec")" "$version"
	assert_equal "$(sed -n '/^%changelog/,$s/^\* .* - \([^ ]*\)-[0-9]*$/\1/p' "$spec" | head -n 1)" "$version"
	# Not in a release.
	[ ! -d "$top/debian" ] || assert_equal "$(sed -n '1s/^mmtool (\([^)]*\)) .*/\1/p' "$top/debian/changelog")" "$version"
}

@test "Debian's package has the licence word for word" {
	[ -d "$top/debian" ] || skip 'debian/ is not part of a release'
	sed -n '/^Permission/,$p' "$top/LICENSE" | tr -s '\n' ' ' >want
	sed -n '/^ Permission/,$p' "$top/debian/copyright" | sed 's/^ \.\{0,1\}//' | tr -s '\n' ' ' >got
	run diff want got
	assert_output ''
}

@test "a Debian source package holds what git does, and nothing that was built" {
	need git dpkg-source
	[ -d "$top/debian" ] || skip 'debian/ is not part of a release'
	git -C "$top" ls-files >files 2>/dev/null || skip 'not a git checkout'
	mkdir mmtool-x
	tar -C "$top" --files-from=files -cf - | tar -xf - -C mmtool-x
	mkdir -p mmtool-x/build mmtool-x/build-aux mmtool-x/autom4te.cache mmtool-x/src/mm/.deps
	touch mmtool-x/{configure,Makefile,Makefile.in,aclocal.m4,config.log,build/mmtool,build-aux/missing,src/mm/maps.o} \
		mmtool-x/src/mm/.deps/x
	dpkg-source --build mmtool-x >log 2>&1 || fail "$(cat log)"
	tar -tf mmtool_*.tar.* | sed -e '/\/$/d' -e 's,^[^/]*/,,' | sort >got
	sort files >want
	run diff want got
	assert_output ''
}

# not_installed: skips where the program under test was not installed by a package.
not_installed()
{
	[ -n "${MMTOOL_INSTALLED-}" ] || skip 'for what a package has installed: MMTOOL_INSTALLED=yes MMTOOL=/usr/bin/mmtool'
	prefix=${MMTOOL%/bin/*}
}

@test "installed: the files are those of the sources" {
	not_installed
	installed_files | sed -e "s,^/usr/,$prefix/," -e '/\/LICENSE$/d' | while read -r file; do
		case $file in
		*/_mmtool) continue ;;
		*/completions/mmtool) source=completions/mmtool.bash ;;
		*/load.bash) source=tests/helper/mmtool.bash ;;
		*/mmtool.fish) source=completions/mmtool.fish ;;
		*/examples/*) source=examples/${file##*/} ;;
		*/doc/*) source=${file##*/} ;;
		*/man/*) source=man/${file##*/} ;;
		*.json) source=schema/${file##*/} ;;
		*) continue ;;
		esac
		# Systems are installed without documentation.
		case $file in */doc/* | */man/*) [ -e "$file" ] || [ -e "$file.gz" ] || continue ;; esac
		if [ -e "$file.gz" ]; then gunzip -c "$file.gz"; else cat "$file"; fi | cmp - "$top/$source" || echo "$file"
	done >different
	run cat different
	assert_output ''
}

@test "installed: mmtool finds its examples" {
	not_installed
	mm examples
	assert_success
	assert_line --index 0 "Examples, in $prefix/share/mmtool/examples:"
	mm examples grow
	assert_output "$(cat "$top/examples/grow.mmt")"
}

@test "installed: man finds the manual" {
	not_installed
	need man
	[ -d "$prefix/share/man/man1" ] && compgen -G "$prefix/share/man/man1/mmtool.1*" >/dev/null ||
		skip 'this system was installed without manuals'
	for page in "$top"/man/*; do
		name=${page##*/}
		run man -w "${name##*.}" "${name%.*}"
		assert_success
		assert_output --partial "$name"
	done
}

@test "installed: bash, zsh and fish complete it" {
	not_installed
	local shells=0

	if [ -f /usr/share/bash-completion/bash_completion ]; then
		run bash --norc --noprofile -c '. /usr/share/bash-completion/bash_completion
			if declare -F _comp_load >/dev/null; then _comp_load mmtool; else _completion_loader mmtool; fi
			complete -p mmtool'
		assert_output --regexp 'complete .*_mmtool mmtool'
		shells=$((shells + 1))
	fi
	if command -v zsh >/dev/null; then
		run zsh -fc 'autoload -Uz compinit && compinit -u -D && print $_comps[mmtool]'
		assert_output _mmtool
		shells=$((shells + 1))
	fi
	if command -v fish >/dev/null; then
		run env HOME="$PWD" PATH="$prefix/bin:$PATH" fish -c 'complete -C "mmtool move-fi"'
		assert_output --regexp '^move-fixed'
		shells=$((shells + 1))
	fi
	[ $shells -gt 0 ] || skip 'no shell with completions here'
}

@test "installed: bats loads the library" {
	not_installed
	need jq
	printf '@test "one" {\n\tbats_load_library mmtool\n\tmmtool_run grow\n\tassert_change grown a || assert_change moved a\n}\n' >x.bats
	run env -i PATH="$prefix/bin:${PATH//"$BATS_LIBEXEC":/}" BATS_LIB_PATH="$prefix/lib/bats" bats --tap x.bats 3>&-
	assert_line --partial 'ok 1 one'
	refute_line --partial 'not ok'
}
