import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Member } from '../../src/api/schemas/member.ts'
import type { Daemon } from '../../src/lab/daemon.ts'
import type { Host } from '../../src/lab/host.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
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
  const tunnel = interfaceOf(await client.call('showNetwork', { path: { network: DEMO } }), own)
  const planned = await shapeOf(host, tunnel)
  const isAsPlanned = async () => isDeepStrictEqual(await shapeOf(host, tunnel), planned)

  for (const { command, said } of changesOf(tunnel, own, memberOf(members, other))) {
    const [program = '', ...args] = command.split(' ')
    await host.exec(program, args)
    await eventually(`repaired: ${said}`, isAsPlanned, REPORT_SECONDS * 1_000 + REPAIR_MS)
    await eventually(`told: ${said}`, () => toldBy(own, controller.daemon).includes(said))
  }
  await assertAllAnswer(nodes, members)

  await host.exec('ip', ['link', 'delete', 'dev', tunnel])
  const isBack = async () => (await tunnelsOn(host)).includes(tunnel) && isAsPlanned()
  await eventually('the interface is back', isBack, REPORT_SECONDS * 1_000 + 3 * REPAIR_MS)
  await assertAllAnswer(nodes, members)
})

/** What somebody may do by hand to the interface of a member, and how the agent says what it found. */
function changesOf(tunnel: InterfaceName, own: Member, { publicKey: peer }: Member) {
  const foreign = publicKey(9)
  return [
    {
      command: `wg set ${tunnel} peer ${foreign} allowed-ips 192.0.2.0/24`,
      said: `the peer ${foreign} was foreign`,
    },
    {
      command: `ip address delete ${own.ipv4}/32 dev ${tunnel}`,
      said: `the address ${own.ipv4}/32 was missing`,
    },
    {
      command: `ip address add 192.0.2.1/32 dev ${tunnel}`,
      said: 'the address 192.0.2.1/32 was foreign',
    },
    { command: `wg set ${tunnel} peer ${peer} remove`, said: `the peer ${peer} was missing or changed` },
    { command: `ip link set dev ${tunnel} mtu 1300`, said: 'the MTU was not 1420' },
  ]
}

/** All that is planned of an interface, without what comes and goes with the traffic. */
async function shapeOf(host: Host, tunnel: InterfaceName) {
  const { peers, ...rest } = await wireguardOf(host, tunnel)
  const allowed = [...peers.values()].map(({ publicKey, allowedIps }) => ({ publicKey, allowedIps }))
  return { ...rest, ...(await linkOf(host, tunnel)), peers: allowed }
}

/** What the controller has written to its log of the drift of a node. */
function toldBy({ node }: Member, controller: Daemon): unknown[] {
  const lines = logOf(controller).filter((line) => line.node === node)
  return lines.flatMap(({ drift }) => (Array.isArray(drift) ? drift : []))
}
