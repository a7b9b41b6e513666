# fish completion for ipvsadm: the program itself says what can stand next.

function __ipvsadm_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -l name (string replace -r '.*/' '' -- $program)
    test "$name" = ipvsadm; or set program ipvsadm
    command -sq $program; or set program /usr/sbin/ipvsadm
    set -l current (commandline -ct)
    set -l plain (string unescape -- $current); or set plain $current
    for line in ($program __complete $name $words[2..-1] "$plain" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            printf "%s\n" $line
        end
    end
end

for name in ipvsadm ipvsadm-save ipvsadm-restore
    complete -c $name -f -a '(__ipvsadm_complete)'
end
