import { randomBytes } from 'node:crypto'
import { toWeftError, WeftError } from '../../errors.ts'
import { buildLab, type Lab } from '../../lab/lab.ts'
import type { Topology } from '../../lab/topology.ts'
import { locate } from '../../wireguard/run.ts'

/** A lab of network namespaces; where that cannot be had, one of simulated nodes, with the reason said in one line. */
export async function openLab(topology: Topology): Promise<Lab> {
  const id = randomBytes(3).toString('hex')
  try {
    requireTunnels()
    return await buildLab(topology, { id, isolated: true })
  } catch (error) {
    const { message } = toWeftError(error)
    process.stdout.write(`${message} Until then the nodes are simulated, and no packets flow.\n`)
    return buildLab(topology, { id, isolated: false })
  }
}

function requireTunnels(): void {
  locate('ip')
  locate('wg')
  if (process.getuid?.() !== 0)
    throw new WeftError('unsupported', 'Network namespaces and tunnels need root.')
}
