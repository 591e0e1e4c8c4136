import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Member } from '../../src/api/schemas/member.ts'
import type { Network } from '../../src/api/schemas/network.ts'
import { Client } from '../../src/cli/client.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { Daemon } from '../../src/lab/daemon.ts'
import { type Door, openDoor } from '../../src/lab/door.ts'
import {
  FIRST_FREE_PLACE,
  homeRouter,
  lanOf,
  member,
  onInternet,
  publicPort,
  relay,
} from '../../src/lab/internet.ts'
import { buildLab, type Lab } from '../../src/lab/lab.ts'
import { programFile } from '../../src/lab/program.ts'
import { CONTROLLER, type Scenario } from '../../src/lab/topology.ts'
import { startAgent, startController } from '../../src/lab/weft.ts'
import { createToken, settled, withEnvironment } from '../e2e/demo.ts'
import { interfaceOf, wireguardOf } from '../e2e/tunnel.ts'
import { uniqueId } from '../lab/leftovers.ts'
import { eventually } from '../rig.ts'
import { skip as isNoRoot } from '../wireguard/scene.ts'
import { Browser, signIn, whatIsMissing } from './browser.ts'
import { onCanvas, untilResting } from './canvas.ts'
import { takePictures } from './pictures.ts'

const skip = isNoRoot || (whatIsMissing() ?? false)
/** Milliseconds: tunnels come up within seconds, on a machine that does nothing else. */
const PATIENCE = 60_000
const AGENT_ENV = Object.freeze({ WEFT_REPORT_SECONDS: '1' })
const RELAYS = ['relay-1', 'relay-2'] as const
const MEMBERS = ['home', 'flat', 'open'] as const

let lab: Lab
let client: Client
let door: Door
let browser: Browser
let page: Page
const agents = new Map<string, Daemon>()
const stack = new AsyncDisposableStack()

before(async () => {
  if (skip) return
  lab = stack.use(await buildLab(twoHomes(), { id: `c${uniqueId()}`, isolated: true }))
  const { socket, fingerprint, adminToken = '' } = await startController(lab.host(CONTROLLER))
  client = stack.use(
    new Client(parseControllerUrl(`unix:${socket}#${fingerprint}`), new SecretBytes(Buffer.from(adminToken))),
  )
  for (const name of RELAYS) {
    const host = withEnvironment(lab.host(name), AGENT_ENV)
    agents.set(name, await startAgent(host, { device: 'auto', token: await createToken(client, []) }))
  }
  door = stack.use(await openDoor(socket, 0))
  browser = stack.use(await Browser.open())
  page = await browser.page()
  await signIn(page, `https://127.0.0.1:${door.port}/`, adminToken)
})

after(() => stack.disposeAsync())

test('machines join by the command that the page gives, and their links come up on it', {
  skip,
}, async () => {
  await page.getByRole('button', { name: 'New network' }).click()
  await page.getByLabel('Name').fill('demo')
  await page.getByRole('button', { name: 'Make network' }).click()
  await page.getByRole('button', { name: 'Join a machine' }).click()
  await page.getByLabel('How many machines').fill(String(MEMBERS.length))
  await page.getByRole('button', { name: 'Make token' }).click()
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  const copied = String(await page.evaluate('navigator.clipboard.readText()'))
  await page.getByRole('button', { name: 'Done' }).click()
  const [npx, weft, ...args] = copied.split(' ')
  assert.deepEqual([npx, weft, ...args.slice(0, 2)], ['npx', 'weft', 'agent', '--join'])
  for (const name of MEMBERS) {
    const host = lab.host(name)
    const own = ['--name', name, '--state-dir', join(host.dir, 'state')]
    agents.set(name, await host.start('agent', [process.execPath, programFile(), ...args, ...own], AGENT_ENV))
  }
  for (const name of RELAYS)
    await eventually(
      `${name} is a relay`,
      () =>
        client.call('setRoles', { path: { node: name }, body: { roles: ['relay'] } }).then(
          () => true,
          () => false,
        ),
      PATIENCE,
    )
  // Nobody loads the page again: it is told.
  await page
    .locator('[data-figures]')
    .getByText('3 members · 3 links · 3 up · 1 relayed')
    .waitFor({ timeout: PATIENCE })
})

test('the picture is what the controller says, and that is what WireGuard says', { skip }, async () => {
  const network = await client.call('showNetwork', { path: { network: 'demo' } })
  const members = await settled(client, 'demo', MEMBERS.length)
  const wanted = new Map<string, string>()
  for (const member of members.values())
    for (const [other, kind] of await seenByWireGuard(network, member, members)) {
      const key = [member.node, other].sort().join(' ')
      assert.equal(wanted.get(key) ?? kind, kind, 'both ends say the same')
      wanted.set(key, kind)
    }
  assert.deepEqual([...wanted.values()].sort(), ['direct', 'direct', 'relayed'])
  const { links, counts } = await client.call('showGraph', { path: { network: 'demo' } })
  const told = new Map(
    links.map(({ a, b, state, path: kind }) => [`${a} ${b}`, state === 'up' ? kind : state]),
  )
  assert.deepEqual([...told].sort(), [...wanted].sort())
  assert.deepEqual([counts.up, counts.direct, counts.relayed], [3, 2, 1])
  await untilResting(page)
  const drawn = await onCanvas(page)
  assert.deepEqual(drawn?.edges.map(({ key }) => key).sort(), [...wanted.keys()].sort())
  assert.ok(drawn?.edges.every(({ dash }) => dash === 0))
  const coloursOf = (kind: string) =>
    new Set(drawn?.edges.filter(({ key }) => wanted.get(key) === kind).map(({ color }) => color))
  const [direct, relayed] = [[...coloursOf('direct')], [...coloursOf('relayed')]]
  assert.deepEqual([direct.length, relayed.length], [1, 1])
  assert.notEqual(direct[0], relayed[0])
  for (const { name, node } of members.values())
    assert.ok(drawn?.nodes.some(({ key, label }) => key === node && label === name))
})

test('a relay dies, and the page shows who carries on, and says why', { skip }, async () => {
  const members = await settled(client, 'demo', MEMBERS.length)
  const [from, to] = [members.get('home')?.node ?? '', members.get('flat')?.node ?? '']
  await page.goto(`https://127.0.0.1:${door.port}/#/networks/demo?sel=${from},${to}`)
  const told = page.locator('[data-inspector] dd').getByText(/^relayed via relay-[12]$/)
  await told.waitFor({ timeout: PATIENCE })
  const via = (await told.textContent())?.split(' ').at(-1)
  const dead = via === 'relay-1' ? 'relay-1' : 'relay-2'
  const other = dead === 'relay-1' ? 'relay-2' : 'relay-1'
  await takePictures(page, 'lab-relayed')
  await Promise.all([agents.get(dead)?.stop('SIGKILL', 5_000), lab.underlay.unplug(dead)])
  await page
    .locator('[data-inspector] dd')
    .getByText(`relayed via ${other}`, { exact: true })
    .waitFor({ timeout: PATIENCE })
  const explanation = page.locator('[data-explanation]')
  await explanation.getByText(`home to flat: relayed through ${other}`).first().waitFor({ timeout: PATIENCE })
  await takePictures(page, 'lab-failover')
})

test('the slider goes back to when nobody had joined', { skip }, async () => {
  await page.goto(`https://127.0.0.1:${door.port}/#/networks/demo?tab=history`)
  await page.locator('.changes li').first().waitFor()
  await page.getByLabel('Revision').fill('2')
  await eventually('one member is there', async () => (await onCanvas(page))?.nodes.length === 1, PATIENCE)
  await page.getByRole('button', { name: 'Back to now' }).click()
  await eventually('all are there', async () => (await onCanvas(page))?.edges.length === 3, PATIENCE)
  assert.deepEqual(browser.complaints, [])
})

/** Two homes between which nobody can punch, a public machine, and two relays. */
function twoHomes(): Scenario {
  const [home, flat] = [lanOf('home', '192.168.1'), lanOf('flat', '192.168.2')]
  return onInternet({
    name: 'console',
    summary: 'two homes behind routers that use another port for everybody, a public node, two relays',
    hosts: [
      ...RELAYS.map(relay),
      homeRouter('nat-home', publicPort(FIRST_FREE_PLACE), home, { nat: 'symmetric' }),
      homeRouter('nat-flat', publicPort(FIRST_FREE_PLACE + 1), flat, { nat: 'symmetric' }),
      member('home', home.port(2)),
      member('flat', flat.port(2)),
      member('open', publicPort(FIRST_FREE_PLACE + 2)),
    ],
    paths: [{ kind: 'relayed', among: ['home', 'flat'] }, { kind: 'direct' }],
  })
}

/** With whom a member has shaken hands by what `wg show` prints on its host, and whether through the public Internet or a relay. */
async function seenByWireGuard(
  network: Network,
  member: Member,
  members: ReadonlyMap<string, Member>,
): Promise<readonly (readonly [string, string])[]> {
  const { peers } = await wireguardOf(lab.host(member.name), interfaceOf(network, member))
  return [...peers.values()].flatMap(({ publicKey, endpoint, latestHandshake }) => {
    const other = [...members.values()].find((each) => each.publicKey === publicKey)
    // Relays that say how a node is seen from outside are peers, too, and no members.
    if (!other) return []
    assert.ok(latestHandshake, `${member.name} and ${other.name} have shaken hands`)
    const isPublic = /^(203\.0\.113\.|\[2001:db8:)/.test(endpoint ?? '')
    return [[other.node, isPublic ? 'direct' : 'relayed'] as const]
  })
}
