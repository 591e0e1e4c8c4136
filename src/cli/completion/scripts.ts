export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/**
 * What each shell is told. All of them ask `weft complete`, with the words up to the one that is being typed; where that knows
 * nothing, files are offered. Its answers are read line by line and never evaluated.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_weft() {
  mapfile -t COMPREPLY < <("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -o nosort -F _weft weft
`,
  zsh: `#compdef weft
_weft() {
  local -a found
  found=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -V weft -- "\${found[@]}"; else _files; fi
}
compdef _weft weft
`,
  fish: `function __weft_complete
  set -l words (commandline -opc)
  set -l found (command $words[1] complete -- $words[2..-1] "$(commandline -ct)" 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c weft -f -a '(__weft_complete)'
`,
}
