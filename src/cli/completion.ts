import { Argument, Command } from 'commander'
import { SCRIPTS, SHELLS, type Shell } from './completion/scripts.ts'

const HELP = `
Examples:
  source <(weft completion bash)               in ~/.bashrc
  source <(weft completion zsh)                in ~/.zshrc, after compinit
  weft completion fish | source                in ~/.config/fish/config.fish

It completes commands, options and their values, and names of networks, nodes, projects and profiles: these are asked for with
the URL, token and profile that a command would use, for two seconds at most.`

/** `weft completion` */
export function completionCommand(): Command {
  return new Command('completion')
    .description('Print what makes a shell complete this command.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText('after', HELP)
    .action((shell: Shell) => {
      process.stdout.write(SCRIPTS[shell])
    })
}
