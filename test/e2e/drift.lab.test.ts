import { test } from 'node:test'
import type { Network } from '../../src/api/schemas/network.ts'
import { path } from '../../src/cli/client.ts'
import { eventually } from '../rig.ts'
import { publicKey } from '../wireguard/fixture.ts'
import { skip } from '../wireguard/scene.ts'
import { DEMO, logOf, memberOf, openMesh, settled } from './demo.ts'
import { assertAllAnswer } from './traffic.ts'
import { interfaceOf, linkOf, tunnelsOn, wireguardOf } from './tunnel.ts'

/** Between two looks of the agents. */
const REPORT_SECONDS = 2
/** For the look itself and what it runs. */
const REPAIR_MS = 1_000

test('what is changed by hand on an interface is put right at the next look, and told to the controller', {
  skip,
}, async () => {
  await using demo = await openMesh({ nodes: 2 }, { WEFT_REPORT_SECONDS: String(REPORT_SECONDS) })
  const { client, lab, nodes, controller } = demo
  const members = await settled(client, DEMO, 2)
  await assertAllAnswer(nodes, members)
  const [host, other] = [lab.host('node-1'), lab.host('node-2')]
  const own = memberOf(members, host)
  const peerKey = memberOf(members, other).publicKey ?? ''
  const network = await client.get<Network>(path`/v1/networks/${DEMO}`)
  const tunnel = interfaceOf(network, own)
  const planned = await shape()

  const foreign = publicKey(9)
  const changes = [
    ['wg', 'set', tunnel, 'peer', foreign, 'allowed-ips', '192.0.2.0/24'],
    ['ip', 'address', 'delete', `${own.ipv4}/32`, 'dev', tunnel],
    ['ip', 'address', 'add', '192.0.2.1/32', 'dev', tunnel],
    ['wg', 'set', tunnel, 'peer', peerKey, 'remove'],
    ['ip', 'link', 'set', 'dev', tunnel, 'mtu', '1300'],
  ] as const
  const said = [
    `the peer ${foreign} was foreign`,
    `the address ${own.ipv4}/32 was missing`,
    'the address 192.0.2.1/32 was foreign',
    `the peer ${peerKey} was missing or changed`,
    'the MTU was not 1420',
  ]
  for (const [at, [program, ...args]] of changes.entries()) {
    await host.exec(program, args)
    await eventually(`repaired: ${said[at]}`, isAsPlanned, REPORT_SECONDS * 1_000 + REPAIR_MS)
    await eventually(`told: ${said[at]}`, () => told().includes(said[at] ?? ''))
  }
  await assertAllAnswer(nodes, members)

  await host.exec('ip', ['link', 'delete', 'dev', tunnel])
  const isBack = async () => (await tunnelsOn(host)).includes(tunnel) && isAsPlanned()
  await eventually('the interface is back', isBack, REPORT_SECONDS * 1_000 + 3 * REPAIR_MS)
  await assertAllAnswer(nodes, members)

  async function shape() {
    const { peers, ...rest } = await wireguardOf(host, tunnel)
    const allowed = [...peers.values()].map(({ publicKey, allowedIps }) => ({ publicKey, allowedIps }))
    return { ...rest, ...(await linkOf(host, tunnel)), peers: allowed }
  }

  async function isAsPlanned(): Promise<boolean> {
    return JSON.stringify(await shape()) === JSON.stringify(planned)
  }

  /** Drift of this member in the log of the controller. */
  function told(): readonly unknown[] {
    const lines = logOf(controller.daemon).filter(
      (line) => line.node === own.node && line.network === network.id,
    )
    return lines.flatMap(({ drift }) => (Array.isArray(drift) ? drift : []))
  }
})
