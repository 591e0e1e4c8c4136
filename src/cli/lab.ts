import { Command } from 'commander'
import { SCENARIOS, scenarioNamed } from '../lab/named.ts'
import { print, table } from './output.ts'
import { runScenario } from './up/run.ts'

const EXAMPLES = `
Examples:
  weft lab list
  weft lab symmetric          until Ctrl-C
  weft lab cone --once        show the pings and paths of every pair and leave`

/** `weft lab` */
export function labCommand(): Command {
  return new Command('lab')
    .description(
      'Show how nodes reach one another behind routers of all kinds, each lab on this machine alone.',
    )
    .argument('<name>', 'of a lab, as the list has it')
    .option(
      '--once',
      'leave after the pings; exit code 0 only if every pair answered, over the path expected',
    )
    .addHelpText('after', EXAMPLES)
    .action((name: string, options: { readonly once?: boolean }) => runScenario(scenarioNamed(name), options))
    .addCommand(listCommand())
}

function listCommand(): Command {
  return new Command('list')
    .description('List the labs.')
    .option('--json', 'for programs')
    .action(({ json }: { readonly json?: boolean }) => {
      const labs = SCENARIOS.map(({ name, summary, hosts }) => {
        const nodes = hosts.filter(({ agent }) => agent).length
        return { name, nodes, summary }
      })
      const rows = labs.map(({ name, nodes, summary }) => [name, String(nodes), summary])
      print(json, labs, () => table(['lab', 'nodes', 'what it is'], rows))
    })
}
