import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { DEMO } from '../../src/cli/up/demo.ts'
import { symmetric } from '../../src/lab/homes.ts'
import type { Host } from '../../src/lab/host.ts'
import type { PingCount } from '../../src/lab/ping.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import { underTraffic } from '../e2e/traffic.ts'
import { interfaceOf, tunnelsOn, wireguardOf } from '../e2e/tunnel.ts'
import { skip } from '../wireguard/scene.ts'
import { assertBlind } from './blindness.ts'
import { openStage, type Stage } from './stage.ts'
import { memberNamed, relayBetween, settledPaths } from './world.ts'

/** From the last answer before the relay died to the first after it. */
const GAP_MS = 3_000

test('between routers with a new port for every destination relays carry what they cannot read, and one may die', {
  skip,
  timeout: 240_000,
}, async (t) => {
  await using stage = await openStage(t, symmetric())
  const { lab, client, members, addressesOf } = stage
  const relays = [lab.host('relay-1'), lab.host('relay-2')]
  const network = await client.call('showNetwork', { path: { network: DEMO } })
  const clear = interfaceOf(network, memberNamed(members, 'a-1'))
  // Which of them carries may still change: what is measured of the way decides, once it is known.
  const between = [lab.host('internet')]
  await assertBlind(t, {
    from: lab.host('a-1'),
    addresses: addressesOf('b-1'),
    clear,
    between,
    carriers: relays,
  })
  for (const relay of relays) {
    const [transit, ...more] = await tunnelsOn(relay)
    assert.ok(transit && more.length === 0, 'the relay has the transit and nothing else')
    await assertClosed(stage, relay.name, transit)
  }
  await assertWitnessesAreIdle(stage, lab.host('a-1'), clear)

  const { relay, gaps } = await killRelay(stage)
  t.diagnostic(`longest gaps after the death of ${relay}: ${gaps.join(' ms, ')} ms`)
  assert.notEqual(relayBetween(await settledPaths(stage), 'a-1', 'b-1'), relay)
  for (const gap of gaps) assert.ok(gap <= GAP_MS, `${gap} ms without an answer`)

  // The other one is all that is left, until the dead one is back: then all hangs on that.
  const other = relay === 'relay-1' ? 'relay-2' : 'relay-1'
  await stage.after('the dead relay is back and the other one dies', async () => {
    await lab.underlay.plug(relay)
    await stage.startAgent(relay)
    await stage.agents.get(other)?.stop('SIGKILL', 5_000)
    await lab.underlay.unplug(other)
  })
})

/** Fails if a node reaches anything of a relay by the transit, or if the check would not see it. */
async function assertClosed({ lab }: Stage, name: string, transit: string): Promise<void> {
  const [relay, member] = [lab.host(name), lab.host('a-1')]
  const own = JSON.parse(await relay.exec('ip', ['-j', '-6', 'address', 'show', 'dev', transit]))
  const addresses: string[] = own[0].addr_info.map(({ local }: { local: string }) => local)
  const service =
    'require("net").createServer((s) => s.end("hello")).listen(7777, "::", () => console.log("up"))'
  const server = await relay.start('service', [process.execPath, '-e', service])
  await server.waitFor(/up/, 10_000)
  const ask = `const s = require("net").connect(7777, process.argv[1]);
    s.setTimeout(1500, () => process.exit(2)); s.on("error", () => process.exit(3)); s.on("data", () => process.exit(0))`
  const reaches = (from: typeof relay, address: string) =>
    from.exec(process.execPath, ['-e', ask, address], 10_000).then(
      () => true,
      () => false,
    )
  const [address = ''] = addresses
  assert.ok(await reaches(relay, address), 'the service is there')
  const answers = await Promise.all(addresses.map((each) => reaches(member, each)))
  assert.ok(addresses.length > 0 && answers.every((answer) => !answer), `reached ${addresses}: ${answers}`)
}

/** Most bytes that a witness has had from a member by now: some handshakes and keepalives. */
const WITNESS_BYTES = 8_000

/** Fails unless a member shakes hands with the relays as witnesses, and sends them nothing of what it says to others. */
async function assertWitnessesAreIdle({ members }: Stage, host: Host, tunnel: InterfaceName): Promise<void> {
  const keys = new Set<string | null>(members.map(({ publicKey }) => publicKey))
  const peers = [...(await wireguardOf(host, tunnel)).peers.values()]
  const witnesses = peers.filter(({ publicKey }) => !keys.has(publicKey))
  assert.equal(witnesses.length, 2)
  for (const { allowedIps, latestHandshake, txBytes } of witnesses) {
    assert.deepEqual(allowedIps, [])
    assert.ok(latestHandshake > 0 && txBytes < WITNESS_BYTES, `${txBytes} bytes sent to a witness`)
  }
}

/** Pulls the cable of the relay that carries and kills its agent under traffic; gives the longest gaps in ms. */
async function killRelay(stage: Stage): Promise<{ relay: string; gaps: number[] }> {
  const { lab, agents, addressesOf } = stage
  let relay = ''
  const [ipv4 = '', ipv6 = ''] = [addressesOf('b-1')[0], addressesOf('a-1')[1]]
  const began = performance.now()
  const { counts } = await underTraffic(
    [
      [lab.host('a-1'), ipv4],
      [lab.host('b-1'), ipv6],
    ],
    async () => {
      await wait(1_000)
      relay = relayBetween(await settledPaths(stage), 'a-1', 'b-1')
      await Promise.all([agents.get(relay)?.stop('SIGKILL', 3_000), lab.underlay.unplug(relay)])
    },
  )
  for (const { sent, lost } of counts) {
    assert.equal(sent, 1_000)
    assert.ok(lost.length > 0, 'the link did go through the relay that died')
    assert.ok(!lost.includes(sent), 'the last ping was answered')
  }
  // The pace of the pings as it was on a busy machine, and rather too slow than too fast.
  const pingMs = (performance.now() - began) / 1_000
  return { relay, gaps: counts.map((count) => Math.round(longestRun(count) * pingMs)) }
}

/** How many pings in a row were lost, at most. */
function longestRun({ lost }: PingCount): number {
  let [longest, run, last] = [0, 0, 0]
  for (const number of lost) {
    run = number === last + 1 ? run + 1 : 1
    longest = Math.max(longest, run)
    last = number
  }
  return longest
}
