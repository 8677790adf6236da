# SPDX-License-Identifier: MIT
# Everything is asked of the program itself (mmtool --describe), so that nothing here can fall behind it.

# Prints the values of kind $argv[1] (see mmtool --describe) for what begins with $argv[2], each after the prefix $argv[3].
function __mmtool_values
    switch "$argv[1]"
        case FILE
            for line in (__fish_complete_path "$argv[2]")
                printf '%s%s\n' "$argv[3]" $line
            end
        case PROGRAM
            for line in (__fish_complete_command)
                printf '%s%s\n' "$argv[3]" $line
            end
        case COMMAND
            for line in $described
                set -l field (string split \t -- $line)
                test "$field[1]" = command; and printf '%s%s\t%s\n' "$argv[3]" $field[2] $field[4]
            end
        case PID
            for line in (__fish_complete_pids)
                printf '%s%s\n' "$argv[3]" $line
            end
        case NAME
            $program examples 2>/dev/null | string replace -rf '^  (\S+) +(.*)' "$argv[3]"'$1\t$2'
        case '*'
            for value in (string split -n '|' -- $argv[1])
                printf '%s%s\n' "$argv[3]" $value
            end
    end
end

# Prints "ARGNAME<TAB>VALUES" of option $argv[2] of command $argv[1], nothing when it takes no argument.
function __mmtool_argument
    for line in $described
        set -l field (string split \t -- $line)
        if test "$field[1]" = option; and test "$field[2]" = $argv[1]
            if contains -- $argv[2] $field[3..4]
                test -n "$field[5]"; and printf '%s\t%s\n' "$field[5]" "$field[7]"
                return
            end
        end
    end
end

function __mmtool_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -g program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -g described ($program --describe 2>/dev/null)
    set -l command mmtool
    set -l pending ''
    set -l only_words no
    set -l positional 0

    # What comes before: the command, and whether an option waits for its value.
    for word in $words[2..-1]
        if test -n "$pending"
            set pending ''
        else if test $only_words = no; and test "$word" = --
            set only_words yes
        else if test $only_words = no; and string match -qr '^-.' -- $word
            set -l argument (string split \t -- (__mmtool_argument $command $word))
            if test -n "$argument[1]"; and not string match -qr '^\[' -- $argument[1]
                set pending $word
            end
        else if test $command = mmtool
            set command $word
        else
            set positional (math $positional + 1)
        end
    end

    if test -n "$pending"
        set -l argument (string split \t -- (__mmtool_argument $command $pending))
        __mmtool_values "$argument[2]" "$current" ''
    else if test $only_words = no; and string match -qr '^--[^=]+=' -- $current
        set -l parts (string split -m 1 = -- $current)
        set -l argument (string split \t -- (__mmtool_argument $command $parts[1]))
        __mmtool_values "$argument[2]" "$parts[2]" "$parts[1]="
    else if test $only_words = no; and string match -q -- '-*' $current
        for line in $described
            set -l field (string split \t -- $line)
            if test "$field[1]" = option; and test "$field[2]" = $command
                set -l equals ''
                if test -n "$field[5]"; and not string match -qr '^\[' -- $field[5]
                    set equals =
                end
                printf '%s%s\t%s\n' $field[3] "$equals" "$field[6]"
                test -n "$field[4]"; and printf '%s\t%s\n' $field[4] "$field[6]"
            end
        end
    else if test $command = mmtool
        __mmtool_values COMMAND "$current" ''
    else
        for line in $described
            set -l field (string split \t -- $line)
            test "$field[1]" = command; and test "$field[2]" = $command; or continue
            switch "$field[3]"
                case '*PROGRAM*'
                    if test $positional -eq 0
                        __mmtool_values PROGRAM "$current" ''
                    else
                        __mmtool_values FILE "$current" ''
                    end
                case '*COMMAND*'
                    __mmtool_values COMMAND "$current" ''
                case '*PID*FILE*'
                    __mmtool_values FILE "$current" ''
                    __mmtool_values PID "$current" ''
                case '*PID*'
                    __mmtool_values PID "$current" ''
                case '*FILE*' '*SCRIPT*'
                    __mmtool_values FILE "$current" ''
                case '*NAME*'
                    test $positional -eq 0; and __mmtool_values NAME "$current" ''
            end
        end
    end
    set -e described program
end

complete -c mmtool -f -a '(__mmtool_complete)'
