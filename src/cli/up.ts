import { Command, InvalidArgumentError } from 'commander'
import { WeftError } from '../errors.ts'
import { scenarioNamed } from '../lab/named.ts'
import { flat, type Scenario } from '../lab/topology.ts'
import { DEMO } from './up/demo.ts'
import { runScenario } from './up/run.ts'

const NODES_MIN = 2
const NODES_MAX = 16
const NODES_DEFAULT = 4
const REPLICAS_MAX = 5

const HELP = `
A controller and agents run as they would on real machines, each in a network namespace of its own; the network
'${DEMO}' is made, all nodes join it, and every pair is pinged through the tunnels. Your own network is not touched.

Examples:
  npm run up                              until Ctrl-C
  npm run up -- --once --nodes 8          ping every pair of eight nodes and leave
  npm run up -- --replicas 3              three controllers on one Redis, agents spread over them
  npm run up -- --lab cone                nodes behind routers; 'npx weft lab list' shows what else there is`

interface UpOptions {
  readonly lab: string
  readonly nodes?: number
  readonly once?: boolean
  readonly replicas?: number
}

/** `weft up` */
export function upCommand(): Command {
  return new Command('up')
    .description('Show it all on this machine: a controller, nodes, and a network between them.')
    .option('--lab <name>', 'what is between the nodes', 'flat')
    .option('--nodes <count>', `how many nodes in the flat lab, ${NODES_MIN} to ${NODES_MAX}`, nodeCount)
    .option(
      '--replicas <count>',
      `how many controllers, 1 to ${REPLICAS_MAX}; more than one share a Redis`,
      replicaCount,
    )
    .option(
      '--once',
      'leave after the pings; exit code 0 only if every pair answered, over the path expected',
    )
    .addHelpText('after', HELP)
    .action((options: UpOptions) => runScenario(scenarioFor(options), options))
}

function replicaCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= REPLICAS_MAX) return count
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${REPLICAS_MAX}.`)
}

function nodeCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= NODES_MIN && count <= NODES_MAX) return count
  throw new InvalidArgumentError(`It must be a whole number from ${NODES_MIN} to ${NODES_MAX}.`)
}

function scenarioFor({ lab, nodes }: UpOptions): Scenario {
  if (lab === 'flat') return flat(nodes ?? NODES_DEFAULT)
  if (nodes === undefined) return scenarioNamed(lab)
  throw new WeftError('invalid-input', `The lab ${lab} has nodes of its own.`, {
    field: '--nodes',
    advice: 'Leave it out, or take the flat lab.',
  })
}
