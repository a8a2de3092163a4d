/** What shells have to be told: each asks `coda complete` with the line up to the cursor, and says how it shows the answer. */

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The script that makes a shell complete the words of tools. */
export function scriptFor(shell: Shell, tools: readonly string[]): string {
  return { bash, zsh, fish }[shell](tools);
}

/** Answers are separated by NULs, since names may hold anything else; the first one says how to show the others. */
function bash(tools: readonly string[]): string {
  return `# Completion for ${tools.join(', ')}; made by: coda completion bash
_coda_toolkit() {
    local -a found
    mapfile -d '' -t found < <(command coda complete bash "\${COMP_LINE:0:COMP_POINT}" "$2" 2> /dev/null)
    COMPREPLY=("\${found[@]:1}")
    [[ "\${found[0]-}" == *nospace* ]] && compopt -o nospace
    # Of paths only the last part is listed.
    [[ "\${found[0]-}" == *filenames* ]] && compopt -o filenames
    [[ "\${found[0]-}" == *files ]] && compopt -o default
    return 0
}
complete -F _coda_toolkit ${tools.join(' ')}
`;
}

function zsh(tools: readonly string[]): string {
  return `#compdef ${tools.join(' ')}
# Completion for ${tools.join(', ')}; made by: coda completion zsh
_coda_toolkit() {
    local -a found whole open
    local answer
    local -a before=("\${(@Q)words[1,CURRENT-1]}")
    answer="$(command coda complete zsh "\${before[@]}" "\${(Q)PREFIX}" 2> /dev/null; print -n x)"
    found=("\${(@ps:\\0:)\${answer%x}}")
    [[ $found[1] == *files ]] && { _files; return }
    local name
    for name in "\${(@)found[2,-2]}"; do
        if [[ $name == *[/=:,] ]]; then open+=("$name"); else whole+=("$name"); fi
    done
    local status_=1
    (( $#whole )) && compadd -- "\${whole[@]}" && status_=0
    (( $#open )) && compadd -S '' -- "\${open[@]}" && status_=0
    return status_
}
compdef _coda_toolkit ${tools.join(' ')}
# Found in fpath, this is the function that completes the first word.
if [[ $funcstack[1] == _coda ]]; then _coda_toolkit; fi
`;
}

function fish(tools: readonly string[]): string {
  return `# Completion for ${tools.join(', ')}; made by: coda completion fish
function __coda_toolkit
    set -l current (commandline -ct)
    set -l plain (string unescape -- "$current"); or set plain "$current"
    set -l found (command coda complete fish (commandline -opc) "$plain" 2>/dev/null | string split0)
    if string match -q '*files' -- "$found[1]"
        __fish_complete_path "$plain"
    else if set -q found[2]
        printf '%s\\n' $found[2..-1]
    end
end
${tools.map((tool) => `complete -c ${tool} -e\ncomplete -c ${tool} -f -a '(__coda_toolkit)'`).join('\n')}
`;
}
