import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Member } from '../../src/api/schemas/member.ts'
import { Client } from '../../src/cli/client.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { Daemon } from '../../src/lab/daemon.ts'
import type { Host } from '../../src/lab/host.ts'
import { buildLab } from '../../src/lab/lab.ts'
import { pingAll } from '../../src/lab/ping.ts'
import { programFile } from '../../src/lab/program.ts'
import { CONTROLLER, flat } from '../../src/lab/topology.ts'
import { startController } from '../../src/lab/weft.ts'
import { uniqueId } from '../lab/leftovers.ts'

const skip = process.getuid?.() === 0 ? false : 'tunnels need root'
/** Bit 12 of linux/capability.h, and no other. */
const NET_ADMIN_ALONE = (1n << 12n).toString(16).padStart(16, '0')

test('agents that have CAP_NET_ADMIN and nothing else build a tunnel that carries packets', {
  skip,
}, async () => {
  await using lab = await buildLab(flat(2), { id: `c${uniqueId()}`, isolated: true })
  const { socket, fingerprint, adminToken = '' } = await startController(lab.host(CONTROLLER))
  const url = parseControllerUrl(`unix:${socket}#${fingerprint}`)
  using client = new Client(url, new SecretBytes(Buffer.from(adminToken)))
  await client.call('createNetwork', { body: { name: 'least' } })
  const { token } = await client.call('createToken', { body: { networks: ['least'], uses: 2 } })
  const hosts = [lab.host('node-1'), lab.host('node-2')]
  const agents = await Promise.all(hosts.map((host) => startLeast(host, token)))
  const members = await applied(client, hosts.length)
  for (const { pid } of agents) assert.equal(capabilities(pid), NET_ADMIN_ALONE)
  const far = members.find(({ name }) => name === 'node-2')
  const probe = { from: lab.host('node-1'), to: 'node-2' }
  const answers = await pingAll(
    [
      { ...probe, address: far?.ipv4 ?? '', family: 4 },
      { ...probe, address: far?.ipv6 ?? '', family: 6 },
    ],
    15_000,
  )
  assert.deepEqual(
    answers.map(({ answered }) => answered),
    [true, true],
  )
})

function startLeast(host: Host, token: string): Promise<Daemon> {
  const agent = [programFile(), 'agent', '--state-dir', join(host.dir, 'state'), '--name', host.name]
  const least = ['setpriv', '--bounding-set=-all,+net_admin', '--inh-caps=-all'] as const
  return host.start('agent', [...least, process.execPath, ...agent], { WEFT_JOIN: token })
}

async function applied(client: Client, count: number): Promise<Member[]> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const members = await client.list('listMembers', { path: { network: 'least' } })
    if (members.filter(({ state }) => state === 'applied').length === count) return members
    assert.ok(performance.now() < deadline, JSON.stringify(members))
    await wait(100)
  }
}

/** The effective set, as proc(5) shows it. */
function capabilities(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/status`, 'utf8').match(/^CapEff:\t(\w+)$/m)?.[1]
}
