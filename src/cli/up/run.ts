import { WeftError } from '../../errors.ts'
import { SecretBytes } from '../../keys/secret.ts'
import { openDoor } from '../../lab/door.ts'
import type { Host } from '../../lab/host.ts'
import { CONTROLLER, type Scenario } from '../../lab/topology.ts'
import { type LabController, startController, startReplicas } from '../../lab/weft.ts'
import { Client } from '../client.ts'
import { parseControllerUrl } from '../url.ts'
import { directions } from './directions.ts'
import { openLab } from './lab.ts'
import { requireAllAnswered, show } from './show.ts'

/** Where a controller listens by default; another port is taken when this one is not free. */
const PORT = 7443

/**
 * Builds the lab, runs controller and agents in it, and shows what comes of it, until a signal comes. With `once` it leaves
 * after the pings, and rejects unless all is as it should be.
 */
export async function runScenario(
  scenario: Scenario,
  { once = false, replicas = 1 }: { readonly once?: boolean; readonly replicas?: number },
): Promise<void> {
  const stopped = untilSignal()
  await using lab = await openLab(scenario)
  const controllers = await startControllers(lab.host(CONTROLLER), replicas)
  const { socket, fingerprint, adminToken = '' } = controllers[0]
  const token = new SecretBytes(Buffer.from(adminToken))
  using client = new Client(parseControllerUrl(`unix:${socket}#${fingerprint}`), token)
  const shown = await Promise.race([show(client, lab, scenario), stopped])
  if (!shown) throw new WeftError('unavailable', 'It was stopped before the network stood.')
  if (once) return requireAllAnswered(shown)
  await using door = await openDoor(socket, PORT)
  const url = `https://127.0.0.1:${door.port}#${fingerprint}`
  process.stdout.write(directions({ url, token: adminToken, controllers }, shown))
  await stopped
  process.stdout.write('\nStopping; nothing of it stays behind.\n')
}

type Several = readonly [LabController, ...LabController[]]

async function startControllers(host: Host, replicas: number): Promise<Several> {
  if (replicas === 1) return [await startController(host)]
  const controllers = await startReplicas(host, replicas)
  process.stdout.write(`${replicas} controllers share a log on a Redis server.\n`)
  return controllers
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
