import { Command, InvalidArgumentError } from 'commander'
import { WeftError } from '../errors.ts'
import { SecretBytes } from '../keys/secret.ts'
import { openDoor } from '../lab/door.ts'
import { CONTROLLER } from '../lab/topology.ts'
import { startController } from '../lab/weft.ts'
import { Client } from './client.ts'
import { DEMO } from './up/demo.ts'
import { directions } from './up/directions.ts'
import { openLab } from './up/lab.ts'
import { requireAllAnswered, show } from './up/show.ts'
import { parseControllerUrl } from './url.ts'

const NODES_MIN = 2
const NODES_MAX = 16
const NODES_DEFAULT = 4
/** Where a controller listens by default; another port is taken when this one is not free. */
const PORT = 7443

const HELP = `
A controller and agents run as they would on real machines, each in a network namespace of its own; the network
'${DEMO}' is made, all nodes join it, and every pair is pinged through the tunnels. Your own network is not touched.

Examples:
  npm run up                              until Ctrl-C
  npm run up -- --once --nodes 8          ping every pair of eight nodes and leave`

interface UpOptions {
  readonly nodes: number
  readonly once?: boolean
}

/** `weft up` */
export function upCommand(): Command {
  return new Command('up')
    .description('Show it all on this machine: a controller, nodes, and a network between them.')
    .option('--nodes <count>', `how many nodes, ${NODES_MIN} to ${NODES_MAX}`, nodeCount, NODES_DEFAULT)
    .option('--once', 'leave after the pings; exit code 0 only if every pair answered')
    .addHelpText('after', HELP)
    .action(up)
}

function nodeCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= NODES_MIN && count <= NODES_MAX) return count
  throw new InvalidArgumentError(`It must be a whole number from ${NODES_MIN} to ${NODES_MAX}.`)
}

async function up({ nodes, once = false }: UpOptions): Promise<void> {
  const stopped = untilSignal()
  await using lab = await openLab(nodes)
  const { socket, fingerprint, adminToken = '' } = await startController(lab.host(CONTROLLER))
  const token = new SecretBytes(Buffer.from(adminToken))
  using client = new Client(parseControllerUrl(`unix:${socket}#${fingerprint}`), token)
  const shown = await Promise.race([show(client, lab), stopped])
  if (!shown) throw new WeftError('unavailable', 'It was stopped before the network stood.')
  if (once) return requireAllAnswered(shown)
  await using door = await openDoor(socket, PORT)
  const url = `https://127.0.0.1:${door.port}#${fingerprint}`
  process.stdout.write(directions(url, adminToken, shown))
  await stopped
  process.stdout.write('\nStopping; nothing of it stays behind.\n')
}

/**
 * Resolves at the first signal to end. Later ones are left unheard: npm passes Ctrl-C on, so that it comes twice, and
 * the clean-up that it starts takes a few seconds at most.
 */
function untilSignal(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(undefined))
  })
}
