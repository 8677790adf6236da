# bash completion for mmtool                                  -*- shell-script -*-
# SPDX-License-Identifier: MIT
# Everything is asked of the program itself (mmtool --describe), so that nothing here can fall behind it.

# The program that the line begins with, as a path or a name to be looked for.
_mmtool_program()
{
	local program=${COMP_WORDS[0]}

	case $program in
	'~'/*) program=$HOME/${program#'~/'} ;;
	esac
	printf '%s\n' "$program"
}

# Fills the arrays of _mmtool with what the program says of itself.
_mmtool_ask()
{
	local kind a b c d f fields tab=$'\t'

	while IFS= read -r fields; do
		# A tab is white space to read, which would swallow empty fields.
		IFS=$'\x1f' read -r kind a b c d _ f <<<"${fields//"$tab"/$'\x1f'}"
		case $kind in
		command)
			commands+=("$a")
			arguments[$a]=$b
			;;
		option)
			options[$a]+=" $b"
			[[ -z $c ]] || options[$a]+=" $c"
			for b in $b $c; do
				argname[$a $b]=$d
				values[$a $b]=$f
			done
			;;
		esac
	done < <("$(_mmtool_program)" --describe 2>/dev/null)
}

# Offers those of the words in $1 that begin with $2.
_mmtool_offer()
{
	local - word

	# Words, which are no patterns of file names.
	set -f
	for word in $1; do
		[[ $word != "$2"* ]] || COMPREPLY+=("$word")
	done
}

# Offers the values of kind $1 (see mmtool --describe) that begin with $2.
_mmtool_values()
{
	case $1 in
	FILE)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		;;
	PROGRAM)
		mapfile -t COMPREPLY < <(compgen -c -- "$2")
		;;
	COMMAND)
		_mmtool_offer "${commands[*]}" "$2"
		;;
	PID)
		_mmtool_offer "$(cd /proc 2>/dev/null && printf '%s ' [1-9]*)" "$2"
		;;
	NAME)
		_mmtool_offer "$("$(_mmtool_program)" examples 2>/dev/null | sed -n 's/^  \([^ ]*\) .*/\1/p')" "$2"
		;;
	*)
		_mmtool_offer "${1//|/ }" "$2"
		;;
	esac
}

_mmtool()
{
	local commands=() word words=() command=mmtool pending='' only_words='' positional=0 option cur i
	local -A arguments=() options=() argname=() values=()

	COMPREPLY=()
	_mmtool_ask

	# bash cuts the line at "=" (COMP_WORDBREAKS): join what it cut.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((${#words[@]})) && [[ $word == =* && ${words[-1]} == --* || ${words[-1]} == --*= ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	cur=${words[-1]}
	unset 'words[-1]'

	# What comes before: the command, and whether an option waits for its value.
	for word in "${words[@]}"; do
		if [[ $pending ]]; then
			pending=''
		elif [[ ! $only_words && $word == -- ]]; then
			only_words=yes
		elif [[ ! $only_words && $word == -?* ]]; then
			option=${argname[$command $word]-}
			[[ -z $option || $option == '['* ]] || pending=$word
		elif [[ $command == mmtool ]]; then
			command=$word
		else
			((++positional))
		fi
	done

	if [[ $pending ]]; then
		_mmtool_values "${values[$command $pending]}" "$cur"
	elif [[ ! $only_words && $cur == --*=* ]]; then
		# Where bash cuts at "=", it replaces only what follows.
		_mmtool_values "${values[$command ${cur%%=*}]-}" "${cur#*=}"
		[[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/${cur%%=*}=}")
	elif [[ ! $only_words && $cur == -* ]]; then
		for word in ${options[$command]-}; do
			[[ $word == "$cur"* ]] || continue
			if [[ $word == --* && ${argname[$command $word]} && ${argname[$command $word]} != '['* ]]; then
				word+='='
			fi
			# A short option is offered only where it is written out: the long ones say more.
			[[ $word != -? || $cur == -? ]] || continue
			COMPREPLY+=("$word")
		done
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
	elif [[ $command == mmtool ]]; then
		_mmtool_offer "${commands[*]}" "$cur"
	else
		case ${arguments[$command]-} in
		*PROGRAM*)
			if ((positional)); then
				_mmtool_values FILE "$cur"
			else
				_mmtool_values PROGRAM "$cur"
			fi
			;;
		*COMMAND*) _mmtool_values COMMAND "$cur" ;;
		*PID*FILE*)
			_mmtool_values FILE "$cur"
			_mmtool_values PID "$cur"
			;;
		*PID*) _mmtool_values PID "$cur" ;;
		*FILE* | *SCRIPT*) _mmtool_values FILE "$cur" ;;
		*NAME*)
			((positional)) || _mmtool_values NAME "$cur"
			;;
		esac
	fi
}

complete -F _mmtool mmtool
